"""A sound track becomes labelled sounds and sentences with their times.

The models run on a second thread beside the decoder, so that both cores of a small machine have work. Batches are
analysed in order, so the results do not depend on timing.
"""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import av

from mixpeek_local.extract.pcm import Batch, Track
from mixpeek_local.extract.sounds import Sound, Sounds, sound_model
from mixpeek_local.extract.spectrum import Spectrum
from mixpeek_local.extract.speech import Sentence, recogniser
from mixpeek_local.extract.vad import VoiceActivity

# How far the decoder may be ahead of the models: two minutes of sound, 8 MB.
_MOST_WAITING = 16


class AudioAnalyser:
    """Analyses the sound of a file, frame by frame. Leaving its `with` block cancels what is queued.

    Without the sound model, vectors come from the spectrum and there are no labels; without the speech model there are
    no sentences.
    """

    def __init__(self, *, sounds: bool = True, speech: bool = True) -> None:
        """Choose what to analyse; models are loaded with the first sound.

        Args:
            sounds: Make vectors and labels.
            speech: Transcribe speech.
        """
        self._track = Track()
        self._models: _AudioModels | None = None
        self._wanted = sounds, speech
        self._thread = ThreadPoolExecutor(1, "audio")
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
        return sorted(self._models.sentences, key=lambda one: one.start) if self._models else []

    def add(self, frame: av.AudioFrame, time: float) -> None:
        """Take one decoded frame that starts at `time` seconds.

        Raises:
            Exception: An earlier frame could not be analysed.
        """
        for batch in self._track.add(frame, time):
            self._pass_on(batch)

    def finish(self) -> None:
        """Wait until everything is analysed; no frame may follow.

        Raises:
            Exception: A frame could not be analysed.
        """
        for batch in self._track.finish():
            self._pass_on(batch)
        while self._waiting:
            self._waiting.popleft().result()
        if self._models:
            self._thread.submit(self._models.finish).result()
        self._thread.shutdown()

    def sound(self, start: float, end: float) -> Sound | None:
        """The sound from `start` to `end` seconds, after `finish`; None where there is no sound track."""
        return self._models.sound(start, end) if self._models and self._wanted[0] else None

    def _pass_on(self, batch: Batch) -> None:
        self._waiting.append(self._thread.submit(self._analyse, batch))
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft().result()

    def _analyse(self, batch: Batch) -> None:
        self._models = self._models or _AudioModels(*self._wanted)
        self._models.add(batch)


class _AudioModels:
    """The models, on the second thread."""

    def __init__(self, sounds: bool, speech: bool) -> None:
        self.sentences: list[Sentence] = []
        # Also for speech alone: its scores say where speech is, and the transcription must not depend on the settings.
        model = sound_model() if sounds or speech else None
        self._sounds = Sounds(model) if model else None
        self._spectrum = Spectrum() if sounds and model is None else None
        self._recogniser = recogniser() if speech else None
        self._speech = VoiceActivity(self._sounds)

    def add(self, batch: Batch) -> None:
        if self._sounds:
            self._sounds.hear(batch)
        if self._spectrum:
            self._spectrum.hear(batch)
        if self._recogniser:
            for piece in self._speech.hear(batch):
                self.sentences += self._recogniser.recognise(piece)

    def finish(self) -> None:
        if self._recogniser:
            for piece in self._speech.finish():
                self.sentences += self._recogniser.recognise(piece)

    def sound(self, start: float, end: float) -> Sound | None:
        if self._sounds:
            return self._sounds.sound(start, end)
        vector = self._spectrum.vector(start, end) if self._spectrum else None
        return None if vector is None else Sound(vector)
