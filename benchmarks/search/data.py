"""The vectors that are searched: a matrix on disk, queries that are not in it, and how near the true ten are."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.search import real

Matrix = NDArray[np.float32]

K = 10
QUERIES = 100
KINDS = ("clustered", "offset", "hard", *real.KINDS)
"""`clustered`: a normal distribution around each of many centres. `offset`: the same, and all share a mean six times as
long as what sets them apart. `hard`: uniform on the sphere, so that nothing is near. The others are real embeddings."""

_BLOCK = 20_000
_A_CENTRE = 100


@dataclass(frozen=True)
class Data:
    """A folder with a set of vectors; all have unit length, so a cosine is an inner product.

    Attributes:
        folder: Where `vectors.npy`, `queries.npy` and `tenth.npy` are.
    """

    folder: Path

    def vectors(self, *, in_memory: bool = False) -> Matrix:
        """The matrix, mapped; or read, where that is what is compared."""
        return np.load(self.folder / "vectors.npy", mmap_mode=None if in_memory else "r")

    def blocks(self) -> Iterator[tuple[int, Matrix]]:
        """Parts of the matrix that fit into memory, each with the number of its first row."""
        vectors = self.vectors()
        for first in range(0, len(vectors), _BLOCK):
            yield first, np.ascontiguousarray(vectors[first : first + _BLOCK])

    def queries(self) -> Matrix:
        """Vectors of the same distribution that are not in the matrix."""
        return np.load(self.folder / "queries.npy")

    def recall(self, found: list[list[int]]) -> float:
        """The share of the true ten nearest that was found, of as many queries as were answered.

        Vectors that are as near as the tenth, to rounding, count as well.
        """
        vectors, tenth = self.vectors(), np.load(self.folder / "tenth.npy")
        hits = [
            np.sum(vectors[ids] @ query >= least - 1e-6) if ids else 0
            for query, least, ids in zip(self.queries(), tenth, found, strict=False)
        ]
        return float(np.mean(hits)) / K


def make(kind: str, rows: int, dimensions: int, folder: Path, keep: Path | None = None) -> Data:
    """Write a set of vectors to a folder, without ever holding it whole.

    Args:
        kind: One of `KINDS`.
        rows: How many; of real embeddings, there are as many as there are.
        dimensions: Of the made ones.
        folder: An empty one.
        keep: A folder to keep real embeddings in.
    """
    if kind in real.KINDS:
        vectors = real.embeddings(kind, keep)
        _store(folder, vectors[QUERIES:], vectors[:QUERIES])
        return Data(folder)
    source = _Source(kind, rows, dimensions)
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (rows, dimensions))
    for first in range(0, rows, _BLOCK):
        vectors[first : first + _BLOCK] = source.draw(min(_BLOCK, rows - first))
    vectors.flush()
    _store(folder, None, source.draw(QUERIES))
    return Data(folder)


def _store(folder: Path, vectors: Matrix | None, queries: Matrix) -> None:
    if vectors is not None:
        np.save(folder / "vectors.npy", vectors)
    np.save(folder / "queries.npy", queries)
    best = np.full((len(queries), K), -np.inf, np.float32)
    for _, block in Data(folder).blocks():
        best = -np.sort(-np.hstack([best, queries @ block.T]), axis=1)[:, :K]
    np.save(folder / "tenth.npy", best[:, -1])


class _Source:
    """Draws vectors of one distribution; the same in every run."""

    def __init__(self, kind: str, rows: int, dimensions: int) -> None:
        self._random = np.random.default_rng(1)
        self._dimensions = dimensions
        self._centres = None if kind == "hard" else self._normal(max(rows // _A_CENTRE, 1))
        self._mean = 6 * self._normal(1) if kind == "offset" else 0

    def draw(self, count: int) -> Matrix:
        drawn = self._normal(count)
        if self._centres is not None:
            drawn = self._centres[self._random.integers(0, len(self._centres), count)] + drawn / 2 + self._mean
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def _normal(self, count: int) -> Matrix:
        return self._random.standard_normal((count, self._dimensions), np.float32)
