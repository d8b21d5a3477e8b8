"""Query vectors: from words, or from a feature."""

import threading
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.errors import UnusableClipError
from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.sentences import sentence_model
from mixpeek_local.extract.space import shared_space
from mixpeek_local.models.capabilities import capabilities
from mixpeek_local.store.store import Store

_NO_WORDS = {
    "image": "`image` is compared with pictures only: search `multimodal`",
    "audio": "`audio` is compared with sounds only: search `multimodal`",
}


class NotSearchableError(Exception):
    """The query has no vector; the message is one sentence for the caller."""


class Embedder(Protocol):
    """Turns words into a vector."""

    def __call__(self, words: str, index: str) -> Vector:
        """The vector of words in the space of an index.

        Raises:
            NotSearchableError: The index cannot be searched by words.
        """
        ...


class WordVectors:
    """The embedder of this server: the sentence model, loaded by the first search, one search at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, words: str, index: str) -> Vector:
        """The vector of words in `multimodal` or `text`.

        Raises:
            NotSearchableError: The index cannot be searched by words, or the model is missing.
        """
        if index in _NO_WORDS:
            raise NotSearchableError(_NO_WORDS[index])
        try:
            with self._lock:
                vectors = _embedded(words, index)
        except UnusableClipError as error:
            raise NotSearchableError(f"`{index}` cannot be searched by words. {error}.") from None
        if vectors is None:
            missing = capabilities()
            why = missing["sentences"] or missing["vision"]
            raise NotSearchableError(f"`{index}` cannot be searched by words. {why}")
        return vectors[0]


def _embedded(words: str, index: str) -> NDArray[np.float32] | None:
    """The vector of words, in a row; None if the model is missing."""
    if index == "multimodal":
        space = shared_space()
        return space.of_query([words]) if space else None
    if index == "text":
        model = sentence_model()
        return model.embed([words]) if model else None
    offered = ", ".join(sorted(vectors_offered()))
    raise NotSearchableError(f"this server has no index {index!r}; it has {offered}")


def vector_of_feature(store: Store, feature_id: str, index: str) -> Vector:
    """A feature's own vector.

    Raises:
        NotSearchableError: There is no such feature, or it has no such vector.
    """
    vectors = store.vectors(feature_id)
    if index in vectors and vectors[index].any():
        return vectors[index]
    if store.feature(feature_id) is None:
        raise NotSearchableError(f"there is no feature {feature_id!r}")
    has = ", ".join(sorted(vectors)) or "no vectors"
    raise NotSearchableError(f"feature {feature_id!r} has no vector {index!r} with a direction; it has {has}")
