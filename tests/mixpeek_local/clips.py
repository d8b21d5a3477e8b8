"""Real clips, written with PyAV: scenes that differ and move, tones that differ, in any size and codec."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000

Picture = Callable[[float, int, int], NDArray[np.uint8]]
Sound = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Scene:
    """`seconds` of one picture and, where there is a sound track, one sound."""

    picture: Picture
    seconds: float
    sound: Sound | None = None


def place(seed: int) -> Picture:
    """A made-up place: its own sky and ground colours, its own texture, and things that move through it."""
    random = np.random.default_rng(seed)
    top, bottom = random.uniform(0.1, 0.9, (2, 3)).astype(np.float32)
    waves = random.uniform(-9, 9, (3, 2)).astype(np.float32)
    tints = random.uniform(-0.25, 0.25, (3, 3)).astype(np.float32)
    blobs = [(random.uniform(0.2, 0.8, 2), random.uniform(0.05, 0.2), random.uniform(0, 1, 3)) for _ in range(4)]

    def picture(time: float, width: int, height: int) -> NDArray[np.uint8]:
        y = np.linspace(0, 1, height, dtype=np.float32)[:, None].repeat(width, axis=1)
        x = np.linspace(0, 1, width, dtype=np.float32)[None, :].repeat(height, axis=0)
        image = top * (1 - y[..., None]) + bottom * y[..., None]
        for (across, down), tint in zip(waves, tints, strict=True):
            image = image + np.sin(across * x + down * y + 0.3 * time)[..., None] * tint
        for number, (centre, radius, colour) in enumerate(blobs):
            angle = 0.8 * time + number
            inside = np.hypot(x - centre[0] - 0.08 * np.cos(angle), y - centre[1] - 0.08 * np.sin(angle)) < radius
            image = np.where(inside[..., None], colour, image)
        return (np.clip(image, 0, 1) * 255).astype(np.uint8)

    return picture


def plain(level: int) -> Picture:
    """One grey from edge to edge; 0 is black."""
    return lambda _time, width, height: np.full((height, width, 3), level, np.uint8)


def tone(hertz: float, beat: float = 3.0) -> Sound:
    """A tone with its overtones that swells `beat` times a second."""

    def sound(time: NDArray[np.float64]) -> NDArray[np.float64]:
        swell = 0.55 + 0.45 * np.sin(2 * np.pi * beat * time)
        return 0.25 * swell * sum(np.sin(2 * np.pi * hertz * n * time) / n for n in (1, 2, 3))

    return sound


def silence(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """No sound at all, in a track of its own."""
    return np.zeros_like(time)


def write_clip(
    path: Path,
    scenes: Sequence[Scene],
    *,
    size: tuple[int, int] = (160, 120),
    fps: int = 10,
    codec: str = "libx264",
    bit_rate: int = 400_000,
    audio_codec: str = "aac",
    video: bool = True,
    options: dict[str, str] | None = None,
    frame_times: Sequence[float] | None = None,
    rotation: int = 0,
) -> Path:
    """Encode the scenes one after another; the file's suffix chooses the container.

    Args:
        path: Where to write.
        scenes: What to show and play; without a `sound` in any scene there is no sound track.
        size: Width and height in pixels.
        fps: Frames a second, or the grid that `frame_times` are rounded to.
        codec: FFmpeg's name of the video encoder.
        bit_rate: Of the video, in bits a second.
        audio_codec: FFmpeg's name of the audio encoder.
        video: False leaves the picture out.
        options: Container options, such as `movflags`.
        frame_times: When each frame shows, for a variable frame rate; the default is every 1 / `fps`.
        rotation: Degrees by which a player turns the picture before it shows it, counter-clockwise.
    """
    seconds = sum(scene.seconds for scene in scenes)
    with av.open(str(path), "w", options=options or {}) as container:
        picture_track = container.add_stream(codec, rate=fps) if video else None
        sound_track = (
            container.add_stream(audio_codec, rate=SAMPLE_RATE, layout="mono")
            if any(scene.sound for scene in scenes)
            else None
        )
        if picture_track is not None:
            assert isinstance(picture_track, av.VideoStream)
            picture_track.width, picture_track.height = size
            picture_track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            picture_track.bit_rate = bit_rate
            picture_track.codec_context.gop_size = 12
            picture_track.codec_context.time_base = Fraction(1, fps)
            times = frame_times if frame_times is not None else [n / fps for n in range(round(seconds * fps))]
            for time in times:
                scene, start = _scene_at(scenes, time)
                frame = av.VideoFrame.from_ndarray(scene.picture(time - start, *size), format="rgb24")
                frame.pts = round(time * fps)
                frame.time_base = Fraction(1, fps)
                container.mux(picture_track.encode(frame))
            container.mux(picture_track.encode(None))
        if sound_track is not None:
            assert isinstance(sound_track, av.AudioStream)
            for frame in _sound_frames(scenes):
                container.mux(sound_track.encode(frame))
            container.mux(sound_track.encode(None))
    if rotation:
        _rotate_mp4(path, rotation)
    return path


def _scene_at(scenes: Sequence[Scene], time: float) -> tuple[Scene, float]:
    start = 0.0
    for scene in scenes:
        if time < start + scene.seconds - 1e-9:
            return scene, start
        start += scene.seconds
    return scenes[-1], start - scenes[-1].seconds


def _sound_frames(scenes: Sequence[Scene]) -> list[av.AudioFrame]:
    waves = []
    for scene in scenes:
        time = np.arange(round(scene.seconds * SAMPLE_RATE)) / SAMPLE_RATE
        waves.append((scene.sound or silence)(time))
    samples = (np.concatenate(waves) * 32_767).astype(np.int16)
    frames = []
    for start in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frames.append(frame)
    return frames


def _rotate_mp4(path: Path, degrees: int) -> None:
    """Write the turn into the track header's matrix (ISO/IEC 14496-12, 8.3.2), as a phone's camera does."""
    cosine, sine = {90: (0, -1), 180: (-1, 0), 270: (0, 1)}[degrees]
    matrix = [cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30]
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd")
    start = header + 4 + 4 + 20 + 16  # type, version and flags, times and ids, layer and volume
    data[start : start + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    path.write_bytes(data)
