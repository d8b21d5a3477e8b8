"""A scene under water: a function from a moment in seconds to a frame."""

from functools import cache

import numpy as np
import numpy.typing as npt

from mixpeek_local.samples.drawing import (
    COLUMNS,
    ROWS,
    WIDTH,
    Array,
    below,
    finish,
    gradient,
    hills,
    lay,
    layer,
    light,
    oval,
    ramp,
    shape,
    stroke,
)


@cache
def _reef() -> tuple[Array, Array]:
    """Return the water behind the reef, and the layer with the sand and the corals."""
    water = gradient((0, "7fe3e0"), (60, "2fb4cf"), (200, "0f6fa6"), (300, "0b4a80"), (360, "0b4a80"))
    below(water, 268 + hills(31, WIDTH, 130, 26, 0.45), "0e5f92", 0.7)
    front = layer()
    sand = 318 + hills(32, WIDTH, 160, 9, 0.4)
    below(front, sand, "cdbf92")
    below(front, sand + 16, "b9a878", 0.6)
    rng = np.random.default_rng(33)
    for x, y, size, code in (
        (90, 322, 1.3, "e8546f"),
        (190, 338, 0.8, "f29b4b"),
        (455, 334, 1.0, "b05fd0"),
        (560, 322, 1.5, "f0647a"),
        (330, 346, 0.7, "ffd257"),
    ):
        for angle in np.linspace(-1.1, 1.1, 9) + rng.uniform(-0.1, 0.1, 9):
            tall = size * rng.uniform(44, 74)
            middle = (x + np.sin(angle) * tall * 0.5, y - np.cos(angle) * tall * 0.5)
            stroke(front, (x, y), middle, 8 * size, code)
            for fork in (-0.35, 0.3):
                end = (
                    middle[0] + np.sin(angle + fork) * tall * 0.5,
                    middle[1] - np.cos(angle + fork) * tall * 0.5,
                )
                stroke(front, middle, end, 5.5 * size, code)
                oval(front, end, (3.4 * size, 3.4 * size), "fff0e0", 0.55)
    for x, y, size in ((30, 338, 26), (250, 350, 22), (500, 352, 30), (618, 344, 24)):
        oval(front, (x, y), (size, size * 0.7), "4a5a68")
        oval(front, (x - size * 0.2, y - size * 0.2), (size * 0.6, size * 0.35), "66788a", 0.7, soft=6)
    return water, front


def _fish(canvas: Array, x: float, y: float, size: float, colours: tuple[str, str], beat: float, way: int) -> None:
    """Draw a fish that swims to the right (``way`` 1) or to the left (-1)."""
    wag = size * 0.35 * np.sin(beat)
    tail = x - way * size * 0.85
    corners = [
        (tail, y),
        (tail - way * size * 0.65, y + size * 0.42 + wag),
        (tail - way * size * 0.65, y - size * 0.42 + wag),
    ]
    shape(canvas, corners if way > 0 else corners[::-1], colours[1])
    fin = [
        (x - way * size * 0.3, y - size * 0.35),
        (x - way * size * 0.5, y - size * 0.72),
        (x + way * size * 0.3, y - size * 0.4),
    ]
    shape(canvas, fin if way > 0 else fin[::-1], colours[1])
    oval(canvas, (x, y), (size, size * 0.5), colours[0])
    oval(canvas, (x + way * size * 0.1, y), (size * 0.13, size * 0.46), colours[1], 0.9)
    oval(canvas, (x - way * size * 0.4, y), (size * 0.1, size * 0.38), colours[1], 0.9)
    oval(canvas, (x + way * size * 0.62, y - size * 0.1), (size * 0.13, size * 0.13), "ffffff")
    oval(canvas, (x + way * size * 0.65, y - size * 0.1), (size * 0.07, size * 0.07), "101820")


def coral_reef(t: float) -> npt.NDArray[np.uint8]:
    """Draw fish that pass over a coral reef under shafts of light."""
    water, front = _reef()
    canvas = water.copy()
    slant = COLUMNS + ROWS * 0.45
    rays = np.sin(slant * 0.021 + t * 0.35) + np.sin(slant * 0.047 - t * 0.5) + np.sin(slant * 0.013 + t * 0.2)
    light(canvas, "c8fff4", ramp(0.4, 2.6, rays) * ramp(330, 0, ROWS) * 0.5)
    for fish in range(16):
        x = (fish * 71.3 + t * (26 + fish % 4 * 3)) % 760 - 60
        _fish(canvas, x, 90 + fish * 47 % 120 + 6 * np.sin(t + fish), 8, ("4fa8c8", "3a86b0"), t * 9 + fish, 1)
    for weed in range(9):
        x, y = 20 + weed * 76.0, 352.0
        for joint in range(9):
            bend = x + np.sin(t * 1.2 + weed + joint * 0.45) * joint * 1.3 + weed % 3 - 1
            stroke(canvas, (x, y), (bend, y - 14), 8 - joint * 0.7, "1f8a5f" if weed % 2 else "2da36a")
            x, y = float(bend), y - 14
    lay(canvas, front)
    ripples = np.sin(COLUMNS * 0.07 + ROWS[300:] * 0.2 + t * 1.6) * np.sin(
        COLUMNS * 0.045 - ROWS[300:] * 0.27 - t * 1.2
    )
    light(canvas, "fff6d0", ramp(0.35, 1.0, ripples) * 0.16 * ramp(305, 335, ROWS[300:]), y=300)
    for fish, (y, size, speed, way, colours) in enumerate(
        (
            (150, 30, 46, 1, ("ff8b2e", "fff4e6")),
            (232, 22, 34, -1, ("ffe04a", "2b3a67")),
            (98, 18, 58, -1, ("5b7cff", "ffd84a")),
            (262, 17, 52, 1, ("ff5f7e", "ffe9ef")),
            (196, 24, 40, 1, ("ff8b2e", "fff4e6")),
        )
    ):
        place = (fish * 190 + 120 + t * speed) % 760 - 60
        x = place if way > 0 else WIDTH - place
        _fish(canvas, x, y + 7 * np.sin(t * 1.4 + fish * 2), size, colours, t * 8 + fish, way)
    for bubble in range(26):
        rise = (t * (0.10 + bubble % 5 * 0.02) + bubble * 0.137) % 1
        x = (bubble * 97.0) % WIDTH + 6 * np.sin(t * 2 + bubble)
        size = 1.6 + bubble % 4
        oval(canvas, (x, 340 - rise * 350), (size, size), "d8fbff", 0.4)
        oval(canvas, (x - size * 0.3, 339 - rise * 350), (size * 0.35, size * 0.35), "ffffff", 0.9)
    return finish(canvas)
