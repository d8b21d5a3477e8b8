"""Which frames of a video are analysed, and which are kept for their segment.

Frames are kept for the current segment only, and only up to a fixed number of bytes, so memory does not grow with the
length of the video or segment, or with the size of the picture.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import av
from av.video.reformatter import VideoReformatter

from mixpeek_local.extract.color_stats import FrameStats, frame_stats
from mixpeek_local.extract.decode import frame_seconds
from mixpeek_local.extract.segments import SHORTEST_REST_SECONDS, Segmenter

FRAMES_PER_SECOND = 3
_MOST_KEPT, _FEWEST_KEPT = 16, 4
_KEPT_BYTES = 96 << 20


@dataclass(frozen=True)
class Keyframe:
    """A frame that was analysed."""

    stats: FrameStats
    frame: av.VideoFrame


@dataclass
class _OpenSegment:
    """The current segment: evenly spaced keyframes of it."""

    number: int
    keyframes: list[Keyframe] = field(default_factory=list)
    stride: int = 1
    passed: int = 0

    def add(self, keyframe: Keyframe, most: int) -> None:
        self.passed += 1
        if (self.passed - 1) % self.stride:
            return
        self.keyframes.append(keyframe)
        if len(self.keyframes) > most:
            self.keyframes = self.keyframes[::2]
            self.stride *= 2


class KeyframeSelector:
    """Analyses a few frames a second, and passes on the keyframes of each segment as soon as it ends.

    Attributes:
        end: The second at which the picture ends.
        size: Width and height in pixels, as a player shows them.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        on_segment: Callable[[int, list[Keyframe]], None],
        on_keyframe: Callable[[Keyframe], None] | None = None,
    ) -> None:
        self.end = 0.0
        self.size: tuple[int, int] | None = None
        self._segmenter = segmenter
        self._on_segment = on_segment
        self._on_keyframe = on_keyframe
        self._next = 0.0
        self._open: list[_OpenSegment] = []
        self._reformatter = VideoReformatter()  # one for all frames: setting it up costs as much as ten

    def add(self, frame: av.VideoFrame, time: float) -> None:
        """Take one decoded frame that shows at `time` seconds."""
        self.end = max(self.end, time + frame_seconds(frame))
        if time < self._next - 1e-3:
            return
        self._next = max(self._next + 1 / FRAMES_PER_SECOND, time)
        upright = frame.rotation % 180 == 0
        self.size = (frame.width, frame.height) if upright else (frame.height, frame.width)
        keyframe = Keyframe(frame_stats(frame, time, self._reformatter), frame)
        if self._on_keyframe is not None:
            self._on_keyframe(keyframe)
        self._file(keyframe)

    def finish(self, last: int) -> None:
        """Pass on what is left; keyframes after segment `last` belong to a rest too short to be a segment."""
        while len(self._open) > 1 and self._open[-1].number > last:
            self._open[-2].keyframes += self._open.pop().keyframes
        self._close(len(self._open))

    def _file(self, keyframe: Keyframe) -> None:
        number = self._segmenter.place(keyframe.stats)
        if not self._open or number > self._open[-1].number:
            # The segment before stays open for a moment: this one may be too short.
            self._close(len(self._open) - 1)
            self._open.append(_OpenSegment(number))
        # Times in a damaged file may go back.
        segment = next((one for one in reversed(self._open) if one.number <= number), self._open[0])
        segment.add(keyframe, _most_kept(keyframe.frame))
        begun = self._open[-1].keyframes
        if len(self._open) > 1 and begun and begun[-1].stats.time - begun[0].stats.time >= SHORTEST_REST_SECONDS:
            self._close(1)

    def _close(self, count: int) -> None:
        for _ in range(count):
            segment = self._open.pop(0)
            self._on_segment(segment.number, segment.keyframes)


def _most_kept(frame: av.VideoFrame) -> int:
    return min(max(_KEPT_BYTES // (frame.width * frame.height * 3), _FEWEST_KEPT), _MOST_KEPT)
