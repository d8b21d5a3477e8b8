"""Voice activity detection: the sound track is reduced to possible speech, in pieces that Whisper can take.

Silero VAD tells voices from other sounds 31 times a second, but mistakes some music for voices. Its voices count only
if YAMNet, which knows music well, also finds speech within a few seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mixpeek_local.extract.pcm import RATE, Batch
from mixpeek_local.extract.sounds import Sounds

WINDOW = 512
"""Samples that the detector judges at a time."""

WINDOW_SECONDS = WINDOW / RATE

# Whisper takes 30 s.
_LONGEST_PIECE = int(29 / WINDOW_SECONDS)
# Sounds this far apart do not share a piece: something that is not speech would spoil the rest.
_APART_SECONDS = 10.0
_VOICE, _SMOOTHING = 0.5, 3
# Windows kept before and after a voice: words begin and end below what the detector notices.
_MARGIN = 19
# The score for speech that YAMNet must reach within this many seconds.
_SPEECH, _SPEECH_NEAR_SECONDS = 0.1, 5.0
_SPEECH_NEAR = int(_SPEECH_NEAR_SECONDS / WINDOW_SECONDS) + 1
# A piece that becomes too long is cut in a pause: this many windows with a voice score this low.
_PAUSE, _PAUSE_VOICE = 10, 0.2


@dataclass(frozen=True)
class Piece:
    """Windows of sound, in order; there may be gaps between them.

    Attributes:
        times: When each starts, in seconds.
        samples: Windows x `WINDOW`.
        voice: The voice score of each, 0 to 1.
    """

    times: NDArray[np.float64]
    samples: NDArray[np.float32]
    voice: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.times)

    def part(self, chosen: slice | NDArray[np.bool_]) -> "Piece":
        """Some of the windows."""
        return Piece(self.times[chosen], self.samples[chosen], self.voice[chosen])

    def followed_by(self, other: "Piece") -> "Piece":
        """These windows, then the other ones."""
        return Piece(
            np.concatenate([self.times, other.times]),
            np.concatenate([self.samples, other.samples]),
            np.concatenate([self.voice, other.voice]),
        )

    def after_gap(self) -> NDArray[np.bool_]:
        """Which windows follow a gap; the first one does."""
        steps = np.diff(self.times, prepend=-np.inf)
        return np.abs(steps - WINDOW_SECONDS) > WINDOW_SECONDS / 2


_NOTHING = Piece(np.zeros(0), np.zeros((0, WINDOW), np.float32), np.zeros(0, np.float32))


class VoiceActivity:
    """Finds possible speech in a sound track; keeps less than a minute of sound."""

    def __init__(self, sounds: Sounds | None) -> None:
        self._sounds = sounds
        # Windows that are not decided yet, after some that are.
        self._heard, self._decided = _NOTHING, 0
        self._piece = _NOTHING

    def hear(self, batch: Batch) -> Iterator[Piece]:
        """Take a batch, which `sounds` must have had before; yield the pieces that it completes."""
        self._heard = self._heard.followed_by(self._judged(batch))
        until = max(len(self._heard) - (0 if batch.last else _SPEECH_NEAR), self._decided)
        chosen = self._may_be_speech()
        chosen[: self._decided] = chosen[until:] = False
        self._piece = self._piece.followed_by(self._heard.part(chosen))
        forget = len(self._heard) if batch.last else max(until - _MARGIN, 0)
        self._heard, self._decided = self._heard.part(slice(forget, None)), until - forget if not batch.last else 0
        yield from self._complete_pieces()

    def finish(self) -> Iterator[Piece]:
        """Yield the rest."""
        if len(self._piece):
            yield self._piece
        self._piece = _NOTHING

    def _judged(self, batch: Batch) -> Piece:
        count = -(-len(batch.samples) // WINDOW)
        samples = np.pad(batch.samples, (0, count * WINDOW - len(batch.samples))).reshape(count, WINDOW)
        times = batch.start + np.arange(count, dtype=np.float64) * WINDOW_SECONDS
        return Piece(times, samples, _voice(samples))

    def _may_be_speech(self) -> NDArray[np.bool_]:
        voice = _mean_around(self._heard.voice, _SMOOTHING) >= _VOICE
        near_voice = _mean_around(voice, 2 * _MARGIN + 1) > 0
        if self._sounds is None or not near_voice.any():
            return near_voice
        return near_voice & (self._sounds.speech_near(self._heard.times, _SPEECH_NEAR_SECONDS) >= _SPEECH)

    def _complete_pieces(self) -> Iterator[Piece]:
        while (longest := _longest_start(self._piece)) < len(self._piece):
            cut = _place_to_cut(self._piece, longest)
            yield self._piece.part(slice(cut))
            self._piece = self._piece.part(slice(cut, None))


def _longest_start(piece: Piece) -> int:
    """How many of its windows one piece may hold."""
    apart = np.flatnonzero(np.diff(piece.times) > _APART_SECONDS) + 1
    return min(_LONGEST_PIECE, len(piece), *apart[:1].tolist())


def _place_to_cut(piece: Piece, longest: int) -> int:
    """The first window of the next piece: after the last pause, else at the quietest moment."""
    gaps = piece.after_gap()
    noise = _mean_around(np.where(gaps, 0, piece.voice), _PAUSE)
    first = longest // 3 + 1
    pauses = np.flatnonzero((gaps | (noise < _PAUSE_VOICE))[first : longest + 1])
    return first + int(pauses[-1] if len(pauses) else noise[first : longest + 1].argmin())


def _voice(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The voice score of each window. The detector starts anew each time, because noise dulls its memory."""
    from faster_whisper.vad import get_vad_model

    # A copy, because the detector writes into its input.
    return (
        np.asarray(get_vad_model()(windows.flatten()), np.float32).ravel() if len(windows) else np.zeros(0, np.float32)
    )


def _mean_around(values: NDArray[np.floating] | NDArray[np.bool_], width: int) -> NDArray[np.float64]:
    if not len(values):
        return np.zeros(0)
    padded = np.pad(values.astype(np.float64), (width // 2, width - width // 2 - 1), mode="edge")
    return sliding_window_view(padded, width).mean(axis=1)
