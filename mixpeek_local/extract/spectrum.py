"""A sound vector without a model: statistics of the log-mel spectrum.

The vector (131 numbers, unit length) joins: the mean spectrum in 64 mel bands, minus the straight line through it,
because most sounds fall off alike towards the high bands; how much each band varies over time, minus the mean (64);
the slope of the line; how much all bands vary; and how quiet the loudest band is, which is above 0 in silence too.

In a comparison of vectors with and without weights, mean and deviation of log-mel bands told recordings apart as well
as a speaker network did.
"""

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mixpeek_local.extract.pcm import RATE, Batch
from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.vectors import soft_unit, unit

DIMENSIONS = 131
"""Length of the vector."""

_BANDS = 64
_WINDOW, _HOP, _FFT = 400, 160, 512
_FLOOR_DB = -80.0
# A spectrum whose bands differ by less than 2.5 dB (root mean square) counts as flat.
_PATTERN_DB = 2.5 * _BANDS**0.5
_BLOCKS_PER_SECOND = 10


class Spectrum:
    """Keeps sums over tenths of a second, so that memory stays small."""

    def __init__(self) -> None:
        self._carry = np.zeros(0, np.float32)
        # Number of the tenth of a second -> count of windows, sum of their bands, sum of their squares.
        self._blocks: dict[int, NDArray[np.float32]] = {}

    def hear(self, batch: Batch) -> None:
        """Measure a batch; unless the one before was a last one, it continues that."""
        start = batch.start - len(self._carry) / RATE
        samples = np.concatenate([self._carry, batch.samples])
        count = max((len(samples) - _WINDOW) // _HOP + 1, 0)
        if count:
            self._measure(samples, count, start)
        self._carry = np.zeros(0, np.float32) if batch.last else samples[count * _HOP :]

    def vector(self, start: float, end: float) -> Vector | None:
        """The vector of the sound from `start` to `end` seconds; None if there is no sound."""
        low, high = round(start * _BLOCKS_PER_SECOND), max(round(end * _BLOCKS_PER_SECOND), 1)
        blocks = [self._blocks[number] for number in range(low, high) if number in self._blocks]
        if not blocks:
            return None
        sums = np.stack(blocks).sum(axis=0, dtype=np.float64)
        mean, mean_square = sums[1 : _BANDS + 1] / sums[0], sums[_BANDS + 1 :] / sums[0]
        return _describe(mean, np.sqrt(np.maximum(mean_square - mean * mean, 0)))

    def _measure(self, samples: NDArray[np.float32], count: int, start: float) -> None:
        decibels = _log_mel(sliding_window_view(samples, _WINDOW)[: count * _HOP : _HOP])
        middles = start + (np.arange(count) * _HOP + _WINDOW / 2) / RATE
        blocks, firsts = np.unique(np.floor(middles * _BLOCKS_PER_SECOND).astype(int), return_index=True)
        windows = np.hstack([np.ones((count, 1), np.float32), decibels, decibels * decibels])
        for block, sums in zip(blocks.tolist(), np.add.reduceat(windows, firsts, axis=0), strict=True):
            self._blocks[block] = self._blocks[block] + sums if block in self._blocks else sums


def _describe(mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> Vector:
    """Turn each band's mean and standard deviation, in decibels, into the vector."""
    line = np.linspace(-1, 1, _BANDS)
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


def _log_mel(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power in decibels, one row a window, one column a mel band, never below the floor."""
    spectrum = np.fft.rfft(windows * _taper(), n=_FFT, axis=1)
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
    corners = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(_FFT, 1 / RATE)[:, None]
    rising = (hertz - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - hertz) / (corners[2:] - corners[1:-1])
    bands = np.maximum(np.minimum(rising, falling), 0)
    # The lowest bands are narrower than a bin: take the bin nearest to their centre.
    empty = np.flatnonzero(bands.sum(axis=0) == 0)
    bands[np.abs(hertz - corners[1:-1][empty]).argmin(axis=0), empty] = 1
    return bands
