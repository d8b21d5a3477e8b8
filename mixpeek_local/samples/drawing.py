"""A small drawing kit: anti-aliased shapes blended onto float32 canvases with NumPy.

A canvas is an array of height x width x 3 (red, green, blue from 0 to 1), or x 4 for a layer that is drawn
once, kept, and laid over other canvases (colours multiplied by the last channel, the opacity).
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

WIDTH = 640
HEIGHT = 360
COLUMNS: Array = np.arange(WIDTH, dtype=np.float32)[None, :]
ROWS: Array = np.arange(HEIGHT, dtype=np.float32)[:, None]


@cache
def rgb(code: str) -> Array:
    """Return the colour of a six-digit hex code, and an opacity of 1, as four floats."""
    return np.array([*bytes.fromhex(code), 255], dtype=np.float32) / np.float32(255)


def finish(canvas: Array) -> npt.NDArray[np.uint8]:
    """Turn a canvas into a frame of bytes."""
    return (np.clip(canvas[..., :3], 0, 1) * 255 + 0.5).astype(np.uint8)


def layer(width: int = WIDTH) -> Array:
    """Return an empty, transparent layer."""
    return np.zeros((HEIGHT, width, 4), dtype=np.float32)


def ramp(low: Any, high: Any, values: Any) -> Any:
    """Rise smoothly from 0 at ``low`` to 1 at ``high``."""
    part = np.clip((values - low) / (high - low), 0, 1)
    return part * part * (3 - 2 * part)


def gradient(*stops: tuple[float, str], rows: int = HEIGHT) -> Array:
    """Return a canvas that runs from top to bottom through (row, colour) stops."""
    places = [row for row, _ in stops]
    colours = np.stack([rgb(code)[:3] for _, code in stops])
    line = np.stack([np.interp(np.arange(rows), places, colours[:, i]) for i in range(3)], axis=-1)
    return np.repeat(line.astype(np.float32)[:, None], WIDTH, axis=1)


def fill(canvas: Array, code: str, alpha: Any, x: int = 0, y: int = 0) -> None:
    """Blend one colour into a canvas through a mask whose corner lies at (x, y)."""
    alpha = np.asarray(alpha, dtype=np.float32)
    part = canvas[y : y + alpha.shape[0], x : x + alpha.shape[1]]
    part += alpha[..., None] * (rgb(code)[: canvas.shape[2]] - part)


def light(canvas: Array, code: str, amount: Any, x: int = 0, y: int = 0) -> None:
    """Add light of one colour, through a mask whose corner lies at (x, y)."""
    amount = np.asarray(amount, dtype=np.float32)
    canvas[y : y + amount.shape[0], x : x + amount.shape[1], :3] += amount[..., None] * rgb(code)[:3]


def lay(canvas: Array, over: Array, offset: float = 0.0) -> None:
    """Lay a layer over a canvas, moved left by a (fractional) number of pixels."""
    start = int(offset)
    rest = np.float32(offset - start)
    part = over[:, start : start + WIDTH]
    if rest:
        part = part * (1 - rest) + over[:, start + 1 : start + 1 + WIDTH] * rest
    canvas *= 1 - part[..., 3:]
    canvas += part[..., :3]


def _box(canvas: Array, left: float, top: float, right: float, bottom: float) -> tuple[int, int, Array, Array]:
    """Clip a box to the canvas; return its corner, and its columns and rows."""
    x, y = max(int(left), 0), max(int(top), 0)
    columns = np.arange(x, max(x, min(int(right) + 2, canvas.shape[1])), dtype=np.float32)[None, :]
    rows = np.arange(y, max(y, min(int(bottom) + 2, canvas.shape[0])), dtype=np.float32)[:, None]
    return x, y, columns, rows


def oval(
    canvas: Array,
    centre: tuple[float, float],
    radii: tuple[float, float],
    code: str,
    alpha: float = 1.0,
    angle: float = 0.0,
    soft: float = 1.0,
) -> None:
    """Draw a filled ellipse; ``soft`` is the width of its edge in pixels."""
    (cx, cy), (rx, ry) = centre, radii
    reach = max(rx, ry) + soft
    x, y, columns, rows = _box(canvas, cx - reach, cy - reach, cx + reach, cy + reach)
    if not columns.size or not rows.size:
        return
    along = (columns - cx) * np.cos(angle) + (rows - cy) * np.sin(angle)
    across = (rows - cy) * np.cos(angle) - (columns - cx) * np.sin(angle)
    inside = (1 - np.sqrt((along / rx) ** 2 + (across / ry) ** 2)) * min(rx, ry)
    fill(canvas, code, alpha * np.clip(inside / soft + 0.5, 0, 1), x, y)


def shape(canvas: Array, points: list[tuple[float, float]], code: str, alpha: float = 1.0) -> None:
    """Draw a filled convex polygon; its corners go clockwise on the screen."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    x, y, columns, rows = _box(canvas, min(xs) - 1, min(ys) - 1, max(xs) + 1, max(ys) + 1)
    if not columns.size or not rows.size:
        return
    inside = np.full((rows.size, columns.size), 1e6, dtype=np.float32)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        length = max(float(np.hypot(bx - ax, by - ay)), 1e-6)
        np.minimum(inside, ((bx - ax) * (rows - ay) - (by - ay) * (columns - ax)) / length, out=inside)
    fill(canvas, code, alpha * np.clip(inside + 0.5, 0, 1), x, y)


def stroke(
    canvas: Array,
    start: tuple[float, float],
    end: tuple[float, float],
    width: float,
    code: str,
    alpha: float = 1.0,
) -> None:
    """Draw a line with round ends."""
    (ax, ay), (bx, by) = start, end
    reach = width / 2 + 1
    x, y, columns, rows = _box(
        canvas, min(ax, bx) - reach, min(ay, by) - reach, max(ax, bx) + reach, max(ay, by) + reach
    )
    if not columns.size or not rows.size:
        return
    dx, dy = bx - ax, by - ay
    along = np.clip(((columns - ax) * dx + (rows - ay) * dy) / max(dx * dx + dy * dy, 1e-6), 0, 1)
    away = np.hypot(columns - ax - along * dx, rows - ay - along * dy)
    fill(canvas, code, alpha * np.clip(width / 2 - away + 0.5, 0, 1), x, y)


def glow(canvas: Array, centre: tuple[float, float], radius: float, code: str, amount: float = 1.0) -> None:
    """Add a round glow that has faded out at 2.5 times the radius."""
    (cx, cy), reach = centre, radius * 2.5
    x, y, columns, rows = _box(canvas, cx - reach, cy - reach, cx + reach, cy + reach)
    if columns.size and rows.size:
        away = ((columns - cx) ** 2 + (rows - cy) ** 2) / radius**2
        light(canvas, code, amount * (np.exp(-away) * np.clip(1 - away / 6.25, 0, 1)), x, y)


def below(canvas: Array, heights: Array, code: str, alpha: float = 1.0) -> None:
    """Fill everything below a curve that gives one row for each column."""
    fill(canvas, code, alpha * np.clip(ROWS - heights[None, :] + 0.5, 0, 1))


def hills(seed: int, width: int, step: float, height: float, rough: float = 0.5, octaves: int = 5) -> Array:
    """Return a random curve around 0, smooth (low ``rough``) or jagged (high)."""
    rng = np.random.default_rng(seed)
    line = np.zeros(width, dtype=np.float32)
    for octave in range(octaves):
        knots = rng.uniform(-1, 1, int(width / step * 2**octave) + 3)
        place = np.arange(width) / step * 2**octave + rng.uniform(0, 1)
        index = place.astype(int)
        part = place - index
        if rough < 0.5:
            part = part * part * (3 - 2 * part)
        line += (knots[index] * (1 - part) + knots[index + 1] * part) * height * rough**octave
    return line


def clouds(seed: int, rows: int, width: int, cell: tuple[float, float], octaves: int = 4) -> Array:
    """Return smooth random noise from 0 to 1; ``cell`` is the (height, width) of its largest features."""
    rng = np.random.default_rng(seed)
    total = np.zeros((rows, width), dtype=np.float32)
    for octave in range(octaves):
        down, across = cell[0] / 2**octave, cell[1] / 2**octave
        grid = rng.uniform(0, 1, (int(rows / down) + 3, int(width / across) + 3)).astype(np.float32)
        for axis, (size, step) in enumerate(((rows, down), (width, across))):
            place = np.arange(size, dtype=np.float32) / step
            index = place.astype(int)
            part = ramp(0, 1, place - index).reshape((-1, 1) if axis == 0 else (1, -1))
            grid = np.take(grid, index, axis) * (1 - part) + np.take(grid, index + 1, axis) * part
        total += grid * 0.5 ** (octave + 1)
    return total / (1 - 0.5**octaves)
