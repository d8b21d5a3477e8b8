"""The search: every vector of a space is compared with each query's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.found.index import Index, Moment
from mixpeek_local.extract.sentences import sentence_model
from mixpeek_local.extract.space import shared_space


@dataclass(frozen=True)
class Hit:
    """A moment, and how similar it is to a query: the cosine."""

    moment: Moment
    similarity: float


def ranked(everything: Index, space: str, texts: Sequence[str]) -> list[Iterator[Hit]]:
    """The hits of each text, best first.

    Args:
        everything: What is searched.
        space: `multimodal` or `text`.
        texts: What is looked for.

    Raises:
        LookupError: The models are not installed.
    """
    model, shared = sentence_model(), shared_space()
    if model is None or shared is None:
        raise LookupError("The models are not there: python -m mixpeek_local.get_models")
    vectors = everything.vectors[space]
    present = np.flatnonzero(~np.isnan(vectors[:, 0]))
    asked = shared.of_query(texts) if space == "multimodal" else model.embed(texts)
    return [_hits(everything, present, similarities) for similarities in asked @ vectors[present].T]


def _hits(everything: Index, present: np.ndarray, similarities: np.ndarray) -> Iterator[Hit]:
    for index in np.argsort(-similarities, kind="stable"):
        yield Hit(everything.moments[present[index]], float(similarities[index]))
