"""Sound for a listener: computed, or decoded from a file; 16,000 samples a second, mono, from -1 to 1."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.audio import AudioAnalyser
from mixpeek_local.extract.decode import open_media
from mixpeek_local.extract.pcm import BATCH, RATE, Batch, Track

Samples = NDArray[np.float32]


def times(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * RATE)) / RATE


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def noise(seconds: float, loudness: float = 0.1) -> Samples:
    return (loudness * np.random.default_rng(3).standard_normal(round(seconds * RATE))).astype(np.float32)


def busy_signal(seconds: float) -> Samples:
    """The two tones of a telephone that is busy, twice a second."""
    at = times(seconds)
    tones = np.sin(2 * np.pi * 480 * at) + np.sin(2 * np.pi * 620 * at)
    return (0.2 * tones * (at % 1 < 0.5)).astype(np.float32)


def melody(seconds: float) -> Samples:
    """Four plucked notes a second."""
    at = times(0.25)
    notes = [
        sum(np.sin(2 * np.pi * hertz * n * at) / n**1.5 for n in range(1, 6)) * np.exp(-6 * at)
        for hertz in (262, 392, 330, 523, 349, 440)
    ]
    return np.resize(0.3 * np.concatenate(notes), round(seconds * RATE)).astype(np.float32)


def engine(seconds: float) -> Samples:
    """A motor that turns over 28 times a second."""
    at = times(seconds)
    strokes = sum(np.sin(2 * np.pi * 28 * n * at + n) / n for n in range(1, 30))
    return (0.1 * strokes * (1 + 0.3 * np.sin(2 * np.pi * 7 * at))).astype(np.float32)


def humming(seconds: float) -> Samples:
    """A voice that sings a tune on one vowel: the overtones of a glottis through the resonances of a mouth."""
    at = times(seconds)
    hertz = np.take([196, 220, 247, 262, 294, 262, 247, 220], (2 * at).astype(int), mode="wrap")
    phase = 2 * np.pi * np.cumsum(hertz * (1 + 0.012 * np.sin(2 * np.pi * 5.5 * at))) / RATE
    glottis = np.fft.rfft(sum(np.sin(n * phase) / n for n in range(1, 25)))
    bins = np.fft.rfftfreq(len(at), 1 / RATE)
    formants = ((700, 80, 1), (1150, 90, 0.6), (2600, 120, 0.3), (3500, 200, 0.1))
    mouth = sum(gain / (1 + ((bins - centre) / width) ** 2) for centre, width, gain in formants)
    voice = np.fft.irfft(glottis * mouth, len(at))
    return (0.3 * voice / np.abs(voice).max()).astype(np.float32)


def decoded(path: Path) -> Samples:
    """The sound track of a file."""
    track = Track()
    with open_media(path) as media:
        frames = [(frame, time) for frame, time in media.frames() if isinstance(frame, av.AudioFrame)]
    batches = [batch for frame, time in frames for batch in track.add(frame, time)]
    return np.concatenate([batch.samples for batch in [*batches, *track.finish()]])


def frames(samples: Samples, size: int = 1024, rate: int = RATE) -> Iterator[tuple[av.AudioFrame, float]]:
    """The samples as a decoder gives them: frames, and when each starts."""
    for start in range(0, len(samples), size):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + size], format="flt", layout="mono")
        frame.sample_rate = rate
        yield frame, start / rate


def batches(samples: Samples) -> Iterator[Batch]:
    for start in range(0, len(samples), BATCH):
        part = samples[start : start + BATCH]
        yield Batch(start / RATE, part, last=start + BATCH >= len(samples))


def heard(samples: Samples, *, size: int = 1024, sounds: bool = True, speech: bool = True) -> AudioAnalyser:
    """A listener that has heard it all."""
    with AudioAnalyser(sounds=sounds, speech=speech) as listener:
        for frame, time in frames(samples, size):
            listener.add(frame, time)
        listener.finish()
    return listener
