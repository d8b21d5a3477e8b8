"""Real embeddings, which an index must find again: of short sentences of Python's own documentation.

A test that takes them loads a model: mark it with `pytest.mark.slow`.
"""

import sysconfig
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.search.real import sentences_of
from mixpeek_local.extract.space import shared_space

STORED, ASKED = 2_000, 50
_MODULES = (
    "*.py",
    "email/*.py",
    "logging/*.py",
    "unittest/*.py",
    "asyncio/*.py",
    "xml/**/*.py",
    "multiprocessing/*.py",
)
_AT_ONCE = 2


@dataclass(frozen=True)
class Real:
    """Embeddings of unit length, of the space `multimodal`.

    Attributes:
        vectors: n x 384, to be stored.
        queries: q x 384, of other sentences.
    """

    vectors: NDArray[np.float32]
    queries: NDArray[np.float32]


@cache
def real_embeddings() -> Real:
    """Return them; the first time takes some seconds."""
    space = shared_space()
    assert space is not None, "the tests need the models: python -m mixpeek_local.get_models"
    sentences = list(islice(_short_sentences(), STORED + ASKED))
    assert len(sentences) == STORED + ASKED
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        made = np.concatenate(
            list(threads.map(space.of_words, [sentences[first::_AT_ONCE] for first in range(_AT_ONCE)]))
        )
    mixed = np.random.default_rng(1).permutation(made)
    return Real(mixed[ASKED:], mixed[:ASKED])


def exact_neighbours(vectors: NDArray[np.float32], query: NDArray[np.float32], k: int) -> list[int]:
    """Return the places of the `k` vectors (n x d) that are nearest to the query by cosine, the nearest first."""
    cosines = (vectors @ query) / np.linalg.norm(vectors, axis=1)
    return np.argsort(-cosines, kind="stable")[:k].tolist()


def recall(found: Collection[object], true: Collection[object]) -> float:
    """Return which share of the true neighbours was found."""
    return len(set(found) & set(true)) / len(true)


def _short_sentences() -> Iterator[str]:
    folder = Path(sysconfig.get_path("stdlib"))
    seen = set[str]()
    for file in (file for pattern in _MODULES for file in sorted(folder.glob(pattern))):
        new = dict.fromkeys(one for one in sentences_of(file) if 20 < len(one) < 60 and one not in seen)
        seen.update(new)
        yield from new
