"""A scene in space: a function from a moment in seconds to a frame."""

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
    lay,
    layer,
    light,
    ramp,
)


@cache
def _space() -> tuple[Array, Array]:
    """Return the wide backdrop of a nebula, and the stars as rows of place, size and rhythm."""
    wide = WIDTH + 200
    deep = layer(wide)
    fill(deep, "070512", np.ones((HEIGHT, wide)))
    cloud = clouds(61, HEIGHT, wide, (150, 210), 6)
    veil = clouds(62, HEIGHT, wide, (120, 180), 6)
    light(deep, "5a1f8a", ramp(0.42, 0.85, cloud) * 0.95)
    light(deep, "0f6a8c", ramp(0.5, 0.85, veil) * 0.8)
    light(deep, "e0508c", ramp(0.56, 0.85, cloud * 0.6 + veil * 0.4) * 0.6)
    rng = np.random.default_rng(63)
    for x, y, size in zip(
        rng.uniform(0, wide, 330), rng.uniform(0, HEIGHT, 330), rng.exponential(0.35, 330), strict=True
    ):
        glow(deep, (x, y), 0.5 + size, "e8ecff", 0.8)
    stars = np.stack(
        [
            rng.uniform(0, WIDTH, 26),
            rng.uniform(0, HEIGHT, 26),
            rng.uniform(1, 2.3, 26),
            rng.uniform(1, 4, 26),
        ]
    )
    return deep, stars.T


def _planet(canvas: Array, x: float, y: float, radius: float, bands: Array, sun: tuple[float, float]) -> None:
    """Draw a shaded ball whose surface is a picture that wraps it."""
    left, top = int(x - radius) - 1, int(y - radius) - 1
    size = int(radius * 2) + 3
    across = (np.arange(left, left + size)[None, :] - x) / radius
    down = (np.arange(top, top + size)[:, None] - y) / radius
    away = across**2 + down**2
    height = np.sqrt(np.clip(1 - away, 0, 1))
    shade = np.clip(across * sun[0] + down * sun[1] + height * 0.55, 0.03, 1)
    rows = np.clip((down + 1) / 2 * (bands.shape[0] - 1), 0, bands.shape[0] - 1).astype(int)
    turn = np.arctan2(across, height + 1e-3) / np.pi + 0.5
    colour = bands[rows, np.clip(turn * (bands.shape[1] - 1), 0, bands.shape[1] - 1).astype(int)] * shade[..., None]
    alpha = np.clip((1 - np.sqrt(away)) * radius + 0.5, 0, 1)[..., None]
    rim = np.clip(1 - height, 0, 1)[..., None] ** 3 * shade[..., None] * 0.35
    seen_y, seen_x = slice(max(top, 0), max(top + size, 0)), slice(max(left, 0), max(left + size, 0))
    part = canvas[seen_y, seen_x]
    cut = (
        slice(max(-top, 0), max(-top, 0) + part.shape[0]),
        slice(max(-left, 0), max(-left, 0) + part.shape[1]),
    )
    part += (alpha * (colour + rim))[cut] - alpha[cut] * part


@cache
def _surfaces() -> tuple[Array, Array, Array]:
    """Return the surfaces of the ringed planet, the red planet and the moon."""
    storm = clouds(64, 300, 1200, (16, 500), 5)[..., None]
    stripes = (
        np.sin(np.arange(300) * 0.16)[:, None, None] + np.sin(np.arange(300) * 0.057)[:, None, None]
    ) * 0.18 + storm
    gas = np.array([0.98, 0.80, 0.55]) * ramp(0.1, 0.8, stripes) + np.array([0.66, 0.36, 0.30]) * ramp(
        0.8, 0.1, stripes
    )
    rock = clouds(65, 120, 700, (50, 70), 6)[..., None]
    red = np.array([0.90, 0.42, 0.25]) * (0.45 + rock) * ramp(0.25, 0.5, rock) + np.array([0.35, 0.12, 0.1]) * 0.6
    grey = np.array([0.82, 0.84, 0.90]) * (0.35 + clouds(66, 90, 600, (26, 30), 5)[..., None])
    return gas, red, grey


def planets(t: float) -> npt.NDArray[np.uint8]:
    """Draw a ringed planet with its moon, before a nebula with shooting stars."""
    backdrop, stars = _space()
    canvas = layer()[..., :3]
    lay(canvas, backdrop, t * 5)
    for x, y, size, rhythm in stars:
        glow(canvas, ((x - t * 7) % WIDTH, y), size, "f4f6ff", 0.7 + 0.4 * np.sin(t * rhythm + x))
    gas, red, grey = (face[:, int(t * 14) :][:, : face.shape[1] - 300] for face in _surfaces())
    glow(canvas, (112 - t * 3, 262), 62, "c8503a", 0.22)
    _planet(canvas, 112 - t * 3, 262, 46, red, (-0.7, -0.45))

    x, y, tilt = 408 - t * 5, 172.0, -0.32
    orbit = t * 0.55 + 0.6
    moon = (x + 205 * np.cos(orbit), y - 40 * np.cos(orbit) * 0.9 + 46 * np.sin(orbit))
    if np.sin(orbit) < 0:
        _planet(canvas, *moon, 13, grey, (-0.7, -0.45))
    glow(canvas, (x, y), 120, "e8a868", 0.25)
    along = (COLUMNS - x) * np.cos(tilt) + (ROWS - y) * np.sin(tilt)
    across = (ROWS - y) * np.cos(tilt) - (COLUMNS - x) * np.sin(tilt)
    away = np.hypot(along, across * 4.2)
    grooves = 0.62 + 0.25 * np.sin(away * 0.33) + 0.13 * np.sin(away * 0.9)
    ring = ramp(112, 116, away) * ramp(188, 182, away) * (1 - 0.85 * ramp(4, 1, np.abs(away - 158))) * grooves
    shade = ramp(88, 70, np.abs(across + along * 0.1)) * ramp(20, 60, along) * ramp(165, 110, along)
    shadow = 1 - 0.8 * shade * ramp(-4, -20, across)
    fill(canvas, "f2d3a2", ring * shadow * (across < 0))
    _planet(canvas, x, y, 84, gas, (-0.7, -0.45))
    fill(canvas, "f2d3a2", ring * (across >= 0))
    if np.sin(orbit) >= 0:
        _planet(canvas, *moon, 13, grey, (-0.7, -0.45))
    for comet in range(3):
        flight = (t - 0.8 - comet * 3.3) / 0.9
        if 0 < flight < 1:
            head = (600 - comet * 170 - 260 * flight, 20 + comet * 40 + 120 * flight)
            for part in range(14):
                size = 2.4 - part * 0.15
                glow(
                    canvas,
                    (head[0] + part * 6, head[1] - part * 2.8),
                    size,
                    "dff0ff",
                    (1 - part / 14) * np.sin(flight * np.pi),
                )
    return finish(canvas)
