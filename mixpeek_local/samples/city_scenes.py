"""Scenes in town, out of doors and in: each is a function from a moment in seconds to a frame."""

from functools import cache

import numpy as np
import numpy.typing as npt

from mixpeek_local.samples.drawing import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Array,
    clouds,
    fill,
    finish,
    glow,
    gradient,
    lay,
    layer,
    light,
    oval,
    ramp,
    shape,
    stroke,
)

STREET = 288
WINDOWS = ("ffd98a", "ffc25e", "fff0c8", "9fd4ff")


def _block(canvas: Array, left: int, top: int, right: int, bottom: int, code: str, alpha: float = 1.0) -> None:
    fill(canvas, code, np.full((bottom - top, right - left), alpha), left, top)


@cache
def _buildings(seed: int, tops: tuple[int, int], wall: str, lit: float, pane: int) -> Array:
    """Return a wide layer of towers with lit and dark windows."""
    rng = np.random.default_rng(seed)
    wide = WIDTH + 260
    towers = layer(wide)
    left = 0
    while left < wide - 30:
        right = min(left + int(rng.integers(8, 15)) * (pane + 3) + 6, wide)
        top = int(rng.integers(*tops))
        _block(towers, left, top, right, STREET, wall)
        _block(towers, left, top, left + 3, STREET, "ffffff", 0.06)
        _block(towers, right - 5, top, right, STREET, "000000", 0.25)
        if rng.uniform() < 0.4:
            stroke(towers, ((left + right) / 2, top - 24), ((left + right) / 2, top), 1.6, wall)
            glow(towers, ((left + right) / 2, top - 24), 2.2, "ff3b3b", 0.9)
        for y in range(top + 6, STREET - pane - 6, pane * 2 + 1):
            for x in range(left + 5, right - pane - 5, pane + 4):
                if rng.uniform() < lit:
                    _block(towers, x, y, x + pane, y + pane + 1, str(rng.choice(WINDOWS)), rng.uniform(0.55, 1))
                else:
                    _block(towers, x, y, x + pane, y + pane + 1, "000010", 0.28)
        left = right + int(rng.integers(0, 9))
    return towers


@cache
def _night() -> Array:
    """Return the cloudy sky over a lit city."""
    sky = gradient((0, "0c0a24"), (120, "241a4a"), (220, "5a2f63"), (288, "8a4660"), (360, "0b0d18"))
    light(sky, "7a5a9a", ramp(0.45, 0.85, clouds(71, HEIGHT, WIDTH, (60, 180), 5)) * ramp(230, 40, ROWS) * 0.35)
    return sky


def _car(canvas: Array, x: float, y: float, way: int, code: str) -> None:
    """Draw a car that drives to the right (``way`` 1) or to the left (-1) on wheels at row ``y``."""

    def body(points: list[tuple[float, float]], colour: str) -> None:
        placed = [(x + way * dx, y + dy) for dx, dy in points]
        shape(canvas, placed if way > 0 else placed[::-1], colour)

    oval(canvas, (x, y + 4), (48, 4), "000000", 0.6, soft=3)
    body([(-44, -17), (40, -16), (46, -6), (44, 0), (-44, 0), (-47, -8)], code)
    body([(-26, -31), (10, -31), (28, -16), (-38, -16)], code)
    body([(-23, -28), (-8, -28), (-8, -17), (-32, -17)], "a8c8e8")
    body([(-5, -28), (9, -28), (22, -17), (-5, -17)], "a8c8e8")
    for wheel in (-27, 27):
        oval(canvas, (x + wheel, y), (8.5, 8.5), "08080e")
        oval(canvas, (x + wheel, y), (4, 4), "8a8f9c")
    lamp = x + way * 45
    glow(canvas, (lamp, y - 10), 9, "fff3c8", 1.0)
    ahead = (COLUMNS - lamp) * way
    rows = ROWS[STREET - 20 :]
    cone = np.exp(-(((rows - (y - 6) - ahead * 0.06) / (3 + np.maximum(ahead, 0) * 0.1)) ** 2))
    light(canvas, "ffe9b0", cone * ramp(0, 8, ahead) * np.exp(-np.maximum(ahead, 0) / 60) * 0.55, y=STREET - 20)
    glow(canvas, (x - way * 46, y - 10), 7, "ff2a2a", 1.0)


def rainy_city(t: float) -> npt.NDArray[np.uint8]:
    """Draw cars on a wet street before lit towers, in the rain."""
    canvas = _night().copy()
    lay(canvas, _buildings(72, (90, 190), "2c2452", 0.35, 3), 5 + t * 3)
    fill(canvas, "6a3f70", np.full((STREET, WIDTH), 0.12))
    lay(canvas, _buildings(73, (60, 200), "191636", 0.42, 5), 5 + t * 7)
    near = _buildings(74, (150, 240), "0d0c20", 0.5, 8)
    lay(canvas, near, 5 + t * 14)
    for window in range(12):
        x = (window * 83.0 - t * 14) % (WIDTH + 40) - 20
        if np.sin(t * (0.7 + window % 4 * 0.3) + window * 2.4) > 0.2:
            glow(canvas, (x, 250 + window % 3 * 14), 5, WINDOWS[window % 4], 0.5)

    _block(canvas, 0, STREET - 6, WIDTH, STREET, "2a2c3e")
    rows = np.arange(STREET, HEIGHT)
    mirror = 2 * STREET - rows - 8 + (3 * np.sin(rows * 0.8 + t * 5)).astype(int) - (rows - STREET)
    canvas[STREET:] = canvas[np.clip(mirror, 0, STREET - 8)] * 0.42
    _block(canvas, 0, STREET, WIDTH, HEIGHT, "10121f", 0.45)
    for dash in range(8):
        x = dash * 100 - (t * 40) % 100
        shape(canvas, [(x, 322), (x + 42, 322), (x + 40, 325), (x - 3, 325)], "d8d0a8", 0.55)
    for lamp in range(4):
        x = (lamp * 230 - t * 40) % 920 - 100
        stroke(canvas, (x, STREET), (x, 168), 3, "0a0a14")
        stroke(canvas, (x, 168), (x + 26, 162), 2.4, "0a0a14")
        glow(canvas, (x + 26, 166), 26, "ffb65c", 0.5)
        glow(canvas, (x + 26, 166), 7, "fff0c8", 1.0)
        shine = np.exp(-(((COLUMNS - x - 26) / 9) ** 2)) * (0.55 + 0.45 * np.sin(ROWS[STREET:] * 0.7 + t * 6))
        light(canvas, "ffb65c", shine * ramp(HEIGHT, STREET, ROWS[STREET:]) * 0.6, y=STREET)
    for car, code in enumerate(("c8324a", "2f6fb0", "d8a23a")):
        _car(canvas, 780 - (t * (95 + 12 * car) + car * 310) % 960, 312, -1, code)
    for car, code in enumerate(("3a8f7a", "8a4fb8", "b8bcc8")):
        _car(canvas, (t * (125 + 10 * car) + car * 320) % 960 - 140, 345, 1, code)
    for drop in range(90):
        speed = 1.5 + drop % 5 * 0.22
        fall = (t * speed + drop * 0.618) % 1
        x = (drop * 89.3 + int(t * speed + drop * 0.618) * 211.7) % (WIDTH + 80) - 50 * fall
        y = fall * 420 - 40
        stroke(canvas, (x, y), (x - 2.6, y + 20), 1.1, "b8c8e8", 0.34)
    for ring in range(16):
        age = (t * 1.6 + ring * 0.37) % 1
        x = (ring * 151.0 + int(t * 1.6 + ring * 0.37) * 97.0) % WIDTH
        light_up = 0.35 * (1 - age)
        stroke(canvas, (x - 9 * age, 300 + ring * 3.6), (x + 9 * age, 300 + ring * 3.6), 1.4, "b8c8e8", light_up)
    return finish(canvas)


@cache
def _room() -> Array:
    """Return a wall in lamp light and a table with books, a plant and a lamp."""
    room = gradient((0, "2f7a78"), (262, "3a908a"), (360, "3a908a"))
    stripes = 0.5 + 0.5 * np.sin(COLUMNS * 2 * np.pi / 40)
    fill(room, "2a6c6c", ramp(0.42, 0.58, stripes) * np.ones((HEIGHT, 1)) * 0.5)
    grain = clouds(81, HEIGHT - 258, WIDTH, (5, 260), 4)
    _block(room, 0, 258, WIDTH, HEIGHT, "8a4f2c")
    fill(room, "5c3018", ramp(0.35, 0.7, grain) * 0.75, y=258)
    _block(room, 0, 258, WIDTH, 261, "c98a54")
    # A picture on the wall: a hill under a moon.
    _block(room, 60, 50, 190, 150, "e2c48a")
    _block(room, 67, 57, 183, 143, "f6e7c4")
    oval(room, (152, 82), (13, 13), "e8734a")
    shape(room, [(104, 92), (150, 143), (68, 143)], "4d8a6a")
    shape(room, [(146, 106), (182, 143), (106, 143)], "36654f")
    for y, left, right, code in (
        (290, 60, 196, "b8433a"),
        (270, 72, 188, "e0b04a"),
        (250, 66, 180, "3f5fa0"),
        (230, 84, 176, "d8d2c0"),
    ):
        _block(room, left, y, right, y + 20, code)
        _block(room, left, y + 15, right, y + 20, "000000", 0.18)
        _block(room, left + 14, y, left + 19, y + 20, "ffffff", 0.45)
    # A lamp.
    oval(room, (520, 318), (44, 9), "4a2a20")
    stroke(room, (520, 316), (520, 190), 5, "d8a850")
    shape(room, [(492, 110), (548, 110), (578, 192), (462, 192)], "ffe2a0")
    glow(room, (520, 170), 150, "ffc06a", 0.30)
    glow(room, (520, 186), 70, "ff9a50", 0.22)
    return np.minimum(room, 1)


def metronome(t: float) -> npt.NDArray[np.uint8]:
    """Draw a metronome on a table; it ticks every half second."""
    canvas = _room().copy()
    light(canvas, "ffb858", np.full((HEIGHT, WIDTH), 0.02 * np.sin(t * 5.1) * np.sin(t * 1.9)))
    x, base = 340.0, 326.0
    swing = 0.42 * np.sin(2 * np.pi * t)
    for row in range(3):
        oval(canvas, (x - 22 - row * 6, base + 4), (84 - row * 14, 9 - row * 2), "2a130a", 0.25, soft=6)
    shape(canvas, [(x - 27, 92), (x + 27, 92), (x + 70, base), (x - 70, base)], "7c3f1e")
    shape(canvas, [(x - 27, 92), (x - 19, 92), (x - 52, base), (x - 70, base)], "a25a2e")
    shape(canvas, [(x, 68), (x + 28, 93), (x - 28, 93)], "96522a")
    shape(canvas, [(x - 17, 110), (x + 17, 110), (x + 44, 270), (x - 44, 270)], "2c150c")
    shape(canvas, [(x - 4, 112), (x + 4, 112), (x + 8, 262), (x - 8, 262)], "e9dcb8")
    for mark in range(13):
        y = 122 + mark * 10.5
        stroke(canvas, (x - 4, y), (x + 4, y), 1, "5a4630")
    pivot = (x, 276.0)
    tip = (x + 214 * np.sin(swing), pivot[1] - 214 * np.cos(swing))
    weight = (x + 118 * np.sin(swing), pivot[1] - 118 * np.cos(swing))
    stroke(canvas, (pivot[0] + 7, pivot[1] + 4), (tip[0] + 9, tip[1] + 5), 4, "000000", 0.22)
    stroke(canvas, pivot, tip, 4, "e8e4da")
    across = (np.cos(swing), np.sin(swing))
    corners = [(-15, -13), (15, -13), (10, 13), (-10, 13)]
    placed = [
        (weight[0] + dx * across[0] - dy * across[1], weight[1] + dx * across[1] + dy * across[0]) for dx, dy in corners
    ]
    shape(canvas, placed, "f0c04e")
    oval(canvas, weight, (4, 4), "9a6a1e")
    shape(canvas, [(x - 60, 268), (x + 60, 268), (x + 72, base), (x - 72, base)], "8a4824")
    shape(canvas, [(x - 60, 268), (x + 60, 268), (x + 61, 274), (x - 61, 274)], "b87040")
    oval(canvas, (x, 298), (15, 15), "e0b04a")
    oval(canvas, (x, 298), (10, 10), "b8842e")
    for foot in (-58, 58):
        oval(canvas, (x + foot, base + 2), (9, 5), "3a1a0e")
    cup = (248.0, 340.0)
    for puff in range(10):
        age = (t * 0.3 + puff / 10) % 1
        centre = (cup[0] + 9 * np.sin(age * 6 + t + puff * 0.2), cup[1] - 40 - age * 80)
        oval(canvas, centre, (5 + 9 * age, 8 + 8 * age), "ffffff", 0.16 * (1 - age), soft=5)
    stroke(canvas, (cup[0] - 26, cup[1] - 22), (cup[0] - 36, cup[1] - 14), 5, "f4f1ea")
    stroke(canvas, (cup[0] - 36, cup[1] - 14), (cup[0] - 22, cup[1] - 6), 5, "f4f1ea")
    shape(
        canvas,
        [
            (cup[0] - 28, cup[1] - 34),
            (cup[0] + 28, cup[1] - 34),
            (cup[0] + 20, cup[1] + 6),
            (cup[0] - 20, cup[1] + 6),
        ],
        "f4f1ea",
    )
    shape(
        canvas,
        [
            (cup[0] + 8, cup[1] - 34),
            (cup[0] + 28, cup[1] - 34),
            (cup[0] + 20, cup[1] + 6),
            (cup[0] + 6, cup[1] + 6),
        ],
        "c9c2b4",
        0.6,
    )
    oval(canvas, (cup[0], cup[1] - 34), (28, 6), "ded8cc")
    oval(canvas, (cup[0], cup[1] - 33), (24, 4.4), "4a2412")
    return finish(canvas)
