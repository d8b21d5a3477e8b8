"""Files that are made to cost more than they are worth, small as they are."""

import struct
from fractions import Fraction
from pathlib import Path

import av

from tests.mixpeek_local.clips import Scene, place, plain, tone, write_clip

_SIDE = 16


def sparse(path: Path, size: int) -> Path:
    """A file of `size` bytes that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


def still(path: Path, *, frames: int, per_second: int) -> Path:
    """Tiny frames of which all but the first say that nothing changed: a dozen bytes each."""
    with av.open(str(path), "w", options={"video_track_timescale": str(per_second)}) as container:
        stream = container.add_stream("mpeg4", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = _SIDE
        stream.codec_context.gop_size = 600
        first, second = (stream.encode(_grey(number))[0] for number in range(2))
        repeated = bytes(second)
        container.mux(first)
        for number in range(1, frames):
            packet = av.Packet(repeated)
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, per_second)
            packet.duration = 1
            packet.stream = stream
            container.mux(packet)
    return path


def _grey(number: int, size: tuple[int, int] = (_SIDE, _SIDE)) -> av.VideoFrame:
    frame = av.VideoFrame(*size, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame


def huge_frame(path: Path, size: tuple[int, int]) -> Path:
    """One frame of one colour."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(_grey(0, size)))
        container.mux(stream.encode(None))
    return path


def growing(path: Path, small: tuple[int, int], large: tuple[int, int]) -> Path:
    """Ten frames of one size, then ten of another, in a track that tells of the first."""
    pictures = [_jpeg(path.with_suffix(f".{number}.mkv"), size) for number, size in enumerate((small, large))]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = small
        stream.pix_fmt = "yuvj420p"
        for number in range(20):
            packet = av.Packet(pictures[number // 10])
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, 10)
            packet.stream = stream
            container.mux(packet)
    return path


def _jpeg(path: Path, size: tuple[int, int]) -> bytes:
    write_clip(path, [Scene(plain(128), 0.1)], codec="mjpeg", size=size)
    with av.open(str(path)) as container:
        return next(bytes(packet) for packet in container.demux() if packet.size)


def many_tracks(path: Path, count: int) -> Path:
    """A second of picture, and its sound `count` times."""
    clip = write_clip(path.with_suffix(".one.mp4"), [Scene(place(1), 1, tone(300))])
    with av.open(str(clip)) as source, av.open(str(path), "w") as copy:
        picture = copy.add_stream_from_template(source.streams.video[0])
        sounds = [copy.add_stream_from_template(source.streams.audio[0]) for _ in range(count)]
        for packet in source.demux():
            if packet.dts is None:
                continue
            content = bytes(packet)
            for stream in [picture] if packet.stream.type == "video" else sounds:
                copied = av.Packet(content)
                copied.pts, copied.dts, copied.time_base = packet.pts, packet.dts, packet.time_base
                copied.duration, copied.is_keyframe, copied.stream = packet.duration, packet.is_keyframe, stream
                copy.mux(copied)
    return path


def without_samples(path: Path) -> Path:
    """An MP4 with a picture and a sound track that hold nothing."""
    write_clip(path, [Scene(place(1), 1, tone(300))])
    none = {kind: _numbers(0, 0) for kind in (b"stsc", b"stco", b"stts")} | {b"stsz": _numbers(0, 0, 0)}
    path.write_bytes(_with_tables(path.read_bytes(), none))
    return path


def claiming_hours(path: Path, hours: float) -> Path:
    """Two seconds, in a Matroska file whose header claims hours (element Duration, 0x4489, in milliseconds)."""
    write_clip(path, [Scene(place(1), 2)], codec="mpeg4")
    data = bytearray(path.read_bytes())
    at = data.index(b"\x44\x89\x88") + 3
    data[at : at + 8] = struct.pack(">d", hours * 3_600_000)
    path.write_bytes(data)
    return path


def claiming_a_large_block(path: Path) -> Path:
    """A Matroska file whose first block of data claims two gigabytes (SimpleBlock, 0xA3)."""
    write_clip(path, [Scene(place(1), 1)], codec="mpeg4")
    data = path.read_bytes()
    cluster = data.index(b"\x1f\x43\xb6\x75")
    block = data.index(b"\xa3", cluster + 12)
    path.write_bytes(data[:block] + b"\xa3\x08\x7f\xff\xff\xf0" + bytes(1000))
    return path


def claiming_frames(path: Path, count: int) -> Path:
    """An MP4 of some kilobytes whose index claims `count` frames (ISO/IEC 14496-12, 8.6 and 8.7).

    FFmpeg writes the index out in memory, some 35 bytes a frame, before it looks at the first one; it does not for
    more than 89 million.
    """
    write_clip(path, [Scene(place(1), 1, tone(300))])
    tables = {
        b"stsz": _numbers(0, 1, count),  # every frame has one byte
        b"stsc": _numbers(0, 1, 1, count, 1),  # and all are in one chunk
        b"stco": _numbers(0, 1, 48),
        b"stts": _numbers(0, 1, count, 1),
    }
    path.write_bytes(_with_tables(path.read_bytes(), tables))
    return path


def _with_tables(boxes: bytes, tables: dict[bytes, bytes]) -> bytes:
    written, at = b"", 0
    while at < len(boxes):
        size, kind = struct.unpack(">I4s", boxes[at : at + 8])
        content = boxes[at + 8 : at + size]
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
            content = _with_tables(content, tables)
        content = tables.get(kind, content)
        if kind not in (b"ctts", b"stss"):
            written += struct.pack(">I4s", 8 + len(content), kind) + content
        at += size
    return written


def _numbers(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)
