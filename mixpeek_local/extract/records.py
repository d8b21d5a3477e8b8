"""The results of an extraction."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Modality = Literal["video", "image", "text", "audio"]
Vector = NDArray[np.float32]
Picture = NDArray[np.uint8]
"""Height x width x 3, RGB, upright."""


class UnusableVideoError(Exception):
    """The file cannot be analysed; the message is one sentence for its owner."""


@dataclass(frozen=True)
class Label:
    """The name of something seen or heard, with the model's score (0 to 1)."""

    label: str
    score: float


@dataclass(frozen=True)
class Feature:
    """One feature of a video (contract b5).

    Attributes:
        modality: The list of the asset that has it.
        start_time: Its first second.
        end_time: Its last second; an image's is its first.
        vectors: Named vectors: one-dimensional, float32, unit length.
        details: Its other fields, as JSON: `text`, `transcription`, `description`, `labels` and more.
        preview: A JPEG thumbnail.
    """

    modality: Modality
    start_time: float
    end_time: float
    vectors: dict[str, Vector]
    details: dict[str, Any] = field(default_factory=dict)
    preview: bytes | None = None


@dataclass(frozen=True)
class Extraction:
    """The result for one file.

    Attributes:
        modality: `video`, or `audio` for a file without a picture.
        features: Ordered by time within each modality.
        file_data: Container, codecs, duration in seconds, size in pixels, damage.
    """

    modality: Modality
    features: tuple[Feature, ...]
    file_data: dict[str, Any]
