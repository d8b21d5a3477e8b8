"""Decoding: any file that FFmpeg reads becomes a stream of frames with times on one clock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition

from mixpeek_local.extract import kinds
from mixpeek_local.extract.records import UnusableVideoError

# Titles in old code pages stop PyAV before 19 unless it gets this option.
_TOLERANT: Any = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}

Frame = av.VideoFrame | av.AudioFrame
_Stream = TypeVar("_Stream", av.VideoStream, av.AudioStream)

MAX_PIXELS = 1 << 25
"""Largest frame: 8K (7,680 x 4,320) fits. A decoder holds a dozen or two of them."""

MAX_TRACKS = 64
"""The largest number of tracks of any kind: each costs memory before it is known to be useful."""

MAX_FRAMES_PER_SECOND = 5_000
"""Limit for picture and sound together; TrueHD has 1,200."""

# Times that differ more than this from the end of the frame before are not trusted. A slide may stay for long.
_LEAP_BACK_SECONDS, _LEAP_AHEAD_SECONDS = 1.0, 600.0
# Each thread of a decoder holds frames of its own.
_DECODER_THREADS = min((os.cpu_count() or 1) + 1, 4)
# FFmpeg "plays" text files as ANSI art and pictures as videos of one frame.
_NO_VIDEOS = {"tty": "text", "image2": "a picture", "bin": "binary text", "xbin": "binary text"}


@dataclass
class Media:
    """An open file.

    Attributes:
        container: FFmpeg's view of it.
        picture: Its first decodable video track, if any; cover art does not count.
        sound: Its first decodable audio track, if any.
        broken: How many packets could not be read or decoded so far.
    """

    container: InputContainer
    picture: av.VideoStream | None
    sound: av.AudioStream | None
    broken: int = 0

    @property
    def declared_seconds(self) -> float | None:
        """The duration that the file claims."""
        return self.container.duration / av.time_base if self.container.duration else None

    def frames(self) -> Iterator[tuple[Frame, float]]:
        """Yield every decodable frame with its time in seconds, interleaved as the file has them.

        A damaged packet is counted and skipped; a damaged container ends the stream.

        Raises:
            UnusableVideoError: There are more frames than a video has.
        """
        clock, count = _Clock(self), 0
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.error.EOFError:  # after the end of the stream
                continue
            except av.error.FFmpegError:
                self.broken += 1
                continue
            for frame in frames:
                if isinstance(frame, Frame):
                    time = clock.time(frame)
                    count += 1
                    if count > MAX_FRAMES_PER_SECOND * (time + 2):
                        raise UnusableVideoError(
                            f"the file has more than {MAX_FRAMES_PER_SECOND:,} frames a second, which no video has"
                        )
                    yield frame, time

    def file_data(self) -> dict[str, Any]:
        """The properties that the file declares (contract b4, `file_data`); sizes as a player shows them."""
        data: dict[str, Any] = {"container": self.container.format.name, "duration": self.declared_seconds}
        if self.picture is not None:
            rate = self.picture.average_rate
            data |= {
                "codec": self.picture.codec_context.name,
                "width": self.picture.codec_context.width,
                "height": self.picture.codec_context.height,
                "fps": round(float(rate), 3) if rate else None,
            }
        if self.sound is not None:
            data |= {
                "audio_codec": self.sound.codec_context.name,
                "sample_rate": self.sound.codec_context.sample_rate,
                "channels": self.sound.codec_context.layout.nb_channels,
            }
        return data

    def _packets(self) -> Iterator[av.Packet]:
        streams = [stream for stream in (self.picture, self.sound) if stream is not None]
        try:
            yield from self.container.demux(*streams)
        except av.error.FFmpegError:
            self.broken += 1
        except IndexError:
            pass  # from PyAV at the end of a file, if a track appeared in mid-file
        # An empty packet makes the decoders return the frames that they still hold.
        for stream in streams:
            flush = av.Packet()
            flush.stream = stream
            yield flush


class _Clock:
    """Seconds since the start of the file, for frames whose own times may be missing, restart or jump.

    Joined recordings restart at 0, and a damaged time may be years ahead: from there on, time continues at the end of
    the frame before.
    """

    def __init__(self, media: Media) -> None:
        self._origin = (media.container.start_time or 0) / av.time_base
        self._next = {"picture": 0.0, "sound": 0.0}
        self._shift = {"picture": 0.0, "sound": 0.0}

    def time(self, frame: Frame) -> float:
        track = "picture" if isinstance(frame, av.VideoFrame) else "sound"
        expected = time = self._next[track]
        if frame.time is not None:
            time = frame.time - self._origin + self._shift[track]
            if not expected - _LEAP_BACK_SECONDS <= time <= expected + _LEAP_AHEAD_SECONDS:
                self._shift[track] += expected - time
                time = expected
        time = max(time, 0.0)
        self._next[track] = time + frame_seconds(frame)
        return time


def frame_seconds(frame: Frame) -> float:
    """The duration of a frame: as declared, else a 25th of a second."""
    if isinstance(frame, av.AudioFrame):
        return frame.samples / frame.sample_rate
    return float(frame.duration * (frame.time_base or Fraction(0))) or 0.04


@contextmanager
def open_media(path: Path) -> Iterator[Media]:
    """Open a file for decoding.

    Raises:
        UnusableVideoError: It is empty or not a video, or has too many, too large or no decodable tracks.
    """
    with path.open("rb") as file:
        head = file.read(kinds.HEAD_BYTES)
        kinds.refuse_known(head)
        file.seek(0)
        try:
            container = av.open(
                file,
                "r",
                # A playlist must not reach other files or the network: FFmpeg gets one open file and no protocol.
                options={"protocol_whitelist": "none", "max_streams": str(MAX_TRACKS + 1)},
                buffer_size=1 << 18,
                **_TOLERANT,
            )
        except av.error.MemoryError as error:
            raise UnusableVideoError(
                f"the file has more than {MAX_TRACKS} tracks, or needs more memory than it may have"
            ) from error
        except av.error.FFmpegError as error:
            if kinds.is_text(head):
                raise UnusableVideoError(kinds.TEXT) from error
            reason = (error.strerror or str(error)).rstrip(".").lower()
            raise UnusableVideoError(f"the file is not a video that FFmpeg can read ({reason})") from error
        with container:
            yield _choose_tracks(container, head)


def _choose_tracks(container: InputContainer, head: bytes) -> Media:
    name = container.format.name
    kind = "a picture" if name.endswith("_pipe") else _NO_VIDEOS.get(name)
    if kind is not None:
        raise UnusableVideoError(f"the file is {kind}, not a video")
    if len(container.streams) > MAX_TRACKS:
        raise UnusableVideoError(f"the file has more than {MAX_TRACKS} tracks, the most that this server takes")
    media = Media(
        container,
        _first_decodable(container.streams.video),
        _first_decodable(container.streams.audio),
    )
    if media.picture is None and media.sound is None:
        if kinds.is_text(head):  # subtitles, say
            raise UnusableVideoError(kinds.TEXT)
        raise UnusableVideoError("the file has neither a picture nor a sound track that can be decoded")
    if media.picture is not None:
        decoder = media.picture.codec_context
        if decoder.width * decoder.height > MAX_PIXELS:
            raise UnusableVideoError(
                f"the picture has {decoder.width} x {decoder.height} pixels, "
                f"more than the {MAX_PIXELS:,} that this server takes"
            )
        decoder.thread_type = "AUTO"
        decoder.thread_count = _DECODER_THREADS
        decoder.options = {"max_pixels": str(MAX_PIXELS)}  # the size may change in mid-file
    return media


def _first_decodable(streams: tuple[_Stream, ...]) -> _Stream | None:
    for stream in streams:
        is_cover = bool(stream.disposition & Disposition.attached_pic)
        if stream.codec_context is not None and not is_cover:
            return stream
    return None
