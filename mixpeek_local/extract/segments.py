"""Cutting a video into segments while it is decoded, and choosing a representative frame for each."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.color_stats import BLANK_CONTRAST, FrameStats
from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.vectors import unit

Span = tuple[float, float]

SHORTEST_REST_SECONDS = 0.25
"""A shorter rest belongs to the segment before: encoders pad sound by some milliseconds."""

SHORTEST_SHOT_SECONDS = 1.0
CUT = 0.25
"""From this cosine distance on, the second of two consecutive frames begins a new shot."""


class Segmenter(Protocol):
    """Decides, frame by frame, where segments begin."""

    def place(self, frame: FrameStats) -> int:
        """The number of the segment that a frame belongs to."""
        ...

    def spans(self, seconds: float) -> list[Span]:
        """All segments of a video that turned out to be `seconds` long."""
        ...


class ByInterval:
    """Segments of equal length; the last one may be shorter (contract b5)."""

    def __init__(self, interval: float) -> None:
        self._interval = interval

    def place(self, frame: FrameStats) -> int:
        """The number of the segment that a frame belongs to."""
        return int(frame.time // self._interval)

    def spans(self, seconds: float) -> list[Span]:
        """Cut `seconds` into pieces."""
        return segments(seconds, self._interval)


class ByShots:
    """One segment for each shot: it ends at a cut, at the latest after `longest` seconds."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._starts = [0.0]
        self._last: FrameStats | None = None

    def place(self, frame: FrameStats) -> int:
        """The number of the segment that a frame belongs to."""
        last = self._last
        if last is not None and frame.time > last.time:
            while frame.time - self._starts[-1] >= self._longest:
                self._starts.append(self._starts[-1] + self._longest)
            is_cut = 1 - float(last.vector @ frame.vector) > CUT
            if is_cut and frame.time - self._starts[-1] >= SHORTEST_SHOT_SECONDS:
                self._starts.append(frame.time)
        self._last = frame
        return bisect_right(self._starts, frame.time) - 1

    def spans(self, seconds: float) -> list[Span]:
        """The shots, including sound after the last picture."""
        starts = [start for start in self._starts if start == 0 or seconds - start >= SHORTEST_REST_SECONDS]
        rest = segments(seconds - starts[-1], self._longest)
        edges = [*starts, *(starts[-1] + end for _, end in rest)]
        return list(pairwise(round(edge, 3) for edge in edges))


def segments(seconds: float, interval: float) -> list[Span]:
    """Cut `seconds` into pieces of `interval`; the last one may be shorter."""
    count = max(ceil((seconds - SHORTEST_REST_SECONDS) / interval), 1)
    edges = [round(number * interval, 3) for number in range(count)] + [round(seconds, 3)]
    return list(pairwise(edges))


def pooled(vectors: Sequence[Vector]) -> Vector:
    """One vector for several frames: their mean, in the space of frames, so that a frame finds its segment."""
    return unit(np.mean(vectors, axis=0, dtype=np.float64))


def representative(frames: Sequence[FrameStats]) -> int:
    """The index of a segment's representative frame: the sharpest of the more typical half.

    Blank frames and frames in a transition (unlike both neighbours) are chosen only if there are no others.
    """
    vectors = np.stack([one.vector for one in frames])
    candidates = np.flatnonzero(are_clear(frames))
    if not len(candidates):
        candidates = np.arange(len(frames))
    typical = vectors[candidates] @ vectors[candidates].mean(axis=0)
    half = candidates[typical >= np.median(typical)]
    return int(max(half, key=lambda index: frames[index].sharpness))


def are_clear(frames: Sequence[FrameStats]) -> NDArray[np.bool_]:
    """Which frames are neither blank nor in a transition."""
    is_shown = np.array([one.contrast >= BLANK_CONTRAST for one in frames])
    return is_shown & ~_in_transition(np.stack([one.vector for one in frames]))


def _in_transition(vectors: np.ndarray) -> np.ndarray:
    """Which frames are far from both neighbours; at a hard cut every frame is close to one of them."""
    if len(vectors) < 3:
        return np.zeros(len(vectors), bool)
    steps = 1 - np.sum(vectors[1:] * vectors[:-1], axis=1)
    nearer = np.minimum(np.append(steps, np.inf), np.append(np.inf, steps))
    return nearer > max(4 * float(np.median(nearer)), 0.02)
