"""Sound as plain samples: frames of any format, layout and rate become batches of equal size."""

from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples per second: what all audio models here take."""

BATCH = 256 * 512
"""Samples in a batch (8.2 s); the voice activity detector reads 512 at a time."""

# A larger difference between the samples and the container's clock is a gap, not jitter.
_MAX_DRIFT_SECONDS = 0.25


@dataclass(frozen=True)
class Batch:
    """A part of the sound track, mono.

    Attributes:
        start: The second of its first sample.
        samples: `BATCH` of them, from -1 to 1; only the last batch may be shorter, or empty.
        last: A gap, a jump of the clock or the end follows.
    """

    start: float
    samples: NDArray[np.float32]
    last: bool

    @property
    def end(self) -> float:
        """The second at which it ends."""
        return self.start + len(self.samples) / RATE


class Track:
    """Cuts decoded sound into batches, independently of the sizes of its frames.

    Attributes:
        end: The second at which the sound ends.
    """

    def __init__(self) -> None:
        self.end = 0.0
        self._resampler: av.AudioResampler | None = None
        self._source: tuple[str, str, int] | None = None
        self._clock = 0.0
        self._waiting: list[NDArray[np.float32]] = []
        self._waiting_from = 0.0

    def add(self, frame: av.AudioFrame, time: float) -> Iterator[Batch]:
        """Take one decoded frame that starts at `time` seconds; yield complete batches."""
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or source != self._source or abs(time - self._clock) > _MAX_DRIFT_SECONDS:
            yield from self.finish()
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            self._source, self._clock, self._waiting_from = source, time, time
        frame.pts = None  # the resampler refuses times that go back
        self._waiting += _samples(self._resampler, frame)
        self._clock += frame.samples / frame.sample_rate
        self.end = max(self.end, self._clock)
        yield from self._whole_batches()

    def finish(self) -> Iterator[Batch]:
        """Yield the rest as a last batch; the next frame starts a new run."""
        if self._resampler is None:
            return
        self._waiting += _samples(self._resampler, None)
        yield from self._whole_batches()
        yield Batch(self._waiting_from, _joined(self._waiting), last=True)
        self._resampler, self._waiting = None, []

    def _whole_batches(self) -> Iterator[Batch]:
        while sum(map(len, self._waiting)) >= BATCH:
            samples = _joined(self._waiting)
            yield Batch(self._waiting_from, samples[:BATCH], last=False)
            self._waiting = [samples[BATCH:]]
            self._waiting_from += BATCH / RATE


def _samples(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> list[NDArray[np.float32]]:
    pieces = [piece.to_ndarray().ravel().astype(np.float32) for piece in resampler.resample(frame)]
    # Floating-point samples may have any value.
    return [np.clip(np.nan_to_num(piece, nan=0.0, posinf=1.0, neginf=-1.0), -1, 1) for piece in pieces]


def _joined(pieces: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
