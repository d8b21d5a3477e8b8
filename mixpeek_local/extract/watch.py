"""Watching: which frames of a video are looked at, and what is kept of them.

Frames are kept for the segment that is under way only, and no more of them than a fixed number of bytes, so memory
does not grow with the video, the segment or the picture.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import av
from av.video.reformatter import VideoReformatter

from mixpeek_local.extract.decode import frame_seconds
from mixpeek_local.extract.look import Look, look
from mixpeek_local.extract.segments import SHORTEST_REST_SECONDS, Segmenter

LOOKS_PER_SECOND = 3
_MOST_KEPT, _FEWEST_KEPT = 16, 4
_KEPT_BYTES = 96 << 20


@dataclass(frozen=True)
class Glimpse:
    """A frame that was looked at."""

    look: Look
    frame: av.VideoFrame


@dataclass
class _Open:
    """The segment under way: evenly spaced glimpses of it."""

    number: int
    glimpses: list[Glimpse] = field(default_factory=list)
    stride: int = 1
    passed: int = 0

    def add(self, glimpse: Glimpse, most: int) -> None:
        self.passed += 1
        if (self.passed - 1) % self.stride:
            return
        self.glimpses.append(glimpse)
        if len(self.glimpses) > most:
            self.glimpses = self.glimpses[::2]
            self.stride *= 2


class Watcher:
    """Looks at a few frames a second; hands each segment's on as soon as the segment is over.

    Attributes:
        end: The second at which the picture ends.
        size: Width and height in pixels, as a player shows them.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        when_seen: Callable[[int, list[Glimpse]], None],
        when_looked: Callable[[Glimpse], None] | None = None,
    ) -> None:
        self.end = 0.0
        self.size: tuple[int, int] | None = None
        self._segmenter = segmenter
        self._when_seen = when_seen
        self._when_looked = when_looked
        self._next = 0.0
        self._open: list[_Open] = []
        self._reformatter = VideoReformatter()  # one for all frames: setting it up costs ten times a frame

    def add(self, frame: av.VideoFrame, time: float) -> None:
        """Take one decoded frame that shows at `time` seconds."""
        self.end = max(self.end, time + frame_seconds(frame))
        if time < self._next - 1e-3:
            return
        self._next = max(self._next + 1 / LOOKS_PER_SECOND, time)
        upright = frame.rotation % 180 == 0
        self.size = (frame.width, frame.height) if upright else (frame.height, frame.width)
        glimpse = Glimpse(look(frame, time, self._reformatter), frame)
        if self._when_looked is not None:
            self._when_looked(glimpse)
        self._file(glimpse)

    def finish(self, last: int) -> None:
        """Hand on what is left; glimpses past segment `last` were of a rest too short to be one."""
        while len(self._open) > 1 and self._open[-1].number > last:
            self._open[-2].glimpses += self._open.pop().glimpses
        self._close(len(self._open))

    def _file(self, glimpse: Glimpse) -> None:
        number = self._segmenter.place(glimpse.look)
        if not self._open or number > self._open[-1].number:
            # The one before stays open for a moment: this may turn out to be too short for a segment.
            self._close(len(self._open) - 1)
            self._open.append(_Open(number))
        # A damaged file's times may go back.
        segment = next((one for one in reversed(self._open) if one.number <= number), self._open[0])
        segment.add(glimpse, _most_kept(glimpse.frame))
        begun = self._open[-1].glimpses
        if len(self._open) > 1 and begun and begun[-1].look.time - begun[0].look.time >= SHORTEST_REST_SECONDS:
            self._close(1)

    def _close(self, count: int) -> None:
        for _ in range(count):
            segment = self._open.pop(0)
            self._when_seen(segment.number, segment.glimpses)


def _most_kept(frame: av.VideoFrame) -> int:
    return min(max(_KEPT_BYTES // (frame.width * frame.height * 3), _FEWEST_KEPT), _MOST_KEPT)
