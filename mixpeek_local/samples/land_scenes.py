"""Scenes in the open: each is a function from a moment in seconds to a frame."""

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

AUTUMN = ("d9822b", "e8a93a", "c4532d", "f0c050", "b8442a")


def _trees(
    seed: int, count: int, girth: float, ground: float, bark: str, leaves: tuple[str, ...], haze: float
) -> Array:
    """Return a wide layer of autumn trees on a slope; ``haze`` is the opacity of its leaves."""
    rng = np.random.default_rng(seed)
    wide = WIDTH + 300
    trees = layer(wide)
    floor = ground + hills(seed, wide, 170, 9, 0.4)
    for x in np.linspace(10, wide - 10, count) + rng.uniform(-24, 24, count):
        size = girth * rng.uniform(0.75, 1.2)
        lean = rng.uniform(-10, 10)
        shape(
            trees,
            [
                (x + lean - size * 0.32, -4),
                (x + lean + size * 0.32, -4),
                (x + size * 0.5, 358),
                (x - size * 0.5, 358),
            ],
            bark,
        )
        for side in (-1, 1, -1):
            y = rng.uniform(60, 170)
            reach = rng.uniform(2.2, 4.5) * size
            stroke(trees, (x + lean * 0.6, y), (x + side * reach, y - reach * 0.7), size * 0.24, bark)
        for _ in range(46):
            centre = (x + rng.normal(0, 3.4 * girth**0.75), rng.uniform(-20, 40 + ground * 0.24))
            radius = girth**0.5 * rng.uniform(2.0, 4.6)
            code = str(rng.choice(leaves))
            oval(trees, centre, (radius * 1.25, radius * 0.8), code, haze, rng.uniform(-0.5, 0.5), 2.5)
    below(trees, floor, leaves[0])
    below(trees, floor, bark, 0.45)
    for _ in range(260):
        x = rng.uniform(0, wide)
        y = floor[int(x)] + 3 + rng.uniform(0, 1) ** 2 * (HEIGHT - ground)
        oval(trees, (x, y), (3.4 * girth / 22 + 1, 1.2), str(rng.choice(leaves)), 0.7)
    return trees


@cache
def _forest() -> tuple[Array, list[Array]]:
    """Return the misty light behind the trees, and the layers of trees from far to near."""
    sky = gradient((0, "f7e3a8"), (150, "fff3cf"), (290, "f3d493"), (360, "d9a860"))
    glow(sky, (430, 110), 170, "fff2b8", 0.35)
    pale = ("e9bd6a", "edcb84", "dda45c", "f2d898")
    return np.minimum(sky, 1), [
        _trees(41, 24, 7, 262, "cfae78", pale, 0.75),
        _trees(42, 13, 14, 284, "97683f", ("d99a45", "e5b458", "c97a3c", "edc769"), 0.85),
        _trees(43, 6, 27, 312, "3f2619", AUTUMN, 0.92),
    ]


def autumn_forest(t: float) -> npt.NDArray[np.uint8]:
    """Draw a slow walk past an autumn wood with falling leaves."""
    sky, layers = _forest()
    canvas = sky.copy()
    for depth, trees in enumerate(layers):
        lay(canvas, trees, 10 + t * (4, 10, 24)[depth])
        if depth == 1:
            slant = COLUMNS + ROWS * 0.75 - 300
            rays = np.sin(slant * 0.023 + 0.1 * t) + np.sin(slant * 0.041 - 0.16 * t + 2)
            shine = ramp(0.5, 1.9, rays) * ramp(330, 60, ROWS) * (0.30 + 0.05 * np.sin(t))
            light(canvas, "fff0b0", shine)
    for leaf in range(48):
        near = 0.5 + leaf % 6 * 0.14
        fall = (t * (0.10 + 0.05 * near) + leaf * 0.618) % 1
        sway = t * 1.7 + leaf
        x = (leaf * 137.5 - t * 34 * near + 26 * np.sin(sway)) % (WIDTH + 60) - 30
        flat = 0.25 + 0.75 * abs(np.sin(sway * 1.4 + leaf))
        size = 7.5 * near
        oval(canvas, (x, fall * 400 - 20), (size, size * 0.55 * flat), AUTUMN[leaf % 5], 1, np.sin(sway) + leaf)
    return finish(canvas)


def _range(canvas: Array, seed: int, base: float, height: float, step: float, rock: tuple[str, str], snow: str) -> None:
    """Draw a mountain range with snow on its upper parts and one lit side."""
    wide = canvas.shape[1]
    ridge = base + hills(seed, wide, step, height, 0.52, 6)
    below(canvas, ridge, rock[0])
    depth = ROWS - ridge[None, :]
    grain = clouds(seed, HEIGHT, wide, (34, 40), 5)
    slope = np.gradient(np.convolve(np.pad(ridge, 18, mode="edge"), np.ones(37) / 37, "valid"))
    from_column = np.arange(wide) + (grain - 0.5) * (24 + np.clip(depth, 0, 90))
    lit = ramp(-0.12, 0.12, slope[np.clip(from_column.astype(int), 0, wide - 1)])
    inside = np.clip(depth + 0.5, 0, 1)
    fill(canvas, rock[1], inside * lit)
    cover = ramp(8, -8, ROWS - (base - height * 0.05) - (grain - 0.5) * height * 2.2) * inside
    fill(canvas, snow, cover * (0.45 + 0.55 * lit))


def _pine(canvas: Array, x: float, y: float, tall: float) -> None:
    """Draw a snowy pine that stands at (x, y)."""
    shape(
        canvas,
        [
            (x - tall * 0.04, y - tall * 0.2),
            (x + tall * 0.04, y - tall * 0.2),
            (x + tall * 0.04, y),
            (x - tall * 0.04, y),
        ],
        "3c2a24",
    )
    for tier in range(4):
        top, half = y - tall * (0.46 + tier * 0.18), tall * (0.27 - tier * 0.05)
        foot = top + tall * 0.33
        shape(canvas, [(x, top), (x + half, foot), (x - half, foot)], "1f4a47")
        shape(canvas, [(x, top), (x + half * 0.25, foot), (x - half, foot)], "2c625a")
        shape(
            canvas,
            [(x, top), (x + half * 0.45, top + tall * 0.15), (x - half * 0.5, top + tall * 0.16)],
            "f4f9ff",
        )


@cache
def _mountains() -> tuple[Array, list[Array]]:
    """Return the winter sky, and the layers of mountains and snowy ground from far to near."""
    sky = gradient((0, "5f9bd8"), (120, "a9d0f0"), (230, "eef4fa"), (360, "ffffff"))
    noise = clouds(50, HEIGHT, WIDTH, (50, 230), 5)
    fill(sky, "ffffff", ramp(0.5, 0.8, noise) * ramp(240, 40, ROWS) * 0.8)
    wide = WIDTH + 200
    far, middle, near = layer(wide), layer(wide), layer(wide)
    _range(far, 51, 165, 62, 150, ("7f9dc4", "9db6d6"), "f3f7fd")
    _range(middle, 57, 232, 66, 190, ("4d668c", "6d86a8"), "ffffff")
    rng = np.random.default_rng(54)
    floor = 286 + hills(55, wide, 220, 16, 0.4)
    below(near, floor, "dfeaf6")
    below(near, floor + 16 + hills(56, wide, 120, 8, 0.4), "f4f8fd")
    for x in np.sort(rng.uniform(0, wide, 46)):
        if not 300 < x < 470:
            _pine(near, x, floor[int(x)] + 8, rng.uniform(34, 58))
    for x, y, tall in ((60, 345, 120), (150, 356, 92), (560, 350, 128), (668, 352, 100), (760, 340, 124)):
        oval(near, (x, y), (tall * 0.3, 5), "b9cde4", 0.8, soft=3)
        _pine(near, x, y, tall)
    x, y = 380, 322
    oval(near, (x, y + 1), (70, 6), "b9cde4", 0.9, soft=4)
    shape(near, [(x - 46, y - 38), (x + 46, y - 38), (x + 46, y), (x - 46, y)], "7a4a2e")
    for plank in range(5):
        stroke(near, (x - 45, y - 4 - plank * 8), (x + 45, y - 4 - plank * 8), 1.2, "5c3420")
    shape(near, [(x + 20, y - 84), (x + 32, y - 84), (x + 32, y - 50), (x + 20, y - 50)], "6b5a58")
    shape(near, [(x, y - 78), (x + 60, y - 34), (x - 60, y - 34)], "7a4a2e")
    shape(near, [(x, y - 84), (x + 4, y - 80), (x - 54, y - 31), (x - 64, y - 34)], "ffffff")
    shape(near, [(x, y - 84), (x + 64, y - 34), (x + 54, y - 31), (x - 4, y - 80)], "eaf2fb")
    shape(near, [(x - 32, y - 27), (x - 12, y - 27), (x - 12, y - 9), (x - 32, y - 9)], "ffd471")
    stroke(near, (x - 22, y - 27), (x - 22, y - 9), 1.6, "5c3420")
    shape(near, [(x + 10, y - 28), (x + 26, y - 28), (x + 26, y), (x + 10, y)], "4a2a1c")
    return sky, [far, middle, near]


def snowy_mountains(t: float) -> npt.NDArray[np.uint8]:
    """Draw a cabin among snowy mountains while snow falls."""
    sky, layers = _mountains()
    canvas = sky.copy()
    for depth, part in enumerate(layers):
        lay(canvas, part, 20 + t * (1.5, 4, 9)[depth])
    chimney = 386 - t * 9
    for puff in range(12):
        age = (t * 0.22 + puff / 12) % 1
        centre = (chimney + 34 * age + 7 * np.sin(age * 7 + puff), 238 - age * 95)
        oval(canvas, centre, (5 + 19 * age, 4 + 14 * age), "d4dde9", 0.5 * (1 - age), soft=5)
    for flake in range(110):
        near = 0.35 + flake % 7 * 0.11
        fall = (t * (0.09 + 0.12 * near) + flake * 0.618) % 1
        x = (flake * 137.5 + t * 22 * near + 12 * np.sin(t * 1.1 + flake)) % (WIDTH + 20) - 10
        oval(canvas, (x, fall * 380 - 10), (3.2 * near, 3.2 * near), "ffffff", 0.95)
    return finish(canvas)
