"""Image classification: the probabilities of 1000 classes, and a vector, by MobileNetV2 trained on ImageNet.

The model takes squares of 224 pixels. A wide or tall picture is cut into two or three squares that cover its length:
of 40 searches by words over 130 frames and photos, 21 then found the right one first, 18 with the picture squeezed
into one square, and 17 with its centre.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.vectors import unit
from mixpeek_local.models.capabilities import packages_are_installed
from mixpeek_local.models.catalogue import folder
from mixpeek_local.models.onnx import output, session

DIMENSIONS = 1280
"""Length of the vector."""

_SIDE = 224
_MOST_SQUARES = 3
# Mean and deviation of red, green and blue, as in the training of ImageNet models.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
# The model is too sure of film frames, which are unlike ImageNet's photos; this flattens its probabilities.
_TEMPERATURE = 1.5
# The node of the model's graph with the pooled features before the last layer.
_POOLED = b"mobilenetv20_features_pool0_fwd"

LABEL_PROBABILITY = 0.2
"""From this on, two of three first labels are right or nearly so; from 0.35 on, nine of ten (130 frames and photos)."""
_MOST_LABELS = 5


@dataclass(frozen=True)
class Classification:
    """The result for a picture.

    Attributes:
        probabilities: Of the 1000 classes of ImageNet; their sum is 1.
        vector: 1280 numbers, unit length, none negative: unrelated pictures have cosines around 0.5.
    """

    probabilities: NDArray[np.float32]
    vector: Vector


class VisionModel:
    """MobileNetV2, loaded."""

    def __init__(self, folder: Path, threads: int) -> None:
        graph = (folder / "model.onnx").read_bytes()
        self._session = session(graph + output(_POOLED), threads)
        self._input = self._session.get_inputs()[0].name

    def classify(self, picture: NDArray[np.uint8]) -> Classification:
        """Classify a picture.

        Args:
            picture: Red, green and blue, height x width x 3, of any size.
        """
        logits, features = zip(*map(self._run, _squares(picture)), strict=True)
        exponents = np.exp((np.array(logits) - np.max(logits, axis=-1, keepdims=True)) / _TEMPERATURE)
        probabilities = (exponents / exponents.sum(axis=-1, keepdims=True)).mean(axis=0)
        return Classification(probabilities.astype(np.float32), unit(np.mean(features, axis=0)))

    def _run(self, square: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        values = (square.astype(np.float32) / 255 - _MEAN) / _DEVIATION
        # The model's graph takes one picture at a time.
        logits, features = self._session.run(None, {self._input: values.transpose(2, 0, 1)[None]})
        return np.asarray(logits, np.float64).ravel(), np.asarray(features, np.float32).ravel()


def vision_model(threads: int = 1) -> VisionModel | None:
    """The model, loaded once in each process; None if it is not installed."""
    where = folder("mobilenet-v2")
    return _loaded(where, threads) if where and packages_are_installed("vision") else None


def labels(probabilities: NDArray[np.float32], at_least: float = LABEL_PROBABILITY) -> list[tuple[str, float]]:
    """Name the most probable classes.

    Args:
        probabilities: Of a `Classification`, or the mean of several.
        at_least: The lowest probability of a label.

    Returns:
        At most five names with their probabilities, most probable first; none without the model for names.
    """
    where = folder("imagenet-names")
    if where is None:
        return []
    best = np.argsort(-probabilities, kind="stable")[:_MOST_LABELS]
    return [
        (class_names(where)[index], float(probabilities[index])) for index in best if probabilities[index] >= at_least
    ]


@cache
def class_names(where: Path) -> tuple[str, ...]:
    """ImageNet's 1000 classes, in the model's order."""
    return tuple(json.loads((where / "names.json").read_text(encoding="utf-8")))


@cache
def _loaded(where: Path, threads: int) -> VisionModel:
    return VisionModel(where, threads)


def _squares(picture: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Squares of the picture's short side, evenly spaced along the long side."""
    from PIL import Image

    image = Image.fromarray(picture)
    short, long = sorted(image.size)
    count = min(math.ceil(long / short), _MOST_SQUARES)
    for number in range(count):
        offset = (long - short) * (number / (count - 1) if count > 1 else 0.5)
        left, top = (offset, 0) if image.width > image.height else (0, offset)
        box = (left, top, left + short, top + short)
        yield np.asarray(image.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box=box))
