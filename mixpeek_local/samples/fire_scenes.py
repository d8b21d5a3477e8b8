"""A scene of fire: a function from a moment in seconds to a frame."""

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
    lay,
    layer,
    light,
    oval,
    ramp,
    stroke,
)

SHORE = 268
SUMMIT = (322.0, 116.0)
STREAMS = ((-14, -52, 236), (2, 10, 258), (15, 66, 226))
"""Each stream of lava: where it leaves the crater, how far it drifts to the side, and the row where it ends."""


def _slope(x: Array) -> Array:
    """Return the row of the mountain's surface at each column."""
    away = np.maximum(np.abs(x - SUMMIT[0]) - 24, 0)
    return SHORE + 4 - 154 * np.exp(-away / 108) + 5 * ramp(26, 0, np.abs(x - SUMMIT[0]))


def _lava(stream: tuple[int, int, int], row: float) -> tuple[float, float]:
    """Return how far down the slope (from 0 to 1) a row is, and the column of a stream of lava there."""
    start, drift, _ = stream
    part = (row - 104) / 150
    return part, SUMMIT[0] + start + drift * part**1.1 + 5 * float(np.sin(row * 0.11 + start))


def _palm(canvas: Array, x: float, y: float, tall: float, lean: float) -> None:
    """Draw the dark outline of a palm tree."""
    top = (x, y)
    for joint in range(10):
        end = (x + lean * ((joint + 1) / 10) ** 2, y - tall * (joint + 1) / 10)
        stroke(canvas, top, end, 8 - joint * 0.4, "120a16")
        top = end
    for angle in np.linspace(-2.9, -0.25, 9):
        tip, length = top, tall * 0.11
        for joint in range(5):
            bend = angle + (0.32 if np.cos(angle) > 0 else -0.32) * joint
            end = (tip[0] + length * np.cos(bend), tip[1] + length * np.sin(bend))
            stroke(canvas, tip, end, 9 - joint * 1.5, "120a16")
            tip = end


@cache
def _mountain() -> tuple[Array, Array]:
    """Return the evening behind a fiery mountain with the mountain, and the layer with the near shore."""
    sky = gradient((0, "1a1440"), (90, "45205c"), (190, "a53a58"), (250, "f27a4a"), (360, "f27a4a"))
    rng = np.random.default_rng(91)
    for x, y, size in zip(rng.uniform(0, WIDTH, 60), rng.uniform(0, 110, 60), rng.uniform(0.5, 1.1, 60), strict=True):
        glow(sky, (x, y), size, "ffffff", 0.5 * (1 - y / 130))
    below(sky, 246 + hills(92, WIDTH, 120, 16, 0.5), "7a2f55")
    below(sky, 258 + hills(93, WIDTH, 90, 9, 0.5), "5a2548")
    line = np.arange(WIDTH, dtype=np.float32)
    surface = _slope(line) + hills(94, WIDTH, 26, 2.4, 0.5, 3)
    inside = np.clip(ROWS - surface[None, :] + 0.5, 0, 1)
    fill(sky, "3c2340", inside)
    ridges = clouds(95, HEIGHT, WIDTH, (220, 26), 4)
    fill(sky, "1c1024", inside * ramp(0.35, 0.75, ridges) * 0.6)
    fill(sky, "1c1024", inside * ramp(SUMMIT[0] - 30, WIDTH, COLUMNS) * 0.75)
    light(sky, "f06a48", inside * ramp(SUMMIT[0] - 30, 60, COLUMNS) * ramp(0.6, 0.3, ridges) * 0.16)
    for stream in STREAMS:
        point = (SUMMIT[0] + stream[0], SUMMIT[1] - 6)
        for row in np.arange(112, stream[2], 7.0):
            part, x = _lava(stream, row)
            glow(sky, (x, row), 10, "ff4a14", 0.20 * (1.1 - part))
            stroke(sky, point, (x, row), 5.5 - 3.5 * part, "ff5a1a")
            stroke(sky, point, (x, row), 2.6 - 1.6 * part, "ffd466")
            point = (x, row)
    shore = layer()
    below(shore, 372 - 78 * np.exp(-(((line - 20) / 130) ** 2)) - 64 * np.exp(-(((line - 640) / 120) ** 2)), "120a16")
    for x, y, tall, lean in ((58, 312, 150, 26), (20, 318, 105, -16), (598, 320, 128, -34), (630, 322, 90, 6)):
        _palm(shore, x, y, tall, lean)
    return sky, shore


def volcano(t: float) -> npt.NDArray[np.uint8]:
    """Draw a volcano that throws out fire and ash, above a lake."""
    backdrop, shore = _mountain()
    canvas = backdrop.copy()
    x0, y0 = SUMMIT
    for puff in sorted(range(42), key=lambda number: -((t * 0.07 + number / 42) % 1)):
        age = (t * 0.07 + puff / 42) % 1
        x = x0 + 190 * age**1.5 + 22 * np.sin(puff * 2.4) * age**0.5
        y = y0 - 8 - 112 * age**0.8 + 10 * np.cos(puff * 1.7)
        size = 11 + 46 * age
        warm = "a84a3c" if puff % 3 == 0 and age < 0.4 else ("4a3448", "5d4454", "38283c")[puff % 3]
        oval(canvas, (x, y), (size * 1.15, size), warm, 0.62 * ramp(1, 0.55, age), soft=size * 0.55)
        oval(
            canvas,
            (x - size * 0.3, y - size * 0.3),
            (size * 0.6, size * 0.5),
            "8a6470",
            0.2 * (1 - age),
            soft=size * 0.4,
        )
    beat = 0.85 + 0.15 * np.sin(t * 7) * np.sin(t * 3.1)
    glow(canvas, (x0, y0 - 16), 62 * beat, "ff5a1e", 0.55)
    glow(canvas, (x0, y0), 20, "ffd27a", 0.9)
    for spark in range(64):
        age = (t * 0.62 + spark * 0.618) % 1
        side, lift = np.sin(spark * 12.9) * 68, 128 + 46 * np.sin(spark * 4.7)
        x, y = x0 + side * age, y0 - lift * age + 168 * age**2
        if y < _slope(np.array(x)):
            glow(canvas, (x, y), 2.6 - 1.1 * age, ("fff0b0", "ffb347", "ff7a2e")[int(age * 3)], 1.1 - 0.6 * age)
    for drop in range(9):
        age = (t * 0.16 + drop / 9) % 1
        row = 112 + 118 * age
        _, x = _lava(STREAMS[drop % 3], row)
        glow(canvas, (x, row), 6, "ffc85a", 0.8 * (1 - age))
    rows = np.arange(SHORE, HEIGHT)
    depth = rows - SHORE
    mirror = np.clip(SHORE - 2 - depth * 1.9 + 2.5 * np.sin(depth * 0.75 - t * 3), 0, SHORE - 2).astype(int)
    canvas[SHORE:] = canvas[mirror] * 0.62
    fill(canvas, "2a1440", np.repeat(ramp(0, 110, depth)[:, None] * 0.55 + 0.1, WIDTH, axis=1), y=SHORE)
    ripple = np.sin(depth[:, None] * 0.9 - t * 2.4 + 1.4 * np.sin(COLUMNS * 0.025 + depth[:, None] * 0.12))
    near = np.exp(-(((COLUMNS - x0) / (46 + depth[:, None] * 0.9)) ** 2))
    light(canvas, "ff8a4a", ramp(0.45, 1, ripple) * near * 0.5 * beat, y=SHORE)
    lay(canvas, shore)
    return finish(canvas)
