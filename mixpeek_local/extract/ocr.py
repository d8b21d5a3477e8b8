"""OCR: the text in a picture becomes lines with their places.

PP-OCRv6 tiny on onnxruntime: one model marks where text is, another reads each marked line. Textures that look like
text are left out, at the price of some small or faint text; see `_is_text`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.text_areas import Quad, text_areas
from mixpeek_local.models.capabilities import packages_are_installed
from mixpeek_local.models.catalogue import folder
from mixpeek_local.models.onnx import session

if TYPE_CHECKING:
    from PIL.Image import Image

Box = tuple[float, float, float, float]
"""Left, top, width and height, as fractions of the picture's width and height."""

# Text is located in pictures reduced to this long side: of 294 drawn lines 0.850 were read without an error, at 640
# pixels 0.837, at 960 pixels 0.854 in 1.5 times the time. Lines are read in full size.
_SEARCHED_PIXELS = 736
_SEARCH_STEP = 32
# As the detector was trained (its inference.yml), on blue, green and red.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32) * 255

# Of the recogniser: lines are resized to this height; the longest in its training had this width.
_LINE_HEIGHT, _WIDEST, _WIDTH_STEP = 48, 3200, 8
_BLANK = 0

# Of the line with its margin; lower ones are misread.
_LOWEST_PIXELS = 12
_MOST_LINES = 100
# As a share of the picture's height.
_TALL = 0.2
_SURE, _SURE_OF_TWO = 0.85, 0.98
_BULLETS = " \t,·•●■□▪◦○。|~_"


@dataclass(frozen=True)
class Line:
    """A line of text in a picture.

    Attributes:
        text: As read.
        confidence: Mean probability of its characters, 0 to 1.
        box: Where it is.
    """

    text: str
    confidence: float
    box: Box


class Reader:
    """The two models, loaded."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._detector = session(folder / "detector.onnx", threads)
        self._recogniser = session(folder / "recogniser.onnx", threads)
        characters = self._recogniser.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._characters = np.array(["", *filter(None, characters), " "])

    def read(self, picture: NDArray[np.uint8]) -> list[Line]:
        """Read a picture, from top to bottom and left to right.

        Args:
            picture: Red, green and blue, height x width x 3, of any size.
        """
        from PIL import Image

        image = Image.fromarray(picture)
        return in_reading_order(line for quad in self._areas(image) for line in self._lines(image, quad))

    def _areas(self, image: "Image") -> list[Quad]:
        """Where text is, in pixels of the picture; only the largest lines of a crowded page."""
        from PIL.Image import Resampling

        shrink = min(1.0, _SEARCHED_PIXELS / max(image.size))
        width, height = (max(1, round(side * shrink / _SEARCH_STEP)) * _SEARCH_STEP for side in image.size)
        pixels = np.asarray(image.resize((width, height), Resampling.BILINEAR), np.float32)[..., ::-1]
        values = np.ascontiguousarray(((pixels - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None])
        (probability,) = self._detector.run(None, {"x": values})
        scale = np.array([image.width / width, image.height / height])
        areas = [quad * scale for quad in text_areas(np.asarray(probability, np.float32)[0, 0])]
        return sorted(areas, key=_height, reverse=True)[:_MOST_LINES]

    def _lines(self, image: "Image", quad: Quad) -> list[Line]:
        line = self._line(image, quad)
        if line is None and _height(quad) > _TALL * image.height:
            # Probably two lines of a title, close together.
            left, right = (quad[0] + quad[3]) / 2, (quad[1] + quad[2]) / 2
            halves = np.array([[quad[0], quad[1], right, left], [left, right, quad[2], quad[3]]])
            return [line for half in halves if (line := self._line(image, half)) is not None]
        return [line] if line is not None else []

    def _line(self, image: "Image", quad: Quad) -> Line | None:
        width, height = math.dist(quad[0], quad[1]), _height(quad)
        # Vertical text is rare; tall areas are mostly not text.
        if height < _LOWEST_PIXELS or height > 1.2 * width:
            return None
        text, confidence = self._recognise(_straightened(image, quad, round(width), round(height)))
        text = text.strip(_BULLETS)
        return Line(text, confidence, _box(quad, image)) if _is_text(text, confidence) else None

    def _recognise(self, line: "Image") -> tuple[str, float]:
        from PIL.Image import Resampling

        width = math.ceil(line.width * _LINE_HEIGHT / line.height / _WIDTH_STEP) * _WIDTH_STEP
        line = line.resize((min(width, _WIDEST), _LINE_HEIGHT), Resampling.BILINEAR)
        values = np.asarray(line, np.float32)[..., ::-1] / 127.5 - 1
        (steps,) = self._recogniser.run(None, {"x": np.ascontiguousarray(values.transpose(2, 0, 1)[None])})
        probabilities = np.asarray(steps, np.float32)[0]
        best = probabilities.argmax(axis=1)
        # Each step along the line gives a character or none; equal characters in a row count once (CTC).
        said = (best != _BLANK) & (best != np.concatenate([[_BLANK], best[:-1]]))
        if not said.any():
            return "", 0.0
        return "".join(self._characters[best[said]]), float(probabilities.max(axis=1)[said].mean())


def reader(threads: int = 1) -> Reader | None:
    """The models, loaded once in each process; None if they are not installed."""
    where = folder("text-reader")
    return _loaded(where, threads) if where and packages_are_installed("ocr") else None


@cache
def _loaded(where: Path, threads: int) -> Reader:
    return Reader(where, threads)


def in_reading_order(lines: Iterable[Line]) -> list[Line]:
    """Sort lines: row by row, and each row from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: _middle(line.box)):
        if rows and _middle(line.box) - _middle(rows[-1][0].box) < min(line.box[3], rows[-1][0].box[3]) / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box[0])]


def _middle(box: Box) -> float:
    return box[1] + box[3] / 2


def _is_text(text: str, confidence: float) -> bool:
    """Whether a reading is sure enough.

    With these limits, 2,300 frames of 24 videos without text (people, animals, snow, leaves, stars, cables, films) gave
    no line. Textures are mostly misread as single letters and digits.
    """
    characters = sum(map(str.isalnum, text))
    return confidence >= (_SURE if characters > 2 else _SURE_OF_TWO) and characters > 1


def _height(quad: Quad) -> float:
    return math.dist(quad[0], quad[3])


def _straightened(image: "Image", quad: Quad, width: int, height: int) -> "Image":
    from PIL.Image import Resampling, Transform

    top_left, top_right, bottom_right, bottom_left = quad.tolist()
    corners = (*top_left, *bottom_left, *bottom_right, *top_right)
    return image.transform((max(width, 1), height), Transform.QUAD, corners, Resampling.BILINEAR)


def _box(quad: Quad, image: "Image") -> Box:
    size = np.array(image.size)
    low, high = np.clip(quad.min(axis=0) / size, 0, 1), np.clip(quad.max(axis=0) / size, 0, 1)
    left, top, width, height = (round(float(value), 4) for value in (*low, *(high - low)))
    return left, top, width, height
