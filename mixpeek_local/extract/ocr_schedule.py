"""Which frames OCR reads: enough to notice text that appears, changes or disappears, and no more.

Overlaid text has sharp edges and does not move, whatever moves behind it. So a frame is read if some place in it has
edges and differs from the frame that was last read, by far more than from the frame just before.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.ocr import Line
from mixpeek_local.extract.place_history import CHANGE, SIDE, block_means, covered

_GRID = 16
# Mean horizontal difference of neighbouring pixels, of 255. Letters have more than most other things; small letters
# less, but still several times as much as a plain picture on average.
_FEWEST_EDGES, _MOST_EDGES, _TIMES_THE_PICTURE = 6, 14, 3
# A place has changed if it differs (of 255) by more than this, plus this many times its difference to the frame before.
_CHANGE, _STANDS_STILL = 8, 8
# In known text, whose places are small, this many times the largest such difference nearby.
_TEXT_STANDS_STILL = 16
# Reading takes time for each line: the more lines, the longer the pause until the next frame.
_PAUSE_SECONDS, _PAUSE_SECONDS_A_LINE = 0.6, 0.05
# Text may move too, like credits: after this time a moving change counts, sooner if there was text before.
_PATIENCE_SECONDS, _PATIENCE_SECONDS_WITH_TEXT = 8.0, 3.0


class OcrSchedule:
    """Chooses the frames of one video to read; gets small pictures of all candidates in order.

    Of four videos full of text (12 minutes of news, a council, a lesson, an animation) it reads 25 frames a minute, of
    one without text 13. A frame of three a second is 180.
    """

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None
        self._last_read: NDArray[np.float32] | None = None
        self._last_time = -math.inf
        self._text = np.zeros((SIDE, SIDE), bool)
        self._pause = _PAUSE_SECONDS

    def __call__(self, time: float, luma: NDArray[np.float32]) -> bool:
        """Whether to read the frame at `time` seconds; if so, `saw` must get the result.

        Args:
            time: In seconds.
            luma: The frame in grey, resized to a square whose side is a multiple of 16 pixels; 0 to 255.
        """
        before, self._before = self._before, luma
        waited = time - self._last_time
        if waited < self._pause:
            return False
        change = luma - self._last_read if self._last_read is not None else np.full_like(luma, np.inf)
        motion = luma - before if before is not None else np.zeros_like(luma)
        if waited >= (_PATIENCE_SECONDS_WITH_TEXT if self._text.any() else _PATIENCE_SECONDS):
            motion = np.zeros_like(luma)
        if not _may_be_new(luma, np.abs(change), np.abs(motion)) and not self._text_changed(
            np.abs(change), np.abs(motion)
        ):
            return False
        self._last_read, self._last_time = luma, time
        return True

    def saw(self, lines: Iterable[Line]) -> None:
        """Take the result of the frame chosen last: where there was text, any change counts."""
        self._pause = _PAUSE_SECONDS
        self._text[:] = False
        for line in lines:
            self._text[covered(line.box, SIDE)] = True
            self._pause += _PAUSE_SECONDS_A_LINE

    def _text_changed(self, change: NDArray[np.float32], motion: NDArray[np.float32]) -> bool:
        around = np.pad(block_means(motion, SIDE), 1)
        nearby = np.lib.stride_tricks.sliding_window_view(around, (3, 3)).max(axis=(2, 3))
        return bool(np.any((block_means(change, SIDE) > CHANGE + _TEXT_STANDS_STILL * nearby) & self._text))


def _may_be_new(luma: NDArray[np.float32], change: NDArray[np.float32], motion: NDArray[np.float32]) -> bool:
    """Whether something changed that has edges, and is as large as a word: wider than high, two places at least."""
    edges = block_means(np.abs(np.diff(luma, axis=1, prepend=luma[:, :1])), _GRID)
    sharp = edges > np.clip(_TIMES_THE_PICTURE * edges.mean(), _FEWEST_EDGES, _MOST_EDGES)
    sharp &= block_means(change, _GRID) > _CHANGE + _STANDS_STILL * block_means(motion, _GRID)
    return bool(np.any(sharp[:, 1:] & sharp[:, :-1]))
