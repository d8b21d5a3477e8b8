"""What a segment looks like: the frame that stands for it, and what the vision model makes of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.pictures import Darkroom, jpeg
from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.see import vision_model
from mixpeek_local.extract.segments import pooled, representative
from mixpeek_local.extract.watch import Glimpse

_SEEN_A_SEGMENT = 4
"""So many frames of a segment does the vision model see, beside the one that stands for it."""
_SEEN_SIDE = 480
"""In pixels: the model takes squares of 224."""


@dataclass(frozen=True)
class View:
    """A segment's picture.

    Attributes:
        moment: The second of the frame that stands for it.
        preview: That frame, as a JPEG thumbnail.
        image: The frame's vector.
        video: The vector of several frames.
        image_probabilities: Of the 1,000 things that the vision model knows; None without the model.
        video_probabilities: Their mean over several frames.
    """

    moment: float
    preview: bytes
    image: Vector
    video: Vector
    image_probabilities: NDArray[np.float32] | None = None
    video_probabilities: NDArray[np.float32] | None = None


def view(glimpses: list[Glimpse], darkroom: Darkroom) -> View:
    """See a segment; without the vision model its colours and edges stand in for what it shows."""
    looks = [glimpse.look for glimpse in glimpses]
    best = representative(looks)
    picture = darkroom.picture(glimpses[best].frame)
    moment, preview = round(looks[best].time, 3), jpeg(picture)
    model = vision_model()
    if model is None:
        return View(moment, preview, looks[best].vector, pooled([one.vector for one in looks]))
    places = np.linspace(0, len(glimpses) - 1, min(_SEEN_A_SEGMENT, len(glimpses))).round().astype(int)
    others = [darkroom.picture(glimpses[place].frame, _SEEN_SIDE) for place in places if place != best]
    sights = [model.see(one) for one in (picture, *others)]
    return View(
        moment,
        preview,
        sights[0].vector,
        pooled([sight.vector for sight in sights]),
        sights[0].probabilities,
        np.stack([sight.probabilities for sight in sights]).mean(axis=0),
    )
