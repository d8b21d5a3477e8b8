"""Listening: a stretch of sound becomes a vector, from the statistics of its log-mel spectrum.

The vector (131 numbers, unit length) joins: the mean spectrum in 64 mel bands, less the straight line through it, as
most sounds fall off alike towards the high bands; how much each band varies over the stretch, less the mean (64);
the line's slope; how much all bands vary; and how quiet the loudest band is, which is always above 0 and decides where
there is nothing else to hear.

Mean and deviation of log-mel bands told recordings apart as well as a speaker network did, in a comparison of
vectors without and with weights.
"""

from functools import cache

import av
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mixpeek_assets.local_api.extract.records import Vector
from mixpeek_assets.local_api.extract.vectors import soft_unit, unit

RATE = 16_000
BANDS = 64
_WINDOW, _HOP, _FFT = 400, 160, 512
_FLOOR_DB = -80.0
# Bands that differ by less than 2.5 dB (root mean square) are taken for flat.
_PATTERN_DB = 2.5 * BANDS**0.5
_BATCH_SECONDS = 8
_BLOCKS_PER_SECOND = 10
# Beyond this the clock of the samples and the container's have parted: a gap, not jitter.
_MAX_DRIFT_SECONDS = 0.25


class Listener:
    """Takes decoded audio in order and keeps sums over tenths of a second, so memory stays small.

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
        # Number of the tenth of a second -> count of windows, sum of their bands, sum of their squares.
        self._blocks: dict[int, NDArray[np.float32]] = {}

    def add(self, frame: av.AudioFrame, time: float) -> None:
        """Take one decoded frame that starts at `time` seconds."""
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or source != self._source or abs(time - self._clock) > _MAX_DRIFT_SECONDS:
            self.finish()
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            self._source, self._clock, self._waiting_from = source, time, time
        frame.pts = None  # the resampler would refuse times that go back
        self._waiting += _samples(self._resampler, frame)
        self._clock += frame.samples / frame.sample_rate
        self.end = max(self.end, self._clock)
        if sum(map(len, self._waiting)) >= _BATCH_SECONDS * RATE:
            self._measure()

    def finish(self) -> None:
        """Measure what is waiting; the next frame starts afresh."""
        if self._resampler is not None:
            self._waiting += _samples(self._resampler, None)
            self._measure()
        self._resampler, self._waiting = None, []

    def vector(self, start: float, end: float) -> Vector | None:
        """The vector of the sound from `start` to `end` seconds; None where there is no sound track."""
        low, high = round(start * _BLOCKS_PER_SECOND), max(round(end * _BLOCKS_PER_SECOND), 1)
        blocks = [self._blocks[number] for number in range(low, high) if number in self._blocks]
        if not blocks:
            return None
        sums = np.stack(blocks).sum(axis=0, dtype=np.float64)
        mean, mean_square = sums[1 : BANDS + 1] / sums[0], sums[BANDS + 1 :] / sums[0]
        return _describe(mean, np.sqrt(np.maximum(mean_square - mean * mean, 0)))

    def _measure(self) -> None:
        samples = np.concatenate(self._waiting) if self._waiting else np.zeros(0, np.float32)
        count = (len(samples) - _WINDOW) // _HOP + 1
        if count < 1:
            self._waiting = [samples]
            return
        decibels = _log_mel(sliding_window_view(samples, _WINDOW)[: count * _HOP : _HOP])
        middles = self._waiting_from + (np.arange(count) * _HOP + _WINDOW / 2) / RATE
        blocks, firsts = np.unique(np.floor(middles * _BLOCKS_PER_SECOND).astype(int), return_index=True)
        windows = np.hstack([np.ones((count, 1), np.float32), decibels, decibels * decibels])
        for block, sums in zip(blocks.tolist(), np.add.reduceat(windows, firsts, axis=0), strict=True):
            self._blocks[block] = self._blocks[block] + sums if block in self._blocks else sums
        self._waiting = [samples[count * _HOP :]]
        self._waiting_from += count * _HOP / RATE


def _describe(mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> Vector:
    """Turn each band's mean and standard deviation, in decibels, into the vector."""
    line = np.linspace(-1, 1, BANDS)
    level = mean.mean()
    slope = line @ (mean - level) / (line @ line)
    quiet = np.clip(mean.max() / _FLOOR_DB, 0, 1)
    return unit(
        np.concatenate(
            [
                soft_unit(mean - level - slope * line, floor=_PATTERN_DB),
                0.6 * soft_unit(deviation - deviation.mean(), floor=_PATTERN_DB),
                [0.01 * slope, 0.02 * deviation.mean(), 0.1 + quiet**2],
            ]
        )
    )


def _samples(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> list[NDArray[np.float32]]:
    return [piece.to_ndarray().ravel().astype(np.float32) for piece in resampler.resample(frame)]


def _log_mel(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power in decibels, one row a window, one column a mel band, never below the floor."""
    sound = np.nan_to_num(windows, nan=0.0, posinf=1.0, neginf=-1.0)  # float tracks may hold anything
    spectrum = np.fft.rfft(np.clip(sound, -4, 4) * _taper(), n=_FFT, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) @ _mel_bands()
    return np.maximum(10 * np.log10(power + 1e-12), _FLOOR_DB).astype(np.float32)


@cache
def _taper() -> NDArray[np.float32]:
    hann = np.hanning(_WINDOW)
    return (hann / hann.sum()).astype(np.float32)


@cache
def _mel_bands() -> NDArray[np.float64]:
    """Triangles, evenly spaced on the mel scale from 60 Hz to 7.8 kHz: FFT bins x bands."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (60, 7_800))
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(_FFT, 1 / RATE)[:, None]
    rising = (hertz - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - hertz) / (corners[2:] - corners[1:-1])
    bands = np.maximum(np.minimum(rising, falling), 0)
    # The lowest bands are narrower than a bin: take the bin nearest to their centre.
    empty = np.flatnonzero(bands.sum(axis=0) == 0)
    bands[np.abs(hertz - corners[1:-1][empty]).argmin(axis=0), empty] = 1
    return bands
