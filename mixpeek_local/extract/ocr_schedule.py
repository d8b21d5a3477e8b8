"""Which frames OCR reads: enough to notice text that appears, changes or disappears, and no more.

Overlaid text has sharp edges and does not move, whatever moves behind it. So a frame is read if some place in it has
edges and differs from the frame that was last read, by far more than from the frame just before.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.ocr import Line

_GRID = 16
# Mean horizontal difference of neighbouring pixels, of 255. Letters have more than most other things; small letters
# less, but still several times as much as a plain picture on average.
_FEWEST_EDGES, _MOST_EDGES, _TIMES_THE_PICTURE = 6, 14, 3
# A place has changed if it differs (of 255) by more than this, plus this many times its difference to the frame before.
_CHANGE, _STANDS_STILL = 8, 8
# Reading takes time for each line: the more lines, the longer the pause until the next frame.
_PAUSE_SECONDS, _PAUSE_SECONDS_A_LINE = 0.6, 0.05
# Text may move too, like credits: after this time a moving change counts, sooner if there was text before.
_PATIENCE_SECONDS, _PATIENCE_SECONDS_WITH_TEXT = 8.0, 3.0


class OcrSchedule:
    """Chooses the frames of one video to read; gets small pictures of all candidates in order.

    Of the captions that three frames a second give, this found 0.86 on seven videos full of text, with 24 frames a
    minute, and 0.98 on four with subtitles over moving pictures; a frame every two seconds gave 0.79 and 0.91. On 14
    videos without text it read 13 frames a minute.
    """

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None
        self._last_read: NDArray[np.float32] | None = None
        self._last_time = -math.inf
        self._text = np.zeros((_GRID, _GRID), bool)
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
        changed = self._changed(luma, luma if before is None else before, waited)
        edges = _places(np.abs(np.diff(luma, axis=1, prepend=luma[:, :1])))
        sharp = changed & (edges > np.clip(_TIMES_THE_PICTURE * edges.mean(), _FEWEST_EDGES, _MOST_EDGES))
        # A word is wider than it is high, and covers at least two places side by side.
        if not (np.any(sharp[:, 1:] & sharp[:, :-1]) or np.any(changed & self._text)):
            return False
        self._last_read, self._last_time = luma, time
        return True

    def saw(self, lines: Iterable[Line]) -> None:
        """Take the result of the frame chosen last: where there was text, any change counts."""
        self._pause = _PAUSE_SECONDS
        self._text[:] = False
        for line in lines:
            left, top, width, height = (side * _GRID for side in line.box)
            self._text[int(top) : math.ceil(top + height), int(left) : math.ceil(left + width)] = True
            self._pause += _PAUSE_SECONDS_A_LINE

    def _changed(self, luma: NDArray[np.float32], before: NDArray[np.float32], waited: float) -> NDArray[np.bool_]:
        if self._last_read is None:
            return np.ones((_GRID, _GRID), bool)
        limit = np.full((_GRID, _GRID), float(_CHANGE))
        if waited < (_PATIENCE_SECONDS_WITH_TEXT if self._text.any() else _PATIENCE_SECONDS):
            limit += _STANDS_STILL * _places(np.abs(luma - before))
        return _places(np.abs(luma - self._last_read)) > limit


def _places(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """The means over a grid of 16 x 16 places."""
    side = len(luma) // _GRID
    return luma.reshape(_GRID, side, _GRID, side).mean(axis=(1, 3))
