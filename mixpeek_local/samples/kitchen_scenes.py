"""The lesson in a kitchen: each is a function from a moment in seconds to a frame."""

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
    clouds,
    fill,
    finish,
    glow,
    gradient,
    hills,
    light,
    oval,
    ramp,
    shape,
    stroke,
)
from mixpeek_local.samples.lettering import opacity, panel, write
from mixpeek_local.samples.words import COOK, COOK_ROLE, RECIPE, SUBTITLE, TITLE

INK = "4a2c1c"


def _worktop(canvas: Array, row: int, code: str, edge: str, seed: int) -> None:
    """Draw a wooden worktop from a row down."""
    fill(canvas, code, np.ones((HEIGHT - row, WIDTH)), y=row)
    grain = clouds(seed, HEIGHT - row, WIDTH, (5, 240), 4)
    fill(canvas, edge, ramp(0.4, 0.75, grain) * 0.5, y=row)
    fill(canvas, "ffffff", np.full((3, WIDTH), 0.35), y=row)


def tiles(canvas: Array, top: int, bottom: int, size: int, code: str, grout: str) -> None:
    """Draw a wall of tiles between two rows, each a little different."""
    rng = np.random.default_rng(size)
    panel(canvas, (-10, top, WIDTH + 10, bottom), grout, 1, 0)
    for number, y in enumerate(range(top, bottom, size)):
        for x in range(-(number % 2) * size, WIDTH, size * 2):
            panel(canvas, (x + 1, y + 1, x + size * 2 - 1, min(y + size - 1, bottom)), code, rng.uniform(0.86, 1), 3)
            panel(canvas, (x + 4, y + 3, x + size * 2 - 6, y + 5), "ffffff", 0.22, 1)


def shadow(canvas: Array, x: float, y: float, wide: float, tall: float, alpha: float) -> None:
    """Darken an ellipse around (x, y), softly towards its edge."""
    fill(canvas, "000000", alpha * ramp(1, 0.3, np.hypot((COLUMNS - x) / wide, (ROWS - y) / tall)))


def _egg(canvas: Array, x: float, y: float, angle: float, code: str) -> None:
    shadow(canvas, x + 2, y + 11, 22, 7, 0.35)
    oval(canvas, (x, y), (15, 12), code, 1, angle)
    oval(canvas, (x - 4, y - 4), (6, 4), "ffffff", 0.55, angle, 4)


def _bowl(canvas: Array, x: float, y: float, wide: float, code: str, dark: str, inside: str) -> None:
    """Draw a mixing bowl whose rim has its middle at (x, y)."""
    shadow(canvas, x, y + wide * 0.81, wide * 0.9, wide * 0.13, 0.4)
    half = wide * np.sqrt(np.clip(1 - ((ROWS - y) / (wide * 0.86)) ** 2, 0, 1))
    body = np.clip(half - np.abs(COLUMNS - x) + 0.5, 0, 1) * (y <= ROWS) * (y + wide * 0.8 > ROWS)
    fill(canvas, code, body)
    fill(canvas, dark, body * ramp(x - wide * 0.1, x + wide * 1.1, COLUMNS) * 0.75)
    fill(canvas, "ffffff", body * np.exp(-(((COLUMNS - x + wide * 0.55) / (wide * 0.1)) ** 2)) * 0.4)
    band = body * np.clip(2.5 - np.abs(ROWS - y - wide * 0.34), 0, 1)
    fill(canvas, "ffffff", band * 0.75)
    oval(canvas, (x, y), (wide, wide * 0.2), code)
    oval(canvas, (x, y), (wide * 0.95, wide * 0.17), dark)
    oval(canvas, (x, y + wide * 0.03), (wide * 0.9, wide * 0.135), inside)


@cache
def _morning() -> Array:
    """Return a bright kitchen with a window, a shelf, and what a cook needs."""
    room = gradient((0, "f7e8cc"), (270, "f0d9b4"), (360, "f0d9b4"))
    tiles(room, 208, 272, 32, "8fc4c8", "e8efe8")
    panel(room, (36, 28, 226, 192), "ffffff", 1, 4)
    view = gradient((0, "9ad4f4"), (130, "d8f0f8"), (190, "bfe4a8"), (360, "bfe4a8"))
    below(view, 140 + hills(121, WIDTH, 90, 10, 0.4), "94c97e")
    below(view, 160 + hills(122, WIDTH, 70, 8, 0.4), "6fae5e")
    glow(view, (176, 66), 26, "fff2c0", 0.9)
    room[36:184, 44:218] = np.minimum(view[36:184, 44:218], 1)
    for bar in ((128, 36, 134, 184), (44, 106, 218, 111)):
        panel(room, bar, "ffffff", 1, 0)
    panel(room, (26, 188, 236, 198), "fffaf0", 1, 3)
    fill(room, "8a6a4a", np.full((4, 206), 0.25), 28, 198)
    for side in (0, 1):
        for fold in range(5):
            x = 30 + fold * 8 if not side else 232 - fold * 8
            wide = 150 - fold * 24
            stroke(room, (x, 30), (x + (-6 if not side else 6), 30 + wide), 11, ("e8705a", "d85a48")[fold % 2])
    stroke(room, (14, 26), (248, 26), 5, "8a5a34")
    _worktop(room, 272, "c98a52", "a0642f", 123)
    # A bag of flour, a bottle of milk, eggs.
    shadow(room, 464, 300, 60, 10, 0.4)
    shadow(room, 554, 304, 40, 9, 0.4)
    shape(room, [(430, 196), (496, 196), (502, 300), (424, 300)], "f6efe0")
    shape(room, [(476, 196), (496, 196), (502, 300), (482, 300)], "d8cdb6", 0.7)
    shape(room, [(428, 186), (498, 186), (496, 200), (430, 200)], "e2d8c2")
    oval(room, (462, 250), (21, 25), "d9a441", 0.9)
    for ear in range(4):
        for side in (-1, 1):
            oval(room, (462 + side * 6, 240 + ear * 8), (6, 2.6), "fff3d0", 1, side * -0.8)
    stroke(room, (462, 232), (462, 270), 1.6, "fff3d0")
    panel(room, (532, 210, 576, 306), "eef6fa", 0.95, 9)
    panel(room, (535, 232, 573, 303), "ffffff", 1, 8)
    panel(room, (543, 184, 565, 216), "eef6fa", 0.95, 5)
    panel(room, (541, 178, 567, 190), "3f7fc0", 1, 3)
    panel(room, (566, 216, 571, 298), "9ab8cc", 0.45, 2)
    for x, y, angle, code in ((442, 322, 0.2, "f2c9a0"), (474, 332, -0.3, "f8dcc0"), (506, 320, 0.0, "eab88a")):
        _egg(room, x, y, angle, code)
    _bowl(room, 316, 246, 78, "3f78b8", "1f3f78", "f6ecd4")
    stroke(room, (338, 242), (398, 184), 6, "b87840")
    oval(room, (340, 246), (14, 7), "fff6e4", angle=-0.5)
    return room


def pancake_title(t: float) -> npt.NDArray[np.uint8]:
    """Draw a kitchen in the morning, the title of the lesson, and the name of the cook."""
    canvas = _morning().copy()
    beam = np.exp(-(((COLUMNS - 0.55 * ROWS - 150 - 6 * np.sin(t * 0.5)) / 60) ** 2))
    light(canvas, "ffe9b0", beam * ramp(40, 200, ROWS) * 0.10)
    for mote in range(18):
        x, y = (90 + mote * 41.0 + t * 6) % 330, 60 + (mote * 53.0 + t * 5) % 220
        glow(canvas, (x, y), 1.4, "fff4d0", 0.35 + 0.3 * np.sin(t * 1.5 + mote))
    shown = opacity(TITLE, t)
    write(canvas, TITLE.text, (432, 92), 43, INK, shown, bold=0.8, align="middle")
    stroke(canvas, (432 - 150 * shown, 108), (432 + 150 * shown, 108), 3, "d85a48", shown)
    write(canvas, SUBTITLE.text, (432, 142), 24, "7a5238", opacity(SUBTITLE, t), bold=0.3, align="middle")
    shown = opacity(COOK, t)
    if shown > 0:
        left = 24 - 40 * (1 - shown)
        panel(canvas, (left, 284, left + 232, 344), "173f45", 0.94 * shown, 8)
        panel(canvas, (left, 284, left + 8, 344), "f2a83a", shown, 3)
        write(canvas, COOK.text, (left + 22, 312), 26, "ffffff", shown, bold=0.4)
        write(canvas, COOK_ROLE.text, (left + 22, 335), 19, "f4d9a0", shown)
    return finish(canvas)


@cache
def _board() -> Array:
    """Return a yellow wall with a blackboard, and a white worktop."""
    room = gradient((0, "f0b93e"), (270, "e8a42e"), (360, "e8a42e"))
    stripes = 0.5 + 0.5 * np.sin(COLUMNS * 2 * np.pi / 46)
    fill(room, "d8922a", ramp(0.4, 0.6, stripes) * np.ones((HEIGHT, 1)) * 0.35)
    panel(room, (304, 22, 622, 268), "000000", 0.22, 8)
    panel(room, (298, 14, 616, 262), "8a5a30", 1, 6)
    panel(room, (308, 24, 606, 252), "24382f", 1, 3)
    fill(room, "ffffff", ramp(0.45, 0.9, clouds(131, 224, 294, (70, 120), 4)) * 0.10, 310, 26)
    # Spoons on a rail.
    stroke(room, (36, 44), (250, 44), 5, "7a4a24")
    for x, long, code in ((70, 92, "a86a38"), (126, 104, "8f9aa0"), (186, 86, "c08a50")):
        stroke(room, (x, 46), (x, 46 + long), 5, code)
        oval(room, (x, 46 + long), (12, 17), code)
        oval(room, (x - 3, 44 + long), (6, 10), "ffffff", 0.25, soft=4)
    fill(room, "eceae6", np.ones((HEIGHT - 284, WIDTH)), y=284)
    fill(room, "b8b4b0", ramp(0.52, 0.7, clouds(132, HEIGHT - 284, WIDTH, (30, 150), 5)) * 0.55, y=284)
    fill(room, "ffffff", np.full((4, WIDTH), 0.9), y=284)
    for x, y, angle, code in ((330, 316, 0.2, "f2c9a0"), (362, 326, -0.2, "f8dcc0"), (392, 312, 0.1, "eab88a")):
        _egg(room, x, y, angle, code)
    _bowl(room, 150, 214, 116, "d8504a", "8a2430", "f8e6b4")
    return room


def batter(t: float) -> npt.NDArray[np.uint8]:
    """Draw a whisk that stirs batter, and a blackboard on which the ingredients appear."""
    canvas = _board().copy()
    turn = 2 * np.pi * 1.1 * t
    for ring in range(4):
        size = 24 + ring * 19
        swirl = 1 + 0.06 * np.sin(turn - ring)
        oval(
            canvas,
            (150 + 6 * np.cos(turn - ring * 0.6), 218 + np.sin(turn - ring * 0.6)),
            (size * swirl, size * 0.14),
            ("fff6d4", "f0d690")[ring % 2],
            0.45,
            soft=4,
        )
    x, y = 150 + 46 * np.cos(turn), 217 + 6.5 * np.sin(turn)
    hand = (196 + 24 * np.cos(turn), 92.0 + 4 * np.sin(turn))
    for wire in np.linspace(-1, 1, 5):
        knot = (hand[0] * 0.42 + x * 0.58, hand[1] * 0.42 + y * 0.58)
        middle = ((knot[0] + x) / 2 + wire * 17, (knot[1] + y) / 2 + 4)
        stroke(canvas, knot, middle, 2, "dfe6ea")
        stroke(canvas, middle, (x + wire * 6, y), 2, "b0bcc4")
    stroke(canvas, (hand[0] * 0.42 + x * 0.58, hand[1] * 0.42 + y * 0.58), hand, 8, "5a6870")
    stroke(canvas, (hand[0] * 0.5 + x * 0.5 - 2, hand[1] * 0.5 + y * 0.5), (hand[0] - 2, hand[1]), 2.4, "a8b8c0")
    oval(canvas, (x, y + 4), (17, 5), "fbeec4", 0.95, soft=2)
    head, *lines = RECIPE
    write(canvas, head.text, (457, 66), 34, "ffd86a", opacity(head, t), align="middle")
    stroke(canvas, (457 - 88, 79), (457 + 88, 79), 2, "ffd86a", 0.8 * opacity(head, t))
    for number, line in enumerate(lines):
        write(canvas, line.text, (352, 115 + number * 39), 28, "f8f6ee", opacity(line, t), bold=0.2)
    return finish(canvas)
