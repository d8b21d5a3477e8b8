"""The `multimodal` space: words, pictures and sounds as vectors that can be compared by their cosine.

It is the space of the sentence model, minus the mean of many texts. A picture comes there by a map from CLIP's space
(`learned`), a sound by the names of its classes (`sound_places`).

The user's own CLIP, if there is one, brings its own space.
"""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.kept import kept_places
from mixpeek_local.extract.learned import learned
from mixpeek_local.extract.own_clip import OwnClip, own_model
from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.sentences import sentence_model
from mixpeek_local.extract.sound_places import SoundPlaces
from mixpeek_local.extract.vectors import unit, units
from mixpeek_local.models.catalogue import folder


class TextModel(Protocol):
    """A model that reads.

    Attributes:
        folder: Where the places of texts that are asked for again and again are kept.
    """

    folder: Path

    def embed(self, texts: Iterable[str], /) -> NDArray[np.float32]:
        """One vector of unit length for each text."""
        ...


class SharedSpace:
    """The places of words, pictures and sounds: 384 numbers, unit length."""

    def __init__(self, sentences: TextModel, sound_names: Path | None, origin: Vector | None = None) -> None:
        self._sentences = sentences
        self._origin = learned().mean_of_words if origin is None else origin
        self._sounds = None if sound_names is None else _sound_places(sentences, sound_names, self._origin)

    def of_query(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """The places of words that are looked for, a row each."""
        return units(self._sentences.embed(texts) - self._origin)

    def of_words(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """The places of texts of a video, a row each."""
        return self.of_query(texts)

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


class OwnSpace(SharedSpace):
    """The space of the user's own CLIP, with as many numbers as that has."""

    def __init__(self, clip: OwnClip, sound_names: Path | None) -> None:
        super().__init__(clip, sound_names, origin=np.zeros(clip.dimensions, np.float32))
        self._clip = clip

    def of_words(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """The places of texts of a video: not quite those of the same words that are looked for."""
        return self._clip.among_pictures(self.of_query(texts))

    def of_picture(self, seen: Vector) -> Vector:
        """The place of a picture is its vector."""
        return seen

    def of_sound(self, scores: NDArray[np.float32]) -> Vector | None:
        """The place of a sound is one of words."""
        place = super().of_sound(scores)
        return None if place is None else self._clip.among_pictures(place)


def shared_space(threads: int = 1) -> SharedSpace | None:
    """The space, made once in each process; None if the model for its words is not installed.

    Raises:
        UnusableClipError: The user's own CLIP cannot be used.
    """
    words = own_model(threads) or sentence_model(threads)
    return None if words is None else _made(words, folder("yamnet"))


@cache
def _made(words: TextModel, sound_names: Path | None) -> SharedSpace:
    return OwnSpace(words, sound_names) if isinstance(words, OwnClip) else SharedSpace(words, sound_names)


def _sound_places(sentences: TextModel, where: Path, origin: NDArray[np.float32]) -> SoundPlaces:
    """The places of sounds, by the names of AudioSet's classes."""
    with (where / "classes.csv").open(encoding="utf-8", newline="") as file:
        names = [row["display_name"] for row in csv.DictReader(file)]
    return SoundPlaces(names, _embedded(sentences, [f"the sound of {name.lower()}" for name in names]) - origin)


def _embedded(sentences: TextModel, texts: Iterable[str]) -> NDArray[np.float32]:
    return kept_places(sentences.folder, texts, sentences.embed)
