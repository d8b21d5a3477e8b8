"""The `multimodal` space: words, pictures and sounds as vectors that can be compared by their cosine.

It is the space of the sentence model, minus the mean of many texts. A picture comes there by a map from CLIP's space
(`learned`), a sound by the names of its classes (`sound_places`).
"""

import csv
import hashlib
import json
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.learned import learned
from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.sentences import SentenceModel, sentence_model
from mixpeek_local.extract.sound_places import SoundPlaces
from mixpeek_local.extract.vectors import unit
from mixpeek_local.models.catalogue import folder


class SharedSpace:
    """The places of words, pictures and sounds: 384 numbers, unit length."""

    def __init__(self, sentences: SentenceModel, sound_names: Path | None) -> None:
        self._sentences = sentences
        self._origin = learned().mean_of_words
        self._sounds = None if sound_names is None else _sound_places(sentences, sound_names, self._origin)

    def of_words(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """The places of texts, from a video or a query: n x 384."""
        return _units(self._sentences.embed(texts) - self._origin)

    def of_picture(self, seen: Vector) -> Vector:
        """The place of a picture.

        Args:
            seen: Its vector by the vision model, or the mean of several.
        """
        return unit(seen @ learned().to_words)

    def of_sound(self, scores: NDArray[np.float32]) -> Vector | None:
        """The place of a sound; None if no class scores high enough.

        Args:
            scores: Of the 521 classes of AudioSet, each from 0 to 1.

        Raises:
            LookupError: The sound model is not installed.
        """
        if self._sounds is None:
            raise LookupError("the model yamnet is not installed, which has the names of the sounds")
        return self._sounds.of(scores)


def shared_space(threads: int = 1) -> SharedSpace | None:
    """The space, made once in each process; None if the model for sentences is not installed."""
    sentences = sentence_model(threads)
    return None if sentences is None else _made(sentences, folder("yamnet"))


@cache
def _made(sentences: SentenceModel, sound_names: Path | None) -> SharedSpace:
    return SharedSpace(sentences, sound_names)


def _sound_places(sentences: SentenceModel, where: Path, origin: NDArray[np.float32]) -> SoundPlaces:
    """The places of sounds, by the names of AudioSet's classes."""
    with (where / "classes.csv").open(encoding="utf-8", newline="") as file:
        names = [row["display_name"] for row in csv.DictReader(file)]
    return SoundPlaces(names, _embedded(sentences, [f"the sound of {name.lower()}" for name in names]) - origin)


def _embedded(sentences: SentenceModel, texts: Iterable[str]) -> NDArray[np.float32]:
    """Embed texts, which takes seconds, or read the copy that was kept beside the model."""
    texts = list(texts)
    digest = hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]
    kept = sentences.folder / f"places-{digest}.npy"
    if kept.exists():
        return np.load(kept)
    vectors = sentences.embed(texts)
    # If the folder cannot be written, this takes the seconds again next time.
    with suppress(OSError), tempfile.TemporaryDirectory(prefix=".new-", dir=sentences.folder) as work:
        new = Path(work) / kept.name
        np.save(new, vectors)
        new.rename(kept)
    return vectors


def _units(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
