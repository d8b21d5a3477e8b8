"""Listening: a sound track becomes sounds and sentences with their times.

A second thread hears what the decoder gives, so that both cores of a small machine have work: batch by batch in order,
so the results do not depend on who is ahead.
"""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import av

from mixpeek_local.extract.pcm import Batch, Track
from mixpeek_local.extract.sounds import Sound, Sounds, sound_model
from mixpeek_local.extract.spectrum import Spectrum
from mixpeek_local.extract.speech import Sentence, recogniser
from mixpeek_local.extract.voices import Voices

# Two minutes of sound, 8 MB: how far the decoder may be ahead while speech is written down.
_MOST_WAITING = 16


class Listener:
    """Hears a file, frame by frame; used in a `with` statement, it leaves no work behind when that is broken off.

    Without the model for sounds their vector comes from the spectrum, and nothing is named; without the one for speech
    there are no sentences.
    """

    def __init__(self, *, sounds: bool = True, speech: bool = True) -> None:
        """Choose what to listen for; models are loaded when there is something to hear.

        Args:
            sounds: Make vectors, and name what is heard.
            speech: Write down what is said.
        """
        self._track = Track()
        self._ears: _Ears | None = None
        self._wanted = sounds, speech
        self._thread = ThreadPoolExecutor(1, "listener")
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    @property
    def end(self) -> float:
        """The second at which the sound ends."""
        return self._track.end

    @property
    def sentences(self) -> list[Sentence]:
        """What was said, in order of time; complete after `finish`."""
        return sorted(self._ears.sentences, key=lambda one: one.start) if self._ears else []

    def add(self, frame: av.AudioFrame, time: float) -> None:
        """Take one decoded frame that starts at `time` seconds.

        Raises:
            Exception: What went wrong with an earlier frame.
        """
        for batch in self._track.add(frame, time):
            self._pass_on(batch)

    def finish(self) -> None:
        """Wait until all is heard; no frame may follow.

        Raises:
            Exception: What went wrong with a frame.
        """
        for batch in self._track.finish():
            self._pass_on(batch)
        while self._waiting:
            self._waiting.popleft().result()
        if self._ears:
            self._thread.submit(self._ears.finish).result()
        self._thread.shutdown()

    def sound(self, start: float, end: float) -> Sound | None:
        """What is heard from `start` to `end` seconds, after `finish`; None where there is no sound track."""
        return self._ears.sound(start, end) if self._ears and self._wanted[0] else None

    def _pass_on(self, batch: Batch) -> None:
        self._waiting.append(self._thread.submit(self._hear, batch))
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft().result()

    def _hear(self, batch: Batch) -> None:
        self._ears = self._ears or _Ears(*self._wanted)
        self._ears.hear(batch)


class _Ears:
    """All that hears, on the second thread."""

    def __init__(self, sounds: bool, speech: bool) -> None:
        self.sentences: list[Sentence] = []
        # What is said must not depend on whether sounds are asked for: they tell where speech is.
        model = sound_model() if sounds or speech else None
        self._sounds = Sounds(model) if model else None
        self._spectrum = Spectrum() if sounds and model is None else None
        self._recogniser = recogniser() if speech else None
        self._voices = Voices(self._sounds)

    def hear(self, batch: Batch) -> None:
        if self._sounds:
            self._sounds.hear(batch)
        if self._spectrum:
            self._spectrum.hear(batch)
        if self._recogniser:
            for piece in self._voices.hear(batch):
                self.sentences += self._recogniser.recognise(piece)

    def finish(self) -> None:
        if self._recogniser:
            for piece in self._voices.finish():
                self.sentences += self._recogniser.recognise(piece)

    def sound(self, start: float, end: float) -> Sound | None:
        if self._sounds:
            return self._sounds.sound(start, end)
        vector = self._spectrum.vector(start, end) if self._spectrum else None
        return None if vector is None else Sound(vector)
