"""What a segment looks like: its representative frame, and what the vision model finds in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.keyframes import Keyframe
from mixpeek_local.extract.pictures import FrameConverter, jpeg
from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.segments import pooled, representative
from mixpeek_local.extract.vision import vision_model

_CLASSIFIED_FRAMES = 4
"""How many frames of a segment the vision model classifies, beside the representative one."""
_CLASSIFIED_SIDE = 480
"""Longest side in pixels: the model takes squares of 224."""


@dataclass(frozen=True)
class View:
    """A segment's picture.

    Attributes:
        moment: The second of its representative frame.
        preview: That frame, as a JPEG thumbnail.
        image: The frame's vector.
        video: The vector of several frames.
        image_probabilities: Of the 1,000 classes of the vision model; None without it.
        video_probabilities: Their mean over several frames.
    """

    moment: float
    preview: bytes
    image: Vector
    video: Vector
    image_probabilities: NDArray[np.float32] | None = None
    video_probabilities: NDArray[np.float32] | None = None


def view(keyframes: list[Keyframe], converter: FrameConverter) -> View:
    """Describe a segment; without the vision model, by its colours and edges."""
    stats = [keyframe.stats for keyframe in keyframes]
    best = representative(stats)
    picture = converter.picture(keyframes[best].frame)
    moment, preview = round(stats[best].time, 3), jpeg(picture)
    model = vision_model()
    if model is None:
        return View(moment, preview, stats[best].vector, pooled([one.vector for one in stats]))
    places = np.linspace(0, len(keyframes) - 1, min(_CLASSIFIED_FRAMES, len(keyframes))).round().astype(int)
    others = [converter.picture(keyframes[place].frame, _CLASSIFIED_SIDE) for place in places if place != best]
    results = [model.classify(one) for one in (picture, *others)]
    return View(
        moment,
        preview,
        results[0].vector,
        pooled([result.vector for result in results]),
        results[0].probabilities,
        np.stack([result.probabilities for result in results]).mean(axis=0),
    )
