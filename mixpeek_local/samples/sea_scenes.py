"""Scenes at the sea: each is a function from a moment in seconds to a frame."""

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
    shape,
    stroke,
)

HORIZON = 205
# Each wave: how fast it changes across, into the distance and over time, and how high it is.
WAVES = (
    (0.010, 9.0, 1.1, 1.0),
    (-0.016, 13.0, 1.5, 0.8),
    (0.034, 21.0, 2.1, 0.6),
    (-0.055, 29.0, 2.6, 0.5),
    (0.090, 41.0, 3.3, 0.35),
)


@cache
def _wave_phases(horizon: int) -> tuple[Array, Array]:
    """Return the resting phase of each wave below a horizon, and how near (0 to 1) each row is."""
    near = (np.arange(HEIGHT - horizon, dtype=np.float32)[:, None] + 1) / (HEIGHT - horizon)
    far = 1 / (near + 0.06)
    phases = [across * (COLUMNS - 320) * far**0.8 + into * far**0.75 * 1.6 for across, into, _, _ in WAVES]
    return np.stack(phases).astype(np.float32), near


def _swell(t: float, horizon: int) -> tuple[Array, Array]:
    """Return the height of the water (about -1 to 1) below a horizon, and how near each row is."""
    phases, near = _wave_phases(horizon)
    total = np.zeros(phases.shape[1:], dtype=np.float32)
    for phase, (_, _, speed, height) in zip(phases, WAVES, strict=True):
        total += np.float32(height) * np.sin(phase + np.float32(speed * t))
    return total / 1.9, near


@cache
def _sunset_sky() -> tuple[Array, Array]:
    """Return the evening sky without its sun, and a wide layer of lit clouds."""
    sky = gradient((0, "2b2f6b"), (70, "7a4a8c"), (130, "dd6f6a"), (175, "ffab5e"), (205, "ffd98a"))
    band = layer(WIDTH + 160)
    noise = clouds(11, HORIZON, WIDTH + 160, (26, 210), 5)
    thick = ramp(0.52, 0.74, noise) * ramp(10, 60, ROWS[:HORIZON]) * ramp(158, 112, ROWS[:HORIZON])
    fill(band, "c2506e", thick * 0.75)
    fill(band, "ffc37a", ramp(0.62, 0.85, noise) * thick * 0.7)
    return sky, band


def _gull(canvas: Array, x: float, y: float, size: float, beat: float) -> None:
    lift = size * 0.5 * np.sin(beat)
    for side in (-1, 1):
        bend = (x + side * size * 0.5, y - size * 0.28 - lift * 0.5)
        stroke(canvas, (x, y), bend, 1.8, "2a2038")
        stroke(canvas, bend, (x + side * size, y - lift * 0.9 + size * 0.1), 1.3, "2a2038")


def _boat(canvas: Array, x: float, y: float, tilt: float) -> None:
    """Draw a sailing boat whose waterline is at (x, y)."""

    def at(dx: float, dy: float) -> tuple[float, float]:
        return x + dx - dy * tilt, y + dy + dx * tilt * 0.6

    shape(canvas, [at(-46, -14), at(52, -14), at(36, 3), at(-36, 3)], "2b1a2e")
    shape(canvas, [at(-46, -15), at(53, -15), at(52, -12), at(-46, -12)], "f0d5b8")
    stroke(canvas, at(2, -12), at(2, -118), 2.4, "2b1a2e")
    shape(canvas, [at(-1, -114), at(-1, -21), at(-44, -21)], "fff0d8", 0.96)
    for seam in (-90, -66, -43):
        stroke(canvas, at(-1, seam), at(-1 + (-114 - seam) * 43 / 93, seam), 1, "d9a98a")
    shape(canvas, [at(6, -106), at(46, -20), at(6, -22)], "e85d4a", 0.96)
    shape(canvas, [at(2, -124), at(16, -120), at(2, -116)], "e85d4a")


def sea_at_sunset(t: float, pan: float = 0.0) -> npt.NDArray[np.uint8]:
    """Draw a sailing boat that crosses the sun's reflection; ``pan`` shifts the camera, in pixels."""
    sky, band = _sunset_sky()
    canvas = sky.copy()
    sun = 380 - pan - t * 0.5
    high = 168.0 + t * 0.25
    glow(canvas, (sun, high), 190, "ff8a3c", 0.34)
    glow(canvas, (sun, high), 62, "ffd070", 0.55)
    np.minimum(canvas, 1, out=canvas)
    oval(canvas, (sun, high), (33, 33), "fff6d6", soft=2)
    lay(canvas, band, (40 + pan + t * 2) % 159)
    far = hills(5, WIDTH + 200, 120, 16, 0.45)[50 + int(pan) :][:WIDTH]
    coast = ramp(300 - pan, 20 - pan, COLUMNS[0])
    below(canvas, HORIZON + 2 + (far - 36) * coast, "6d3f66")

    swell, near = _swell(t, HORIZON)
    canvas[HORIZON:] = canvas[HORIZON - 1 :: -1][: HEIGHT - HORIZON] * 0.55
    water = canvas[HORIZON:]
    water += (ramp(0.2, 1.0, near) * 0.6)[..., None] * (np.array([0.13, 0.12, 0.30], np.float32) - water)
    light(canvas, "ff9a6a", np.clip(swell, -0.6, 1) * 0.16, y=HORIZON)
    away = np.abs(COLUMNS - sun) / (26 + near * 95 + 22 * swell)
    glitter = np.exp(-(away**2)) * ramp(-0.15 + 0.35 * near, 0.6 + 0.2 * near, swell + 0.25 * (1 - near))
    light(canvas, "ffc873", glitter * 0.95, y=HORIZON)
    light(canvas, "ffb46a", np.exp(-near * 22) * np.exp(-(((COLUMNS - sun) / 170) ** 2)) * 0.6, y=HORIZON)

    x = 120 + t * 17 - pan
    y = 268 + 2.5 * np.sin(t * 1.5)
    tilt = 0.05 * np.sin(t * 1.5 + 0.8)
    for row in range(26):
        ripple = 4 * np.sin(row * 0.9 + t * 4)
        stroke(
            canvas,
            (x - 34 + ripple, y + 4 + row),
            (x + 34 + ripple, y + 4 + row),
            1.4,
            "23152c",
            0.5 - row * 0.019,
        )
    _boat(canvas, x, y, tilt)
    for bird, (dx, dy, size) in enumerate(((0, 0, 13), (46, 20, 10), (84, -12, 9))):
        _gull(canvas, 560 - t * 22 + dx - pan, 70 + dy + 5 * np.sin(t + bird), size, t * 6 + bird * 1.7)
    return finish(canvas)


@cache
def _lighthouse() -> tuple[Array, Array]:
    """Return the night sky with its moon, and the layer with the cliff and the tower."""
    sky = gradient((0, "050b1f"), (110, "0d2547"), (205, "2a5a7d"))
    rng = np.random.default_rng(21)
    for x, y, size in zip(
        rng.uniform(0, WIDTH, 150), rng.uniform(0, 185, 150), rng.uniform(0.4, 1.2, 150), strict=True
    ):
        glow(sky, (x, y), size, "dce8ff", 0.9)
    glow(sky, (120, 72), 60, "6d93c4", 0.4)
    oval(sky, (120, 72), (23, 23), "eef3ff", soft=1.5)
    for x, y, size in ((113, 66, 6), (128, 80, 5), (126, 62, 3), (112, 82, 3)):
        oval(sky, (x, y), (size, size * 0.9), "c9d6ea", 0.7, soft=2)
    front = layer()
    x = COLUMNS[0]
    cliff = 400 - 150 * ramp(330, 470, x) - 22 * ramp(470, 640, x) + hills(8, WIDTH, 60, 9, 0.55)
    below(front, cliff, "16222e")
    below(front, cliff + 10 + hills(9, WIDTH, 30, 8, 0.6), "0d161f")
    shape(front, [(494, 92), (526, 92), (540, 250), (480, 250)], "e9e6df")
    for top in (106, 154, 202):
        wide = (top - 92) / 158 * 14
        shape(
            front,
            [(494 - wide, top), (526 + wide, top), (528.2 + wide, top + 25), (491.8 - wide, top + 25)],
            "c23a36",
        )
    shape(front, [(512, 92), (528, 92), (541, 250), (516, 250)], "0a1626", 0.45)
    shape(front, [(484, 86), (536, 86), (536, 93), (484, 93)], "22303c")
    shape(front, [(497, 62), (523, 62), (523, 86), (497, 86)], "fff2b0")
    for rail in (497, 510, 523):
        stroke(front, (rail, 62), (rail, 86), 1.6, "22303c")
    shape(front, [(510, 44), (528, 62), (492, 62)], "a32f2d")
    for y in (132, 180):
        oval(front, (509, y), (3.6, 5.5), "ffd88a")
    shape(front, [(560, 214), (616, 214), (616, 250), (560, 250)], "2c3a48")
    shape(front, [(588, 192), (624, 216), (552, 216)], "5a2a2c")
    shape(front, [(572, 224), (584, 224), (584, 236), (572, 236)], "ffd27a")
    shape(front, [(594, 224), (606, 224), (606, 236), (594, 236)], "ffd27a")
    return sky, front


def lighthouse_at_night(t: float) -> npt.NDArray[np.uint8]:
    """Draw a lighthouse whose beam sweeps over a moonlit sea."""
    sky, front = _lighthouse()
    canvas = sky.copy()
    swell, near = _swell(t * 1.1 + 40, HORIZON)
    canvas[HORIZON:] = np.array([0.05, 0.13, 0.22], np.float32) * (1.15 - 0.6 * near[..., None])
    light(canvas, "4f86ab", np.clip(swell, -0.5, 1) * 0.14 + np.exp(-near * 14) * 0.3, y=HORIZON)
    away = np.abs(COLUMNS - 120) / (14 + near * 60 + 12 * swell)
    light(canvas, "cfe0ff", np.exp(-(away**2)) * ramp(0.1, 0.75, swell + 0.2 * (1 - near)) * 0.75, y=HORIZON)

    turn = t * 2 * np.pi / 5
    for beam in (turn, turn + np.pi):
        reach = float(np.cos(beam))
        dx, dy = COLUMNS - 510, ROWS - 74
        along = dx * np.sign(reach)
        wide = 3 + np.maximum(along, 0) * 0.085
        slope = 0.06 * float(np.sin(beam))
        ray = (
            np.exp(-(((dy - along * slope) / wide) ** 2)) * ramp(0, 6, along) * np.exp(-along / (620 * abs(reach) + 5))
        )
        light(canvas, "fff0b8", ray * 0.75 * abs(reach) ** 0.7)
        if np.sin(beam) > 0:
            spot = 510 + 900 * reach * (1 - near * 0.5)
            shine = np.exp(-(((COLUMNS - spot) / (60 + 160 * near)) ** 2)) * ramp(0.0, 0.8, swell + 0.4)
            light(canvas, "ffe9a8", shine * 0.35 * float(np.sin(beam)), y=HORIZON)
    lay(canvas, front)
    flash = max(float(np.sin(turn)), float(-np.sin(turn))) ** 6
    glow(canvas, (510, 74), 26, "fff0b8", 0.45 + 0.4 * flash)
    for spray in range(14):
        phase = (t * 0.55 + spray * 0.37) % 1
        x = 352 + spray * 11.0 - 10 * phase
        y = 352 - spray * 5.5 - 26 * np.sin(phase * np.pi)
        oval(canvas, (x, y), (7 + 9 * phase, 4 + 5 * phase), "bcd8e8", 0.22 * (1 - phase), soft=6)
    ship = 40 + t * 9
    shape(canvas, [(ship, 200), (ship + 44, 200), (ship + 38, 208), (ship + 5, 208)], "0a1420")
    shape(canvas, [(ship + 6, 192), (ship + 18, 192), (ship + 18, 201), (ship + 6, 201)], "0a1420")
    glow(canvas, (ship + 12, 190), 3, "ff5a4a", 0.9)
    glow(canvas, (ship + 40, 197), 2.5, "9dffb0", 0.9)
    return finish(canvas)
