"""Drawings that a model for photos knows."""

from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Picture = NDArray[np.uint8]


def clock(size: int = 240, minutes: int = 610) -> Picture:
    """A wall clock that shows a time, on a brown wall."""
    image, pen = _canvas(2 * size, (190, 170, 150))
    radius = 0.84 * size

    def at(turn: float, share: float) -> tuple[float, float]:
        angle = 2 * pi * turn
        return size + radius * share * sin(angle), size - radius * share * cos(angle)

    pen.circle((size, size), radius * 1.07, fill=(60, 40, 30))
    pen.circle((size, size), radius, fill=(250, 250, 245))
    for minute in range(60):
        hour = minute % 5 == 0
        pen.line((*at(minute / 60, 0.82 if hour else 0.9), *at(minute / 60, 0.96)), fill=20, width=8 if hour else 3)
    pen.line((size, size, *at(minutes / 720, 0.5)), fill=10, width=14)
    pen.line((size, size, *at(minutes / 60, 0.75)), fill=10, width=9)
    return np.asarray(image.resize((size, size), Image.Resampling.LANCZOS))


def spider_web(size: int = 240) -> Picture:
    """Threads on dark green."""
    image, pen = _canvas(size, (40, 60, 40))

    def knot(radius: float, thread: int) -> tuple[float, float]:
        return size / 2 + radius * sin(thread * pi / 8), size / 2 - radius * cos(thread * pi / 8)

    for thread in range(16):
        pen.line((size / 2, size / 2, *knot(0.47 * size, thread)), fill=(220, 220, 220))
    for ring in range(1, 12):
        pen.line([knot(0.04 * size * ring, thread) for thread in range(17)], fill=(220, 220, 220))
    return np.asarray(image)


def umbrella(size: int = 240) -> Picture:
    """A red one, open, before a grey sky."""
    image, pen = _canvas(size, (200, 215, 230))
    unit, wood = size / 240, (60, 40, 20)
    pen.pieslice((20 * unit, 30 * unit, 220 * unit, 230 * unit), 180, 360, fill=(200, 20, 30))
    pen.line((120 * unit, 130 * unit, 120 * unit, 215 * unit), fill=wood, width=5)
    pen.arc((100 * unit, 200 * unit, 120 * unit, 230 * unit), 0, 180, fill=wood, width=5)
    return np.asarray(image)


def plain(height: int, width: int, level: int = 128) -> Picture:
    """One shade of grey."""
    return np.full((height, width, 3), level, np.uint8)


def _canvas(size: int, colour: tuple[int, int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (size, size), colour)
    return image, ImageDraw.Draw(image)
