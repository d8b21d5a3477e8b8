"""Decoded frames as pictures for models and people."""

from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from mixpeek_local.extract.records import Picture

LONGEST_SIDE = 1280
"""Larger frames are scaled down: models use no more, and an 8K frame would take 100 MB."""
PREVIEW_SIDE = 320
_JPEG_QUALITY = 5  # FFmpeg's scale: 2 is best, 31 worst


class FrameConverter:
    """Converts frames; one for all frames of a video, because setting it up costs as much as ten frames."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def picture(self, frame: av.VideoFrame, longest_side: int = LONGEST_SIDE) -> Picture:
        """An upright RGB picture, no side longer than `longest_side`."""
        width, height = fitted(frame.width, frame.height, longest_side)
        rgb = self._reformatter.reformat(frame, width=width, height=height, format="rgb24", interpolation="AREA")
        return np.rot90(np.asarray(rgb.to_ndarray(), np.uint8), k=frame.rotation // 90)


def fitted(width: int, height: int, longest_side: int) -> tuple[int, int]:
    """The size in pixels, with the same proportions, whose longer side is `longest_side` at most."""
    scale = min(1.0, longest_side / max(width, height))
    return max(round(width * scale), 1), max(round(height * scale), 1)


def jpeg(picture: Picture) -> bytes:
    """A thumbnail, `PREVIEW_SIDE` pixels at most on its longer side; the same picture gives the same bytes."""
    height, width = picture.shape[:2]
    small_width, small_height = fitted(width, height, PREVIEW_SIDE)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    encoder = av.VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = small_width, small_height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": str(_JPEG_QUALITY), "qmax": str(_JPEG_QUALITY), "threads": "1"}
    small = frame.reformat(width=small_width, height=small_height, format="yuvj420p", interpolation="AREA")
    small.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])
