"""Letters for the samples: text and panels blended onto canvases.

Pillow draws the letters, in its built-in font, Aileron (public domain, CC0): a frame needs no font of the
machine, and the same version of Pillow draws the same pixels. Only this module needs Pillow.
"""

from functools import cache
from typing import Literal

import numpy as np

from mixpeek_local.samples.drawing import Array, fill, ramp
from mixpeek_local.samples.words import Shown

FADE = 0.4
"""How long a line takes to appear and to vanish, in seconds, outside the time in which it can be read."""


@cache
def _letters(text: str, size: float, bold: float) -> tuple[Array, int, int]:
    """Return a mask of the text, and the place of its corner relative to the start of its baseline."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size)
    pen = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = (round(edge) for edge in pen.textbbox((0, 0), text, font, "ls", stroke_width=bold))
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((-left, -top), text, 255, font, "ls", stroke_width=bold)
    return np.asarray(image, dtype=np.float32) / np.float32(255), left, top


def write(
    canvas: Array,
    text: str,
    place: tuple[float, float],
    size: float,
    code: str,
    alpha: float = 1.0,
    bold: float = 0.0,
    align: Literal["left", "middle"] = "left",
) -> None:
    """Write a line; ``place`` is the start, or the middle, of its baseline, and ``bold`` thickens its strokes."""
    mask, left, top = _letters(text, size, bold)
    shift = mask.shape[1] // 2 if align == "middle" else 0
    fill(canvas, code, mask * alpha, round(place[0]) + left - shift, round(place[1]) + top)


def panel(
    canvas: Array, box: tuple[float, float, float, float], code: str, alpha: float = 1.0, corner: float = 8
) -> None:
    """Draw a rectangle (left, top, right, bottom) with round corners of radius ``corner``."""
    left, top, right, bottom = box
    x, y = max(int(left) - 1, 0), max(int(top) - 1, 0)
    columns = np.arange(x, min(int(right) + 2, canvas.shape[1]), dtype=np.float32)[None, :]
    rows = np.arange(y, min(int(bottom) + 2, canvas.shape[0]), dtype=np.float32)[:, None]
    across = np.abs(columns - (left + right) / 2) - (right - left) / 2 + corner
    down = np.abs(rows - (top + bottom) / 2) - (bottom - top) / 2 + corner
    away = np.hypot(np.maximum(across, 0), np.maximum(down, 0)) + np.minimum(np.maximum(across, down), 0) - corner
    fill(canvas, code, alpha * np.clip(0.5 - away, 0, 1), x, y)


def opacity(line: Shown, t: float) -> float:
    """Return how far a line has appeared at a moment: 1 from its start to its end."""
    return float(ramp(line.start - FADE, line.start, t) * ramp(line.end + FADE, line.end, t))
