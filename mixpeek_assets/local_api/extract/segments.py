"""Cutting a video into segments and choosing the frame that stands for each."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import numpy as np

from mixpeek_assets.local_api.extract.look import BLANK_CONTRAST, Look
from mixpeek_assets.local_api.extract.records import Vector
from mixpeek_assets.local_api.extract.vectors import unit

# An encoder pads sound by some milliseconds: a rest this short belongs to the segment before it.
_SHORTEST_REST_SECONDS = 0.25


def segments(seconds: float, interval: float) -> list[tuple[float, float]]:
    """Cut `seconds` into pieces of `interval`; the last one may be shorter (contract b5)."""
    count = max(ceil((seconds - _SHORTEST_REST_SECONDS) / interval), 1)
    edges = [round(number * interval, 3) for number in range(count)] + [round(seconds, 3)]
    return list(pairwise(edges))


def within(looks: Sequence[Look], start: float, end: float) -> Sequence[Look]:
    """The looks from `start` to `end`, or the one before that was still on show; `looks` are in order of time."""
    first = bisect_left(looks, start, key=lambda one: one.time)
    last = bisect_left(looks, end, key=lambda one: one.time)
    return looks[first:last] or looks[max(first - 1, 0) : first]


def pooled(looks: Sequence[Look]) -> Vector:
    """One vector for several frames: their mean, in the frames' own space, so a frame finds its segment."""
    return unit(np.mean([one.vector for one in looks], axis=0, dtype=np.float64))


def representative(looks: Sequence[Look]) -> Look:
    """The frame that stands for a segment: the sharpest of the more typical half.

    Blank frames and frames in the midst of a transition (unlike both neighbours) count only for want of others.
    """
    vectors = np.stack([one.vector for one in looks])
    candidates = np.flatnonzero(~_in_transition(vectors) & [one.contrast >= BLANK_CONTRAST for one in looks])
    if not len(candidates):
        candidates = np.arange(len(looks))
    typical = vectors[candidates] @ vectors[candidates].mean(axis=0)
    half = candidates[typical >= np.median(typical)]
    return looks[max(half, key=lambda index: looks[index].sharpness)]


def _in_transition(vectors: np.ndarray) -> np.ndarray:
    """Which frames are far from both neighbours: a hard cut leaves every frame close to one of them."""
    if len(vectors) < 3:
        return np.zeros(len(vectors), bool)
    steps = 1 - np.sum(vectors[1:] * vectors[:-1], axis=1)
    nearer = np.minimum(np.append(steps, np.inf), np.append(np.inf, steps))
    return nearer > max(4 * float(np.median(nearer)), 0.02)
