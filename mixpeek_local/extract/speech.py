"""Speech recognition: pieces of sound become sentences with times, by Whisper.

By default it is tiny.en, for English; MIXPEEK_SENSES=multilingual chooses base, which knows a hundred languages.

From sound without words, Whisper makes phrases like "Thank you.", or repeats one again and again. Such words have low
probabilities or repeat themselves, so they are dropped. So is most speech in languages that it does not know.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mixpeek_local.extract.vad import WINDOW_SECONDS, Piece
from mixpeek_local.models.capabilities import packages_are_installed
from mixpeek_local.models.catalogue import folder
from mixpeek_local.senses import senses

if TYPE_CHECKING:
    from faster_whisper import BatchedInferencePipeline

# Of 1,000 words of real and 800 of synthetic speech, six in a hundred were wrong with a beam of 5, nearly eight with 1,
# which takes a sixth less time.
_BEAM = 5
# Mean log probability of the tokens. English is at -0.05 to -0.4 if two of three words are right (measured with music
# and noise up to the loudness of the speech); French, Spanish, Russian, German, Italian and Polish are at -0.6 and
# below, or repeat themselves; music is below -0.8. In base, people who speak English, Spanish, French, Italian and
# Russian are at -0.3 and above, a language that was taken for another one, and speech played backwards, below -0.8.
_LEAST_LOG_PROBABILITY = -0.55
# Compression ratio of the text: Dickens has 2.5, Russian announcements of a telephone 2.9, a repeated phrase over 4.
_MOST_REPETITION = 3.5
# Mean probability of a sentence's words: below the first it is dropped, below the second it is a guess. Of speech with
# music and noise up to its loudness, 18 of 21 sentences between the two had a wrong word; of surer ones, one of three.
_LEAST_CONFIDENCE, _SURE_CONFIDENCE = 0.55, 0.65
# Fast speech has 130 in half a minute; a repeated phrase would fill 448.
_MOST_TOKENS = 256
_LONGEST_PAUSE_SECONDS = 1.5
_ABBREVIATIONS = frozenset({"Mr.", "Mrs.", "Ms.", "Dr.", "St.", "No.", "vs."})


@dataclass(frozen=True)
class Word:
    """A word, or a part of one, as Whisper writes it: with punctuation and the space before it.

    Attributes:
        start: When it starts, in seconds.
        end: When it ends, in seconds.
        text: As it is written.
        probability: From 0 to 1.
    """

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True)
class Sentence:
    """A sentence, or the part of one up to a pause.

    Attributes:
        words: At least one.
        language: As an ISO 639 code; None if nobody asked which it is.
    """

    words: tuple[Word, ...]
    language: str | None = None

    @property
    def start(self) -> float:
        """When it starts, in seconds."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """When it ends, in seconds."""
        return self.words[-1].end

    @property
    def text(self) -> str:
        """Its words."""
        return _text(self.words)

    @property
    def confidence(self) -> float:
        """The mean probability of its words, 0 to 1."""
        return sum(word.probability for word in self.words) / len(self.words)

    @property
    def is_sure(self) -> bool:
        """Whether it may be told as said; else it is a guess."""
        return self.confidence >= _SURE_CONFIDENCE


class FoundWord(Protocol):
    """A word as faster-whisper returns it."""

    start: float
    end: float
    word: str
    probability: float


class Recogniser:
    """Whisper, loaded with the first piece of speech."""

    def __init__(self, folder: Path, *, knows_languages: bool) -> None:
        self._folder = folder
        self._knows_languages = knows_languages

    def recognise(self, piece: Piece) -> list[Sentence]:
        """Transcribe a piece; empty if there are no recognisable words."""
        if not self._knows_languages:
            return self._transcribe(piece, "en")[0]
        found, likeliest = self._transcribe(piece, None)
        if not found:
            # An accent is taken for a language: the other one is then the right one.
            found, _ = self._transcribe(piece, likeliest[1])
        return found

    def _transcribe(self, piece: Piece, language: str | None) -> tuple[list[Sentence], list[str]]:
        """The sentences of a piece in a language, or in the likeliest; and the languages, likeliest first."""
        # Whisper's own timestamps are less exact than those of the words, and take time.
        segments, about = self._pipeline.transcribe(
            piece.samples.ravel(),
            language=language,
            beam_size=_BEAM,
            temperature=0.0,
            without_timestamps=True,
            word_timestamps=True,
            batch_size=1,
            vad_filter=False,
            max_new_tokens=_MOST_TOKENS,
        )
        words = [
            word
            for segment in segments
            if segment.avg_logprob >= _LEAST_LOG_PROBABILITY and segment.compression_ratio <= _MOST_REPETITION
            for word in placed(piece, segment.words or [])
        ]
        known = about.language if self._knows_languages else None
        found = (Sentence(sentence.words, known) for sentence in sentences(words))
        likeliest = [code for code, _ in about.all_language_probs or ()]
        return [sentence for sentence in found if sentence.confidence >= _LEAST_CONFIDENCE], likeliest

    @cached_property
    def _pipeline(self) -> "BatchedInferencePipeline":
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        # A complete folder: nothing is downloaded. One thread: two spin while they wait for each other, and on busy
        # cores take four times the processor time of one.
        model = WhisperModel(str(self._folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)
        return BatchedInferencePipeline(model)


def recogniser() -> Recogniser | None:
    """The model for the senses that were chosen, one in each process; None if it is not installed.

    Raises:
        UnknownSensesError: There are no such senses.
    """
    knows_languages = senses() == "multilingual"
    where = folder("whisper-base" if knows_languages else "whisper-tiny-en")
    return _made(where, knows_languages) if where and packages_are_installed("speech") else None


@cache
def _made(where: Path, knows_languages: bool) -> Recogniser:
    return Recogniser(where, knows_languages=knows_languages)


def sentences(words: Iterable[Word]) -> Iterator[Sentence]:
    """Group words: a sentence ends at a pause, or with its mark unless the next word is in lower case."""
    waiting: list[Word] = []
    for word in words:
        if waiting and _ends(waiting[-1], word):
            yield Sentence(tuple(waiting))
            waiting = []
        waiting.append(word)
    if waiting:
        yield Sentence(tuple(waiting))


def said(spoken: Iterable[Sentence], start: float, end: float) -> str:
    """The words that start from `start` to `end` seconds, none of a guess; a segment's end cuts a sentence."""
    sure = (sentence for sentence in spoken if sentence.is_sure)
    return _text(word for sentence in sure for word in sentence.words if start <= word.start < end)


def _text(words: Iterable[Word]) -> str:
    return "".join(word.text for word in words).strip()


def _ends(word: Word, following: Word) -> bool:
    if following.start - word.end > _LONGEST_PAUSE_SECONDS:
        return True
    text, goes_on = word.text.strip(), following.text.strip()[:1].islower() or not following.text.startswith(" ")
    return text.endswith((".", "?", "!")) and text not in _ABBREVIATIONS and not goes_on


def placed(piece: Piece, found: Iterable[FoundWord]) -> Iterator[Word]:
    """Convert times of words to the time of the file, each by its middle; none spans what was left out.

    Args:
        piece: The piece that was transcribed.
        found: Words, with times in seconds of the piece.
    """
    starts = np.flatnonzero(piece.after_gap())
    ends = np.append(starts[1:], len(piece))
    for one in found:
        middle = min(int((one.start + one.end) / 2 / WINDOW_SECONDS), len(piece) - 1)
        run = int(np.searchsorted(starts, middle, side="right")) - 1
        low, high = starts[run] * WINDOW_SECONDS, ends[run] * WINDOW_SECONDS
        start, end = (piece.times[starts[run]] + np.clip(time, low, high) - low for time in (one.start, one.end))
        yield Word(round(float(start), 2), round(float(end), 2), one.word, float(one.probability))
