"""The end of the lesson, at the stove and at the table: each is a function from a moment to a frame."""

from functools import cache

import numpy as np
import numpy.typing as npt

from mixpeek_local.samples.drawing import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Array,
    fill,
    finish,
    glow,
    gradient,
    light,
    oval,
    ramp,
    shape,
    stroke,
)
from mixpeek_local.samples.kitchen_scenes import shadow, tiles
from mixpeek_local.samples.lettering import opacity, panel, write
from mixpeek_local.samples.words import NEXT_WEEK, TOPPING

FLIP = 2.4
"""A pancake is flipped every so many seconds: two bars of the waltz."""


def _steam(canvas: Array, x: float, y: float, t: float, spread: float) -> None:
    """Draw wisps of steam that rise from (x, y)."""
    for puff in range(14):
        age = (t * 0.28 + puff / 14) % 1
        centre = (x + spread * np.sin(puff * 2.4) + 10 * np.sin(age * 5 + t + puff), y - age * 110)
        oval(canvas, centre, (7 + 12 * age, 10 + 12 * age), "ffffff", 0.13 * (1 - age) * ramp(0, 0.15, age), soft=9)


@cache
def _stove() -> Array:
    """Return a tiled wall, a shelf with jars, and a gas stove."""
    room = gradient((0, "d9795a"), (360, "c4623f"))
    tiles(room, 0, 262, 36, "dd7f5c", "f0c8a8")
    fill(room, "5a1f12", ramp(90, 262, ROWS) * np.ones((1, WIDTH)) * 0.28)
    panel(room, (24, 88, 300, 98), "7a4526", 1, 2)
    shadow(room, 162, 100, 160, 8, 0.35)
    for x, tall, code, lid in (
        (44, 50, "f4e2b8", "3f7f78"),
        (100, 38, "c8463a", "f0e6d0"),
        (152, 56, "e8c46a", "3f7f78"),
        (206, 42, "7a9a4a", "f0e6d0"),
    ):
        panel(room, (x, 88 - tall, x + 40, 88), code, 1, 6)
        panel(room, (x + 30, 92 - tall, x + 36, 84), "000000", 0.12, 2)
        panel(room, (x + 5, 94 - tall, x + 10, 82), "ffffff", 0.4, 2)
        panel(room, (x - 1, 80 - tall, x + 41, 91 - tall), lid, 1, 3)
    panel(room, (258, 62, 286, 88), "b8583a", 1, 3)
    for leaf in range(9):
        angle = -np.pi * (leaf + 1) / 10
        tip = (272 + 24 * np.cos(angle), 60 + 28 * np.sin(angle))
        oval(room, ((272 + tip[0]) / 2, (62 + tip[1]) / 2), (14, 5), ("4f9a4c", "6fb85e")[leaf % 2], 1, angle)
    panel(room, (-10, 262, WIDTH + 10, 292), "23262c", 1, 0)
    panel(room, (-10, 262, WIDTH + 10, 266), "5a606a", 1, 0)
    panel(room, (-10, 292, WIDTH + 10, HEIGHT + 10), "c4c8cc", 1, 0)
    fill(room, "7c838c", ramp(292, 366, ROWS) * np.ones((1, WIDTH)) * 0.6)
    for knob in (90, 190, 450, 550):
        oval(room, (knob, 326), (20, 20), "4a5058")
        oval(room, (knob, 324), (17, 17), "23262c")
        stroke(room, (knob, 324), (knob + 4, 312), 4, "e8eaec")
    panel(room, (258, 316, 382, 336), "23262c", 0.9, 4)
    return room


def frying_pan(t: float) -> npt.NDArray[np.uint8]:
    """Draw a pancake that is flipped in a pan over a gas flame. There are no words in this scene."""
    canvas = _stove().copy()
    beat = t / FLIP % 1
    toss = float(np.sin(np.pi * ramp(0.0, 0.16, beat)) * 9)
    x, y = 300.0, 214.0 - toss
    for flame in range(17):
        place = 196 + flame * 13.0
        tall = 15 + 5 * np.sin(t * 17 + flame * 2.3) + 3 * np.sin(t * 29 + flame)
        oval(canvas, (place, 262 - tall * 0.4), (5.5, tall * 0.72), "3f8cff", 0.75, soft=3)
        oval(canvas, (place, 263 - tall * 0.25), (2.6, tall * 0.4), "c4ecff", 0.9, soft=2)
    light(canvas, "3a78e0", np.exp(-(((COLUMNS - 300) / 150) ** 2) - ((ROWS - 258) / 24) ** 2) * 0.28)
    for bar in range(6):
        stroke(canvas, (170 + bar * 52, 246), (170 + bar * 52, 264), 6, "15171b")
    stroke(canvas, (156, 246), (444, 246), 6, "15171b")
    # The pan: handle, wall, rim and inside.
    stroke(canvas, (x + 140, y + 8), (x + 212, y - 10), 15, "4a4e55")
    stroke(canvas, (x + 206, y - 9), (x + 304, y - 34), 20, "5a3018")
    stroke(canvas, (x + 208, y - 13), (x + 302, y - 38), 4, "94582e")
    shape(canvas, [(x - 158, y), (x + 158, y), (x + 128, y + 30), (x - 128, y + 30)], "2c3036")
    shape(canvas, [(x - 158, y), (x - 90, y), (x - 80, y + 30), (x - 128, y + 30)], "565c66", 0.6)
    oval(canvas, (x, y + 29), (128, 7), "1c1f24")
    oval(canvas, (x, y), (160, 26), "6a707a")
    oval(canvas, (x, y + 1), (154, 23), "17191d")
    oval(canvas, (x, y + 6), (134, 15), "23262c", soft=4)
    for drop in range(14):
        spot = (x + 122 * np.sin(drop * 2.4), y + 6 + 11 * np.cos(drop * 2.4))
        oval(canvas, spot, (3 + drop % 3, 1.4), "e8b84a", 0.55 + 0.3 * np.sin(t * 9 + drop))
    # The pancake: in the pan, or in the air and turning over.
    air = float(np.clip((beat - 0.10) / 0.36, 0, 1))
    height, turn = 4 * air * (1 - air) * 150, np.pi * air
    flat = abs(float(np.cos(turn)))
    cake, rim = (x - 8, y + 3 - height), 5 + 9 * (1 - flat)
    side = ("f2cf86", "c9803a")[int(t / FLIP + 0.72) % 2 if 0 < air < 1 else (int(t / FLIP) + (air >= 1)) % 2]
    if air in (0, 1):
        oval(canvas, (cake[0], cake[1] + 5), (106, 15), "a8642a")
    else:
        oval(canvas, (x - 8, y + 6), (100, 12), "000000", 0.35, soft=6)
        oval(canvas, (cake[0], cake[1] + rim * 0.5), (104, 15 * flat + rim), "a8642a", 1, 0.22 * np.sin(turn * 2))
    oval(canvas, cake, (103, 14.5 * flat + 2), side, 1, 0.22 * np.sin(turn * 2))
    oval(
        canvas, cake, (82, 10 * flat + 1), ("f7dea0", "b56a2a")[side == "c9803a"], 0.8, 0.22 * np.sin(turn * 2), soft=4
    )
    _steam(canvas, x - 8, y - 14, t, 90)
    return finish(canvas)


@cache
def _table() -> Array:
    """Return a breakfast table: a garden out of focus, a checked cloth, juice, coffee, a plate."""
    scene = gradient((0, "bfe3c4"), (170, "eef4d6"), (360, "eef4d6"))
    rng = np.random.default_rng(141)
    for _ in range(46):
        x, y, size = rng.uniform(0, WIDTH), rng.uniform(-10, 190), rng.uniform(12, 38)
        oval(
            scene,
            (x, y),
            (size, size),
            str(rng.choice(("8fcf9a", "fff6d0", "ffd9c8", "aee0b8", "f8b8b0"))),
            0.4,
            soft=5,
        )
    fill(scene, "fbfaf6", np.ones((HEIGHT - 186, WIDTH)), y=186)
    depth = (ROWS[186:] - 186) / (HEIGHT - 186)
    across = np.floor((COLUMNS - WIDTH / 2) / (34 + 40 * depth)) % 2
    along = np.floor(7.5 * depth**0.75) % 2
    fill(scene, "4f86c6", (across + along) * 0.34, y=186)
    fill(scene, "1f3a60", ramp(0.08, 0, depth) * 0.25 * np.ones((1, WIDTH)), y=186)
    # Orange juice and coffee.
    shadow(scene, 566, 262, 52, 12, 0.4)
    shape(scene, [(532, 152), (600, 152), (592, 262), (540, 262)], "ffffff", 0.32)
    shape(scene, [(535, 172), (597, 172), (590, 258), (542, 258)], "ffa42e")
    oval(scene, (566, 172), (31, 6), "ffc25e")
    oval(scene, (566, 152), (34, 6.5), "ffffff", 0.6)
    oval(scene, (566, 258), (24, 5), "f08a1e")
    stroke(scene, (548, 182), (552, 248), 5, "ffffff", 0.5)
    shadow(scene, 78, 262, 78, 13, 0.4)
    oval(scene, (78, 256), (66, 11), "f8f4ec")
    oval(scene, (78, 254), (46, 6), "ddd4c4")
    stroke(scene, (118, 208), (134, 218), 8, "c8463a")
    stroke(scene, (134, 218), (114, 236), 8, "c8463a")
    shape(scene, [(36, 192), (120, 192), (106, 252), (50, 252)], "c8463a")
    shape(scene, [(92, 192), (120, 192), (106, 252), (88, 252)], "9a2c26", 0.6)
    oval(scene, (78, 192), (42, 8), "e87a6a")
    oval(scene, (78, 193), (37, 6), "4a2412")
    # Plate and pancakes.
    shadow(scene, 322, 272, 220, 30, 0.45)
    oval(scene, (322, 254), (196, 36), "d8d4cc")
    oval(scene, (322, 249), (196, 36), "ffffff")
    oval(scene, (322, 249), (150, 25), "ece8e0")
    shadow(scene, 322, 250, 150, 24, 0.45)
    for cake in range(6):
        x, y = 322 + (6, -5, 4, -7, 3, 0)[cake], 240 - cake * 18.0
        oval(scene, (x, y + 8), (118, 19), "e8b868")
        oval(scene, (x, y + 4), (119, 19), "f4d490")
        oval(scene, (x, y), (118, 18.5), "b8692a")
        oval(scene, (x, y - 0.5), (108, 15.5), "d08a40", 0.9, soft=6)
    for berry, (x, y) in enumerate(((196, 262), (218, 270), (176, 252), (438, 266), (462, 258), (416, 272))):
        oval(scene, (x, y), (11, 10.5), ("3a4a9a", "46589f", "2f3f88")[berry % 3])
        oval(scene, (x - 3, y - 4), (4, 3), "9aa8e0", 0.7, soft=3)
        oval(scene, (x + 2, y - 3), (3.2, 2.2), "1c2658")
    for x, y in ((240, 262), (392, 264), (486, 246)):
        shape(scene, [(x - 14, y - 12), (x + 14, y - 12), (x + 9, y + 4), (x, y + 12), (x - 9, y + 4)], "e0303c")
        oval(scene, (x, y - 8), (14.5, 8), "e0303c")
        oval(scene, (x - 5, y - 6), (4, 5), "ff8a8a", 0.6, soft=3)
        for leaf in (-0.7, 0, 0.7):
            oval(scene, (x + 9 * np.sin(leaf), y - 14), (6, 2.6), "4f9a3c", 1, leaf)
    return scene


def _syrup(canvas: Array, t: float) -> None:
    """Draw maple syrup that is poured over the pancakes and runs down their sides."""
    spread = float(ramp(0.8, 3.6, t))
    if spread == 0:
        return
    oval(canvas, (322, 149), (96 * spread + 4, 12.5 * spread + 1), "8a3a08", 0.9)
    oval(canvas, (300, 146), (52 * spread + 1, 4 * spread + 0.5), "e89a4a", 0.5, soft=3)
    for run, (x, reach, begin) in enumerate(
        ((236, 46, 2.4), (268, 84, 1.9), (306, 62, 2.9), (348, 92, 2.2), (384, 56, 2.6), (410, 36, 3.2))
    ):
        down = reach * float(ramp(begin, begin + 4.6, t))
        if down > 1:
            top = 149 + 11 * (1 - ((x - 322) / 100) ** 2) ** 0.5
            stroke(canvas, (x, top - 2), (x, top + down), 9 - run % 3, "8a3a08", 0.92)
            oval(canvas, (x, top + down), (6 - run % 3 * 0.5, 7), "8a3a08", 0.95)
            stroke(canvas, (x - 2, top), (x - 2, top + down), 1.8, "f0a85a", 0.7)
    pour = float(ramp(0.7, 1.0, t) * ramp(7.6, 7.2, t))
    if pour > 0:
        for row in range(0, 146, 3):
            x = 336 + 2.2 * np.sin(row * 0.05 + t * 5)
            stroke(canvas, (x, row), (x, row + 3), (7 - row * 0.02) * pour, "9a4a10")
            stroke(canvas, (x - 1.4, row), (x - 1.4, row + 3), 1.6 * pour, "f0b060", 0.8)


def breakfast(t: float) -> npt.NDArray[np.uint8]:
    """Draw a pile of pancakes over which syrup is poured, and two captions, one after the other."""
    canvas = _table().copy()
    shape(canvas, [(300, 132), (346, 128), (352, 142), (304, 147)], "f8d860")
    shape(canvas, [(300, 124), (346, 121), (346, 128), (300, 132)], "fff0a0")
    _syrup(canvas, t)
    shape(canvas, [(302, 130), (342, 126), (346, 137), (305, 141)], "ffe27a")
    shape(canvas, [(302, 124), (342, 120), (342, 126), (302, 130)], "fff4b8")
    _steam(canvas, 330, 130, t, 70)
    _steam(canvas, 78, 190, t + 2, 14)
    glow(canvas, (600, 20), 120, "fff0b8", 0.22 + 0.03 * np.sin(t))
    for line in (TOPPING, NEXT_WEEK):
        shown = opacity(line, t)
        if shown > 0:
            panel(canvas, (112, 302, 528, 348), "173f45", 0.94 * shown, 23)
            write(canvas, line.text, (320, 334), 27, "ffffff", shown, bold=0.3, align="middle")
    return finish(canvas)
