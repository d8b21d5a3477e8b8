"""What a segment looks like: its representative frame, and one frame for each other look that it has."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mixpeek_local.extract.color_stats import FrameStats
from mixpeek_local.extract.keyframes import Keyframe
from mixpeek_local.extract.pictures import FrameConverter, jpeg
from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.segments import CUT, are_clear, pooled, representative
from mixpeek_local.extract.vision import vision_model

_LONGEST_SIDE = 640
"""In pixels: the vision model and thumbnails take less."""
_FEWEST_LOOKS, _SECONDS_A_LOOK = 4, 2.5
"""A segment has at most four looks, or one for every 2.5 seconds: a vision model takes its time."""


@dataclass(frozen=True)
class Look:
    """A frame that was looked at.

    Attributes:
        moment: When it is shown, in seconds.
        preview: A JPEG thumbnail.
        vector: By the vision model; without it, of its colours and edges.
    """

    moment: float
    preview: bytes
    vector: Vector


@dataclass(frozen=True)
class View:
    """A segment's picture.

    Attributes:
        best: Its representative frame.
        looks: That frame, and others that look unlike it and each other, by time.
        vector: The mean of the looks' vectors.
    """

    best: Look
    looks: tuple[Look, ...]
    vector: Vector


def view(keyframes: list[Keyframe], converter: FrameConverter) -> View:
    """Look at a segment."""
    stats = [keyframe.stats for keyframe in keyframes]
    best = representative(stats)
    looks = {index: _look(keyframes[index], converter) for index in sorted(_unlike(stats, best))}
    return View(looks[best], tuple(looks.values()), pooled([look.vector for look in looks.values()]))


def _look(keyframe: Keyframe, converter: FrameConverter) -> Look:
    picture, model = converter.picture(keyframe.frame, _LONGEST_SIDE), vision_model()
    vector = keyframe.stats.vector if model is None else model.see(picture)
    return Look(round(keyframe.stats.time, 3), jpeg(picture), vector)


def _unlike(stats: Sequence[FrameStats], best: int) -> list[int]:
    """The frame `best`, then those that are farthest from all before, as long as there is a cut between them."""
    vectors, chosen = np.stack([one.vector for one in stats]), [best]
    most = max(_FEWEST_LOOKS, round((stats[-1].time - stats[0].time) / _SECONDS_A_LOOK))
    distances = np.where(are_clear(stats), 1 - vectors @ vectors[best], 0)
    while len(chosen) < most and distances.max() > CUT:
        chosen.append(int(distances.argmax()))
        distances = np.minimum(distances, 1 - vectors @ vectors[chosen[-1]])
    return chosen
