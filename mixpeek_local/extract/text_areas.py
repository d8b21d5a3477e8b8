"""The places of lines, from a map with the probability of text for each pixel.

The detector marks only the core of each line (differentiable binarization, arXiv:1911.08947): connected marked pixels
are one line, and their frame is grown to the full height of the line.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Quad = NDArray[np.float64]
"""Corners of a line, 4 x 2 (x, y): top left, top right, bottom right, bottom left, in the direction of the text."""

# As the detector was trained (its inference.yml).
_MARKED, _MARKED_ON_AVERAGE, _GROWTH = 0.2, 0.4, 1.4
_THINNEST = 3
# Lines that lean less count as level; beyond 45 degrees, up and down could be confused.
_LEVEL, _STEEP = math.radians(3), math.radians(45)


def text_areas(probability: NDArray[np.float32]) -> Iterator[Quad]:
    """Find the lines.

    Args:
        probability: Height x width, 0 to 1.

    Yields:
        The corners of each line, in pixels of the map; they may be slightly outside it.
    """
    for rows, starts, ends in _patches(probability > _MARKED):
        height, width = rows.max() - rows.min() + 1, ends.max() - starts.min()
        if min(height, width) < _THINNEST:
            continue
        lengths = ends - starts
        y = np.repeat(rows, lengths)
        x = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(starts, lengths)
        if probability[y, x].mean() >= _MARKED_ON_AVERAGE:
            yield _frame(np.stack([x, y]) + 0.5)


def _patches(marked: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
    """Group marked pixels that touch, also at corners, as runs: row, first column, column after the last."""
    steps = np.diff(np.pad(marked.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    (rows, starts), ends = np.nonzero(steps == 1), np.nonzero(steps == -1)[1]
    parents = list(range(len(rows)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    first, last = starts.tolist(), ends.tolist()
    borders = np.searchsorted(rows, np.arange(len(marked) + 1)).tolist()
    for above, here, below in zip(borders, borders[1:], borders[2:], strict=False):
        upper, lower = above, here
        while upper < here and lower < below:
            if first[upper] <= last[lower] and first[lower] <= last[upper]:
                parents[root(lower)] = root(upper)
            if last[upper] < last[lower]:
                upper += 1
            else:
                lower += 1
    roots = np.array([root(run) for run in range(len(rows))], np.intp)
    order = np.argsort(roots, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(roots[order])) + 1)
    for group in groups if len(rows) else []:
        yield rows[group], starts[group], ends[group]


def _frame(points: NDArray[np.floating]) -> Quad:
    """The narrowest rectangle along the main axis of a patch, grown."""
    covariance = np.cov(points, bias=True)
    lean = 0.5 * math.atan2(2 * covariance[0, 1], covariance[0, 0] - covariance[1, 1])
    if not _LEVEL <= abs(lean) <= _STEEP:
        lean = 0.0
    axes = np.array([[math.cos(lean), math.sin(lean)], [-math.sin(lean), math.cos(lean)]])
    along = axes @ points
    low, high = along.min(axis=1) - 0.5, along.max(axis=1) + 0.5
    width, height = high - low
    growth = width * height * _GROWTH / (2 * (width + height))
    (left, top), (right, bottom) = low - growth, high + growth
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ axes
