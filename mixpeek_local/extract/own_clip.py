"""The user's own CLIP (docs/own-clip.md): its pictures and words, brought together in one space.

The towers of a CLIP put pictures and words into two narrow cones, so that any two texts are nearer to each other than a
text is to the picture that it describes. In one index, no picture would ever come before a text. So

- pictures lose the mean of pictures, and all vectors lose the direction that texts share;
- words that are stored, not those that are looked for, get as much of that direction back as lets their cosines spread
  no wider than those of pictures.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.kept import kept, kept_places, short_digest
from mixpeek_local.extract.learned import FOLDER, learned
from mixpeek_local.extract.records import Picture, Vector
from mixpeek_local.extract.vectors import unit, units
from mixpeek_local.models.capabilities import packages_are_installed
from mixpeek_local.models.own_clip import IMAGE, TEXT, TOKENIZER, ClipFiles, own_clip
from mixpeek_local.models.towers import ImageTower, TextTower

# Texts of two kinds: names of what is seen, and what is said or written. Each kind has a mean of its own.
_NAMED = "a photo of a {}"
_SAID = (
    "So what we do with the {} is quite simple, and you can try it yourself.",
    "I think the {} was here yesterday.",
    "We will talk about the {} in a moment.",
    "Breaking news: the {} and what it means for you",
)
_SAID_EVERY = 10
_SHEET, _TILE = FOLDER / "pictures.jpg", 128
"""Pictures of so many pixels each way (samples/contact_sheet.py)."""

_LENGTH_OF_A_PHOTOGRAPH = 0.7
"""How long the vector of a photograph is without the mean of pictures (CLIP ViT-B/16, 310 of them)."""


@dataclass(frozen=True)
class _Bearings:
    """What is known of a pair of towers once they were tried.

    Attributes:
        mean_of_pictures: Of their vectors of unit length.
        shared_by_texts: The direction of the mean of texts, unit length.
        spread: How wide cosines of words and pictures spread, as a part of how wide those of words do; at most 1.
        labels: The places of the labels among words, label x dimensions; their lengths say how sure they are.
    """

    mean_of_pictures: NDArray[np.float32]
    shared_by_texts: NDArray[np.float32]
    spread: float
    labels: NDArray[np.float32]


class OwnClip:
    """Both towers, each loaded when it is first needed.

    Attributes:
        folder: For what is worked out from them.
        dimensions: Of the vectors.
        temperature: By which products of a picture and `places_of_labels` are divided before they become probabilities.
    """

    def __init__(self, files: ClipFiles, threads: int) -> None:
        self._files, self._threads = files, threads
        self.folder, self.dimensions = files.made, files.dimensions
        self.temperature = files.settings.temperature / _LENGTH_OF_A_PHOTOGRAPH

    def see(self, picture: Picture) -> Vector:
        """The place of a picture; unrelated pictures have cosines around 0."""
        return unit(self._less_shared(self._image.see(picture) - self._bearings.mean_of_pictures))

    def embed(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """The places of words that are looked for: n x dimensions, unit length."""
        return units(self._less_shared(self._read(texts)))

    def among_pictures(self, places: NDArray[np.float32]) -> NDArray[np.float32]:
        """The places at which words are stored, so that they compete with pictures fairly."""
        spread = self._bearings.spread
        return units(spread * places + (1 - spread**2) ** 0.5 * self._bearings.shared_by_texts)

    @property
    def places_of_labels(self) -> NDArray[np.float32]:
        """The places of the labels: label x dimensions."""
        return self._bearings.labels

    @cached_property
    def _image(self) -> ImageTower:
        return ImageTower(self._files.folder / IMAGE, self._files.settings, self._threads)

    @cached_property
    def _text(self) -> TextTower:
        folder = self._files.folder
        return TextTower(folder / TEXT, folder / TOKENIZER, self._files.settings, self._threads)

    @cached_property
    def _bearings(self) -> _Bearings:
        names, folder = learned().labels, self.folder / "raw"
        pictures = folder / f"pictures-{short_digest(_SHEET.read_bytes())}.npy"
        seen = kept(pictures, lambda: _rows(map(self._image.see, _pictures())))
        named = kept_places(folder, map(_NAMED.format, names), self._read)
        said = kept_places(folder, _sentences(names), self._read)
        shared = unit(named.mean(axis=0) + said.mean(axis=0))
        words = units(_less(named, shared))
        centred = units(_less(seen - seen.mean(axis=0), shared))
        of_words = (words @ words.T)[~np.eye(len(words), dtype=bool)].std()
        spread = float(min((centred @ words.T).std() / max(of_words, 1e-6), 1))
        return _Bearings(seen.mean(axis=0), shared, spread, _less(named - named.mean(axis=0), shared))

    def _read(self, texts: Iterable[str]) -> NDArray[np.float32]:
        return _rows(map(self._text.embed, texts))

    def _less_shared(self, vectors: NDArray) -> NDArray:
        return _less(vectors, self._bearings.shared_by_texts)


def own_model(threads: int = 1) -> OwnClip | None:
    """The user's own CLIP, loaded once in each process; None if there is none.

    Raises:
        UnusableClipError: There is one, and it cannot be used.
    """
    files = own_clip() if packages_are_installed("vision") else None
    return _loaded(files, threads) if files else None


@cache
def _loaded(files: ClipFiles, threads: int) -> OwnClip:
    return OwnClip(files, threads)


def _less(vectors: NDArray, direction: NDArray) -> NDArray:
    return vectors - (vectors @ direction)[..., None] * direction


def _rows(vectors: Iterable[NDArray]) -> NDArray[np.float32]:
    return np.stack(list(vectors)).astype(np.float32)


def _sentences(names: Iterable[str]) -> list[str]:
    return [_SAID[number % len(_SAID)].format(name) for number, name in enumerate(list(names)[::_SAID_EVERY])]


def _pictures() -> list[Picture]:
    """Drawn pictures, for want of photographs: their mean is near enough (cosine 0.9 with that of 310 real ones)."""
    from PIL import Image

    with Image.open(_SHEET) as image:
        sheet = np.asarray(image.convert("RGB"))
    rows, columns = sheet.shape[0] // _TILE, sheet.shape[1] // _TILE
    tiles = sheet.reshape(rows, _TILE, columns, _TILE, 3).swapaxes(1, 2)
    return list(np.ascontiguousarray(tiles.reshape(-1, _TILE, _TILE, 3)))
