"""Watching: which frames of a video are looked at."""

from bisect import bisect_right

import av
from av.video.reformatter import VideoReformatter

from mixpeek_assets.local_api.extract.decode import frame_seconds
from mixpeek_assets.local_api.extract.look import Look, look

LOOKS_PER_SECOND = 3


class Watcher:
    """Looks at a few frames a second and keeps what it saw of them, not the frames.

    Attributes:
        looks: In order of time; some 5 KB a second of video.
        end: The second at which the picture ends.
        size: Width and height in pixels, as a player shows them.
    """

    def __init__(self) -> None:
        self.looks: list[Look] = []
        self.end = 0.0
        self.size: tuple[int, int] | None = None
        self._next = 0.0
        self._reformatter = VideoReformatter()  # one for all frames: setting it up costs ten times a frame

    def add(self, frame: av.VideoFrame, time: float) -> None:
        """Take one decoded frame that shows at `time` seconds."""
        self.end = max(self.end, time + frame_seconds(frame))
        if time < self._next - 1e-3:
            return
        self._next = max(self._next + 1 / LOOKS_PER_SECOND, time)
        upright = frame.rotation % 180 == 0
        self.size = (frame.width, frame.height) if upright else (frame.height, frame.width)
        # A damaged file's times may go back.
        place = bisect_right(self.looks, time, key=lambda one: one.time)
        self.looks.insert(place, look(frame, time, self._reformatter))
