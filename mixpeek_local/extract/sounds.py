"""Sound classification: the scores of AudioSet's 521 classes, and a vector, by YAMNet in 8 bits.

The model takes patches of 0.96 s, one every 0.48 s.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mixpeek_local.extract.pcm import RATE, Batch
from mixpeek_local.extract.records import Label, Vector
from mixpeek_local.extract.vectors import unit
from mixpeek_local.models.capabilities import packages_are_installed
from mixpeek_local.models.catalogue import folder
from mixpeek_local.models.onnx import output, session

DIMENSIONS = 1024
"""Length of the vector."""

LABEL_SCORE = 0.3
"""The lowest score of a label: below it, more labels are wrong than right."""
_MOST_LABELS = 5

# The input of YAMNet: magnitudes in 64 mel bands from 125 Hz to 7.5 kHz, 25 ms every 10 ms, 96 of them a patch.
_WINDOW, _HOP, _FFT, _BANDS = 400, 160, 512, 64
_PATCH, _PATCH_HOP = 96, 48
_PATCH_SAMPLES, _STEP_SAMPLES = (_PATCH - 1) * _HOP + _WINDOW, _PATCH_HOP * _HOP
# The input of the 8-bit model: round(log mel / scale + zero point), from its graph (audio_scale, audio_zero_point).
_SCALE, _ZERO_POINT = 0.047937885, 144
# Names of two nodes in its graph: the scores before they are rounded and squashed, and the pooled features.
_LOGITS, _POOLED = b"class_scores_updated", b"/model/GlobalAveragePool_output_0"

# For short sounds in ten seconds: of 168 mixed into speech, music or silence, the mean over the patches found 0.05, the
# mean of the three highest scores 0.39, the highest one 0.49, but with three times as many wrong labels.
_PEAK_PATCHES = 3
_SILENCE = "Silence"
_SPEECH = ("Speech", "Child speech, kid speaking", "Conversation", "Narration, monologue", "Babbling")
_SPEECH += ("Speech synthesizer", "Shout")


@dataclass(frozen=True)
class Sound:
    """The sound of a stretch of time.

    Attributes:
        vector: Unit length; 1024 numbers by YAMNet, none negative, or 131 by the spectrum.
        scores: Of the 521 classes, 0 to 1 each, in the order of the model; None without it.
        labels: The classes with high scores, highest first.
    """

    vector: Vector
    scores: NDArray[np.float32] | None = None
    labels: tuple[Label, ...] = ()


class SoundModel:
    """YAMNet, loaded.

    Attributes:
        names: Of the 521 classes.
    """

    def __init__(self, folder: Path) -> None:
        self.names = class_names(folder)
        graph = (folder / "model.onnx").read_bytes() + output(_LOGITS) + output(_POOLED)
        # The graph is changed in memory; its weights are in a file of their own.
        self._session = session(graph, threads=1, weights=folder)

    def hear(self, patch: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return a patch's 521 scores before the logistic function, and its 1024 features."""
        logits, features = self._session.run([_LOGITS.decode(), _POOLED.decode()], {"audio": patch[None, None]})
        return np.asarray(logits, np.float32).ravel(), np.asarray(features, np.float32).ravel()


class Sounds:
    """Classifies a sound track and keeps the results of each patch: 24 MB an hour."""

    def __init__(self, model: SoundModel) -> None:
        self._model = model
        self._carry = np.zeros(0, np.float32)
        self._goes_on = False
        # For each patch: its start and end, scores, and features.
        self._spans = np.zeros((0, 2))
        self._scores: list[NDArray[np.float16]] = []
        self._features: list[NDArray[np.float16]] = []
        self._speech = [model.names.index(name) for name in _SPEECH]

    def hear(self, batch: Batch) -> None:
        """Classify a batch; unless the one before was a last one, it continues that."""
        start = batch.start - len(self._carry) / RATE
        samples = np.concatenate([self._carry, batch.samples])
        if batch.last:
            samples = self._padded(samples)
        count = _patch_count(len(samples))
        if count:
            begins = start + np.arange(count) * _STEP_SAMPLES / RATE
            ends = np.minimum(begins + _PATCH_SAMPLES / RATE, batch.end)
            self._spans = np.concatenate([self._spans, np.column_stack([begins, ends])])
            for patch in _patches(samples, count):
                logits, features = self._model.hear(patch)
                self._scores.append((1 / (1 + np.exp(-np.maximum(logits, -15)))).astype(np.float16))
                self._features.append(features.astype(np.float16))
        self._carry = np.zeros(0, np.float32) if batch.last else samples[count * _STEP_SAMPLES :]
        self._goes_on = not batch.last and (self._goes_on or count > 0)

    def sound(self, start: float, end: float) -> Sound | None:
        """The sound from `start` to `end` seconds; None if there is none."""
        chosen = self._patches_within(start, end)
        if not len(chosen):
            return None
        scores = np.stack([self._scores[index] for index in chosen]).astype(np.float32)
        peaks = np.sort(scores, axis=0)[-_PEAK_PATCHES:].mean(axis=0)
        # Silence must last: even speech has pauses.
        silence = self._model.names.index(_SILENCE)
        peaks[silence] = scores[:, silence].mean()
        vector = unit(np.stack([self._features[index] for index in chosen]).mean(axis=0, dtype=np.float64))
        return Sound(vector, peaks, self._labels(peaks))

    def speech_near(self, times: NDArray[np.float64], seconds: float) -> NDArray[np.float32]:
        """The highest score of any kind of speech within `seconds` of each time; times are in order."""
        recent = np.flatnonzero(self._spans[:, 1] >= times[0] - seconds)
        spans = self._spans[recent]
        near = (spans[:, 0] <= times[:, None] + seconds) & (spans[:, 1] >= times[:, None] - seconds)
        scores = np.array([self._scores[index][self._speech].max() for index in recent], np.float32)
        return np.where(near, scores, 0).max(axis=1, initial=0)

    def _patches_within(self, start: float, end: float) -> NDArray[np.intp]:
        begins, ends = self._spans.T
        middles = (begins + ends) / 2
        inside = np.flatnonzero((middles >= start) & (middles < end))
        return inside if len(inside) else np.flatnonzero((begins < end) & (ends > start))

    def _labels(self, scores: NDArray[np.float32]) -> tuple[Label, ...]:
        best = np.argsort(-scores, kind="stable")[:_MOST_LABELS]
        return tuple(
            Label(self._model.names[index], float(scores[index])) for index in best if scores[index] >= LABEL_SCORE
        )

    def _padded(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Pad a last patch with silence, unless too little is left that is in no patch."""
        count = _patch_count(len(samples))
        heard = (count - 1) * _STEP_SAMPLES + _PATCH_SAMPLES if count or self._goes_on else 0
        if len(samples) - heard <= (_STEP_SAMPLES // 2 if heard else 0):
            return samples
        return np.pad(samples, (0, count * _STEP_SAMPLES + _PATCH_SAMPLES - len(samples)))


def sound_model() -> SoundModel | None:
    """The model, loaded once in each process; None if it is not installed."""
    where = folder("yamnet")
    return _loaded(where) if where and packages_are_installed("sounds") else None


@cache
def class_names(where: Path) -> tuple[str, ...]:
    """AudioSet's 521 classes, in the model's order."""
    with (where / "classes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row["display_name"] for row in csv.DictReader(file))


@cache
def _loaded(where: Path) -> SoundModel:
    return SoundModel(where)


def _patch_count(samples: int) -> int:
    return max((samples - _PATCH_SAMPLES) // _STEP_SAMPLES + 1, 0)


def _patches(samples: NDArray[np.float32], count: int) -> NDArray[np.uint8]:
    """Log-mel spectra as the model takes them: patch x 96 times x 64 bands."""
    windows = sliding_window_view(samples, _WINDOW)[: ((count - 1) * _PATCH_HOP + _PATCH) * _HOP : _HOP]
    mel = np.abs(np.fft.rfft(windows * _taper(), n=_FFT, axis=1)) @ _mel_bands()
    values = np.clip(np.round(np.log(mel + 0.001) / _SCALE + _ZERO_POINT), 0, 255).astype(np.uint8)
    return sliding_window_view(values, _PATCH, axis=0)[::_PATCH_HOP].transpose(0, 2, 1)


@cache
def _taper() -> NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)


@cache
def _mel_bands() -> NDArray[np.float32]:
    """Triangles on the mel scale, as TensorFlow makes them: FFT bins x bands."""
    mels = 1127 * np.log(1 + np.fft.rfftfreq(_FFT, 1 / RATE)[:, None] / 700)
    low, high = (1127 * np.log(1 + hertz / 700) for hertz in (125, 7_500))
    corners = np.linspace(low, high, _BANDS + 2)
    rising = (mels - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - mels) / (corners[2:] - corners[1:-1])
    return np.maximum(np.minimum(rising, falling), 0).astype(np.float32)
