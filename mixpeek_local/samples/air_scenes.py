"""A scene in the air: a function from a moment in seconds to a frame."""

from functools import cache

import numpy as np
import numpy.typing as npt

from mixpeek_local.samples.drawing import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Array,
    below,
    fill,
    finish,
    glow,
    gradient,
    hills,
    lay,
    layer,
    light,
    oval,
    ramp,
    rgb,
    shape,
    stroke,
)
from mixpeek_local.samples.voice_beds import BURNS


@cache
def _dawn() -> tuple[Array, list[Array]]:
    """Return the morning sky, and wide layers of misty hills from far to near."""
    sky = gradient((0, "5f8fd0"), (110, "9fc3e8"), (190, "f6d9c0"), (240, "ffc9a0"), (360, "f2b890"))
    sun = np.hypot(COLUMNS - 176, ROWS - 214)
    fill(sky, "ffdf9c", 0.85 * np.exp(-((sun / 150) ** 2)))
    fill(sky, "fff3cc", 0.8 * np.exp(-((sun / 48) ** 2)))
    oval(sky, (176, 214), (20, 20), "fffbea", soft=2)
    land = []
    for seed, row, height, code, mist in (
        (111, 238, 20, "c3a8b8", "f8d8c0"),
        (112, 262, 18, "8f96ac", "f0d4c4"),
        (113, 288, 14, "5f8a80", "d8d8c4"),
        (114, 316, 12, "3f7a4c", "a8c890"),
    ):
        wide = WIDTH + 120
        hill = layer(wide)
        surface = row + hills(seed, wide, 150, height, 0.4)
        below(hill, surface, code)
        haze = np.clip(ROWS - surface[None, :], 0, None)
        fill(hill, mist, ramp(4, 46, haze) * (haze > 0) * 0.75)
        land.append(hill)
    near, surface = land[-1], 316 + hills(114, WIDTH + 120, 150, 12, 0.4)
    rng = np.random.default_rng(115)
    for x in np.sort(rng.uniform(0, WIDTH + 120, 46)):
        y, size = float(surface[int(x)]) + rng.uniform(2, 16), rng.uniform(6, 12)
        oval(near, (x, y - size * 0.7), (size * 0.75, size), "2f6a40")
        oval(near, (x - size * 0.25, y - size), (size * 0.4, size * 0.5), "5a9a58", 0.6, soft=3)
    return sky, land


def _balloon(canvas: Array, x: float, y: float, radius: float, colours: tuple[str, str, str], burn: float) -> None:
    """Draw a balloon around (x, y), lit from the left; ``burn`` is the brightness of its flame."""
    left, top = int(x - radius) - 2, int(y - radius) - 2
    right, bottom = int(x + radius) + 3, int(y + radius * 1.42) + 2
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, WIDTH), min(bottom, HEIGHT)
    if right <= left or bottom <= top:
        return
    across, down = COLUMNS[:, left:right] - x, ROWS[top:bottom] - y
    dome = np.sqrt(np.clip(radius**2 - down**2, 0, None))
    # Below the dome a curve that leaves it without a kink, and ends in the mouth.
    part = np.clip((down / radius - 0.5) / 0.88, 0, 1)
    taper = radius * (0.866 - 0.508 * part - 0.396 * part**2 + 0.208 * part**3)
    half = np.maximum(np.where(down < radius * 0.5, dome, taper), 1e-3)
    inside = np.clip(half - np.abs(across) + 0.5, 0, 1) * (down < radius * 1.38)
    turn = np.arcsin(np.clip(across / half, -1, 1)) / np.pi + 0.5
    gore = np.floor(turn * 12).astype(int) % 2
    colour = np.where(gore[..., None] == 0, rgb(colours[0])[:3], rgb(colours[1])[:3])
    belt = (np.abs(down / radius - 0.12) < 0.13) * np.ones_like(across)
    colour = np.where(
        belt[..., None] > 0, np.where(gore[..., None] == 0, rgb(colours[2])[:3], rgb("fff4e0")[:3]), colour
    )
    seam = np.abs(turn * 12 - np.round(turn * 12))
    shade = 0.62 + 0.5 * np.sqrt(np.clip(1 - ((turn - 0.32) / 0.72) ** 2, 0, 1)) - 0.16 * ramp(0.4, 1.3, down / radius)
    shade = shade * (1 - 0.12 * ramp(0.12, 0.0, seam))
    warm = burn * ramp(0.1, 1.3, down / radius) * np.exp(-((across / (0.6 * half)) ** 2))
    lit = colour * shade[..., None] + warm[..., None] * rgb("ff9a3c")[:3] * 0.55
    canvas[top:bottom, left:right] += inside[..., None] * (lit - canvas[top:bottom, left:right])
    _basket(canvas, x, y + radius * 1.38, radius, burn)


def _basket(canvas: Array, x: float, y: float, radius: float, burn: float) -> None:
    """Draw a basket with three people below the mouth of a balloon at (x, y)."""
    wide, rim, tall = radius * 0.15, y + radius * 0.26, radius * 0.2
    for side in (-1, 1):
        stroke(canvas, (x + side * radius * 0.14, y), (x + side * wide, rim), max(radius * 0.014, 0.7), "4a3020")
    if burn > 0:
        glow(canvas, (x, y + radius * 0.06), radius * 0.09, "ffb04a", burn)
        glow(canvas, (x, y + radius * 0.02), radius * 0.05, "fff4c8", burn)
    if radius > 40:
        for place, code in ((-0.55, "c8324a"), (0.05, "2f6fb0"), (0.58, "3a8f5a")):
            head = (x + wide * place, rim - radius * 0.085)
            oval(canvas, (head[0], rim + radius * 0.02), (radius * 0.05, radius * 0.075), code)
            oval(canvas, head, (radius * 0.035, radius * 0.04), "e8b48a")
            oval(canvas, (head[0], head[1] - radius * 0.018), (radius * 0.036, radius * 0.026), "4a2c18")
    corners = [
        (x - wide * 1.05, rim),
        (x + wide * 1.05, rim),
        (x + wide * 0.85, rim + tall),
        (x - wide * 0.85, rim + tall),
    ]
    shape(canvas, corners, "9a6232")
    for row in np.arange(0.2, 1.0, 0.2):
        stroke(
            canvas,
            (x - wide, rim + tall * row),
            (x + wide * 0.9, rim + tall * row),
            max(radius * 0.012, 0.5),
            "6f4420",
            0.8,
        )
    stroke(canvas, (x - wide * 1.05, rim), (x + wide * 1.05, rim), max(radius * 0.035, 1), "5a3518")


def balloons(t: float) -> npt.NDArray[np.uint8]:
    """Draw hot-air balloons that rise over misty hills in the morning."""
    sky, land = _dawn()
    canvas = sky.copy()
    for bird in range(5):
        x, y = (40 + t * 22 + bird * 19) % (WIDTH + 60) - 30, 74 + bird * 7 + 3 * np.sin(t + bird)
        lift = 4 * np.sin(t * 6 + bird)
        stroke(canvas, (x - 7, y - lift), (x, y), 1.4, "5a5470", 0.8)
        stroke(canvas, (x, y), (x + 7, y - lift), 1.4, "5a5470", 0.8)
    lay(canvas, land[0], t * 1.5)
    _balloon(canvas, 566 - t * 3, 128 - t * 2.2, 17, ("e0a03a", "f6e2b0", "8a4a9a"), 0)
    _balloon(canvas, 250 - t * 2, 176 - t * 3, 22, ("5a9a6a", "e8f0d0", "e0603a"), 0)
    lay(canvas, land[1], t * 3)
    _balloon(canvas, 108 + t * 2, 132 - t * 2.4 + 2 * np.sin(t), 40, ("3a6ab0", "f2c23e", "c8324a"), 0)
    lay(canvas, land[2], t * 5)
    burn = max((float(ramp(start, start + 0.25, t) * ramp(end, end - 0.3, t)) for start, end in BURNS), default=0.0)
    flicker = burn * (0.85 + 0.15 * np.sin(t * 31))
    _balloon(canvas, 404 - t * 3, 158 - t * 3.2 + 2.5 * np.sin(t * 0.8), 92, ("d8343e", "f7a83a", "2f5fa8"), flicker)
    lay(canvas, land[3], t * 9)
    light(canvas, "ffe2b0", np.exp(-(((ROWS - 262) / 34) ** 2)) * np.ones((1, WIDTH)) * (0.10 + 0.03 * np.sin(t * 0.9)))
    return finish(canvas)
