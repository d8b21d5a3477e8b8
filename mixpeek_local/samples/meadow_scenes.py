"""A scene in a meadow: a function from a moment in seconds to a frame."""

from functools import cache

import numpy as np
import numpy.typing as npt

from mixpeek_local.samples.drawing import (
    HEIGHT,
    ROWS,
    WIDTH,
    Array,
    below,
    clouds,
    fill,
    finish,
    glow,
    gradient,
    hills,
    oval,
    ramp,
    shape,
    stroke,
)


def _hive(canvas: Array, x: float, y: float, size: float) -> None:
    """Draw a wooden bee hive whose floor has its middle at (x, y)."""

    def board(left: float, top: float, right: float, bottom: float, code: str, alpha: float = 1.0) -> None:
        left, top, right, bottom = x + left * size, y + top * size, x + right * size, y + bottom * size
        shape(canvas, [(left, top), (right, top), (right, bottom), (left, bottom)], code, alpha)

    for top, code in ((-16, "fdf3d6"), (-33, "f6dfa0"), (-50, "fdf3d6")):
        board(-22, top, 22, top + 16, code)
        board(15, top, 22, top + 16, "8a6a3a", 0.18)
    board(-26, -57, 26, -50, "c9793a")
    stroke(canvas, (x - 9 * size, y - 5 * size), (x + 9 * size, y - 5 * size), 4.5 * size, "3a2412")
    for foot in (-16, 16):
        stroke(canvas, (x + foot * size, y), (x + foot * size, y + 8 * size), 5 * size, "8a5a2c")


@cache
def _meadow() -> Array:
    """Return a summer day: sky, hills, two bee hives and a meadow full of flowers."""
    scene = gradient((0, "58b4ee"), (150, "b9e3f8"), (215, "e6f5ee"), (360, "7cbc46"))
    puffs = clouds(101, 190, WIDTH, (60, 150), 5)
    fill(scene, "ffffff", ramp(0.5, 0.78, puffs) * ramp(185, 90, ROWS[:190]) * 0.8)
    below(scene, 196 + hills(102, WIDTH, 190, 22, 0.4), "9cc9a4")
    below(scene, 214 + hills(103, WIDTH, 230, 16, 0.4), "86bd6c")
    meadow = 238 + hills(104, WIDTH, 260, 9, 0.4)
    for x, size, code in ((36, 40, "4f9a4c"), (80, 30, "5aa653"), (604, 34, "4f9a4c"), (572, 24, "62ad58")):
        stroke(scene, (x, 240), (x, 240 - size), size * 0.16, "6b4a2c")
        oval(scene, (x, 238 - size * 1.2), (size * 0.8, size), code)
        oval(scene, (x - size * 0.2, 238 - size * 1.5), (size * 0.5, size * 0.5), "7cc06a", 0.5, soft=size * 0.3)
    below(scene, meadow, "74b843")
    fill(scene, "4f9a36", ramp(240, 360, ROWS) * np.ones((1, WIDTH)) * 0.7)
    for x, y, size in ((402, 236, 1.0), (462, 243, 1.12)):
        _hive(scene, x, y, size)
    rng = np.random.default_rng(105)
    for _ in range(520):
        depth = rng.uniform(0, 1) ** 1.4
        x, y = rng.uniform(0, WIDTH), 246 + depth * 120
        stroke(
            scene,
            (x, y),
            (x + rng.uniform(-3, 3), y - 5 - 9 * depth),
            1.2 + depth,
            str(rng.choice(("5aa83a", "8ccc58", "3f8a30"))),
            0.7,
        )
    for _ in range(210):
        depth = rng.uniform(0, 1) ** 1.3
        x, y, size = rng.uniform(0, WIDTH), 246 + depth * 112, 1.2 + 2.6 * depth
        oval(scene, (x, y), (size * 1.15, size), str(rng.choice(("ffffff", "ff7fa0", "ffd84a", "b58cff", "ff9a5a"))))
        oval(scene, (x, y), (size * 0.4, size * 0.36), "ffc83a")
    return scene


def _flower(canvas: Array, x: float, y: float, size: float, code: str, t: float) -> None:
    """Draw a large flower that sways in the wind; (x, y) is its heart."""
    stroke(canvas, (x - 6, HEIGHT + 6), (x, y), 6, "3f8a34")
    oval(canvas, (x + 15, y + 62), (20, 7), "4f9e3c", angle=-0.6)
    oval(canvas, (x - 19, y + 84), (20, 7), "4f9e3c", angle=0.6)
    for petal in range(13):
        angle = petal * 2 * np.pi / 13 + 0.05 * np.sin(t)
        centre = (x + np.cos(angle) * size * 0.68, y + np.sin(angle) * size * 0.5)
        oval(canvas, centre, (size * 0.42, size * 0.15), "000000", 0.10, angle * 0.94, 3)
        oval(
            canvas, centre, (size * 0.42, size * 0.14), code, 1, float(np.arctan2(np.sin(angle) * 0.74, np.cos(angle)))
        )
    oval(canvas, (x, y), (size * 0.36, size * 0.27), "d88a12")
    oval(canvas, (x, y - 2), (size * 0.33, size * 0.23), "ffc42e")


def _bee(canvas: Array, x: float, y: float, size: float, way: int, beat: float) -> None:
    """Draw a honey bee that flies to the right (``way`` 1) or to the left (-1)."""
    for leg in (-0.15, 0.15, 0.45):
        foot = (x + way * size * (leg - 0.1), y + size * 0.78)
        stroke(canvas, (x + way * size * (leg + 0.1), y + size * 0.3), foot, size * 0.07, "3a2410")
    oval(canvas, (x - way * size * 0.18, y + size * 0.76), (size * 0.17, size * 0.14), "ffd23a")
    tail = (x - way * size * 0.55, y + size * 0.06)
    shape(
        canvas,
        [
            (tail[0] - way * size * 0.62, tail[1] - size * 0.12),
            (tail[0] - way * size * 0.62, tail[1] + size * 0.16),
            (tail[0] - way * size * 0.98, tail[1] + size * 0.1),
        ][::-way],
        "2a1a0c",
    )
    oval(canvas, tail, (size * 0.78, size * 0.46), "f7b52a")
    for stripe in (-0.42, -0.08, 0.26):
        reach = 0.46 * (1 - (stripe / 0.78) ** 2) ** 0.5
        oval(canvas, (tail[0] + way * size * stripe, tail[1]), (size * 0.11, size * reach), "3a240f")
    oval(canvas, (tail[0], tail[1] - size * 0.22), (size * 0.5, size * 0.13), "ffe6a0", 0.45, soft=size * 0.12)
    oval(canvas, (x + way * size * 0.18, y), (size * 0.42, size * 0.4), "a86a24", soft=max(size * 0.12, 1))
    oval(
        canvas,
        (x + way * size * 0.14, y - size * 0.1),
        (size * 0.26, size * 0.2),
        "d89a4a",
        0.7,
        soft=max(size * 0.12, 1),
    )
    head = (x + way * size * 0.68, y + size * 0.08)
    oval(canvas, head, (size * 0.27, size * 0.29), "3a2410")
    oval(canvas, (head[0] + way * size * 0.08, head[1] - size * 0.05), (size * 0.13, size * 0.17), "0c0806")
    oval(canvas, (head[0] + way * size * 0.12, head[1] - size * 0.12), (size * 0.05, size * 0.05), "ffffff")
    for bend in (0.1, 0.3):
        stroke(
            canvas,
            (head[0] + way * size * 0.1, head[1] - size * 0.22),
            (head[0] + way * size * (0.2 + bend), head[1] - size * 0.58),
            size * 0.055,
            "2a1a0c",
        )
    for lift, long in ((0.95, 0.74), (0.55, 0.58)):
        angle = way * (lift + 0.28 * np.sin(beat))
        centre = (x - way * size * (0.1 + long * 0.5 * np.cos(lift)), y - size * (0.22 + long * 0.72 * np.sin(lift)))
        oval(canvas, centre, (size * long, size * 0.25), "f4fbff", 0.72, angle)
        oval(canvas, centre, (size * long * 0.8, size * 0.13), "c8e2f4", 0.5, angle)


def honey_bees(t: float) -> npt.NDArray[np.uint8]:
    """Draw bees that fly between the flowers of a meadow and their hives."""
    canvas = _meadow().copy()
    for bee in range(6):
        turn = t * (0.9 + bee % 3 * 0.25) + bee * 1.9
        x = 400 + 34 * bee * np.cos(turn * 0.5 + bee) + 60 * np.cos(turn)
        y = 196 + 26 * np.sin(turn * 1.3) + 7 * bee
        _bee(canvas, x, y, 7 + bee % 3, 1 if np.sin(turn) < 0 else -1, t * 52 + bee)
    flowers = ((112.0, 262.0, 50, "ffffff"), (296.0, 280.0, 46, "ff8fb4"), (548.0, 268.0, 52, "ffffff"))
    hearts = [(x + 4 * np.sin(t * 1.1 + x), y + 1.5 * np.cos(t * 1.3 + x)) for x, y, _, _ in flowers]
    for (x, y), (_, _, size, code) in zip(hearts, flowers, strict=True):
        _flower(canvas, x, y, size, code, t)
    stops = [
        (hearts[0][0] + 14, hearts[0][1] - 30),
        (hearts[1][0], hearts[1][1] - 30),
        (hearts[2][0] - 14, hearts[2][1] - 32),
    ]
    leg, part = divmod(t / 3.4, 1)
    start, end = stops[int(leg) % 3], stops[(int(leg) + 1) % 3]
    flight = float(ramp(0.35, 1, part))
    x = start[0] + (end[0] - start[0]) * flight
    y = start[1] + (end[1] - start[1]) * flight - 90 * np.sin(np.pi * flight) + 2.5 * np.sin(t * 6)
    _bee(canvas, x, float(y), 33, 1 if end[0] > start[0] else -1, t * 47)
    for mote in range(22):
        x = (mote * 67.0 + t * (7 + mote % 4)) % WIDTH
        glow(canvas, (x, 150 + mote * 37 % 190 + 8 * np.sin(t + mote)), 1.6, "fff4b0", 0.5)
    return finish(canvas)
