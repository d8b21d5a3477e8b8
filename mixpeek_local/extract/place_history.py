"""What a place of the picture looked like since the frame that was read before, so that nothing must be read again."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.ocr import Box

SIDE = 64
"""Places across, and down: a digit that is 13 pixels wide in a picture of 640 covers one or two."""
CHANGE = 8
"""A place of a still picture has changed if it differs by more (of 255): by 13 or more if another digit is there, by
less than 4 if it was only encoded anew."""
# As long as the schedule is patient, at three a second: in frames before, no text changed.
_MOST_FRAMES = 24


class PlaceHistory:
    """The small pictures from the frame that was read before to that which is being read."""

    def __init__(self) -> None:
        self._frames: deque[tuple[float, NDArray[np.float32]]] = deque()

    def add(self, time: float, luma: NDArray[np.float32]) -> None:
        """Take the next frame: see `OcrSchedule`."""
        self._frames.append((time, luma))
        if len(self._frames) > _MOST_FRAMES:
            del self._frames[1]

    def was_read(self) -> None:
        """Start again with the frame that was added last."""
        while len(self._frames) > 1:
            self._frames.popleft()

    def change(self, box: Box) -> NDArray[np.float32]:
        """How much each column of a box differs, at most (of 255), from the frame that was read before."""
        (_, before), (_, now) = self._frames[0], self._frames[-1]
        return block_means(np.abs(now - before), SIDE)[covered(box, SIDE)].max(axis=0)

    def changed_at(self, box: Box) -> float:
        """The second from which a box looked more as it does now than as in the frame read before."""
        rows, columns = covered(box, len(self._frames[0][1]))
        # Edges, because text has more of them than what moves behind it.
        looks = np.stack([np.diff(luma[rows, columns], axis=1).ravel() for _, luma in self._frames])
        way = looks[-1] - looks[0]
        share = (looks - looks[0]) @ way / max(float(way @ way), 1.0)
        # From the first of the frames on that are, in sum, most of the new look.
        rest = np.cumsum((share - 0.5)[::-1])[::-1]
        return self._frames[1 + int(rest[1:].argmax()) if len(rest) > 1 else 0][0]


def block_means(luma: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The means over a grid of `side` x `side` places."""
    size = len(luma) // side
    return luma.reshape(side, size, side, size).mean(axis=(1, 3))


def covered(box: Box, side: int) -> tuple[slice, slice]:
    """The rows and columns of a grid that a box covers, at least in part."""
    left, top, width, height = (round(value * side, 3) for value in box)
    return _from_to(top, top + height, side), _from_to(left, left + width, side)


def _from_to(start: float, end: float, side: int) -> slice:
    first = min(int(start), side - 2)
    return slice(first, max(min(int(np.ceil(end)), side), first + 2))
