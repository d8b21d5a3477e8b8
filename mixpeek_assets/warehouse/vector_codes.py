"""What an index keeps of a vector: the signs of its coordinates, and itself in a quarter of the bytes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Encoder:
    """Makes codes: a bit for each axis, set where a vector lies beyond the mean of all.

    Centred, because vectors that share a large mean would all have the same signs.

    Attributes:
        mean: Of the vectors; shape (d,).
        weights: The axes, shape (axes, d); None are the vectors' own.
    """

    mean: Floats
    weights: Floats | None = None

    @property
    def axes(self) -> int:
        """How many bits a code has."""
        return len(self.mean) if self.weights is None else len(self.weights)

    @property
    def blocks(self) -> int:
        """How many integers of 64 bits a code has."""
        return -(-self.axes // 64)

    def thresholds(self) -> Floats:
        """Return the mean on each axis."""
        return self.mean if self.weights is None else self.weights @ self.mean

    def encode(self, vectors: Floats) -> Codes:
        """Return the codes of some vectors; shape (n, d) to (n, blocks)."""
        projected = vectors if self.weights is None else vectors @ self.weights.T
        bits = np.zeros((len(vectors), self.blocks * 64), dtype=bool)
        bits[:, : self.axes] = projected > self.thresholds()
        return np.packbits(bits, axis=1, bitorder="little").view("<i8")

    def masks(self) -> list[int]:
        """Return the bit of each axis in its block, as a signed integer."""
        return [int(mask) for mask in np.int64(1) << (np.arange(self.axes, dtype=np.int64) % 64)]


@dataclass(frozen=True)
class SmallVectors:
    """Vectors as a mean and a byte a dimension: vector = mean + scale x small, nearly.

    Attributes:
        small: Shape (n, d), from -127 to 127.
        scale: Shape (n,).
        along_mean: The inner product of each vector and the mean, exactly: where all share a large mean, a rounded one
            would hide how they differ; shape (n,).
        inverse_norm: 1 / length of each vector, shape (n,); 0 for a vector of zeros.
    """

    small: NDArray[np.int8]
    scale: Floats
    along_mean: Floats
    inverse_norm: Floats


def shrink(vectors: Floats, mean: Floats) -> SmallVectors:
    """Return some vectors in a quarter of their bytes."""
    centred = vectors - mean
    scale = np.maximum(np.abs(centred).max(axis=1), np.float32(1e-30)) / np.float32(127)
    small = np.rint(centred / scale[:, None]).astype(np.int8)
    norm = np.linalg.norm(vectors, axis=1).astype(np.float32)
    inverse = np.divide(np.float32(1), norm, out=np.zeros_like(norm), where=norm > 0)
    return SmallVectors(small, scale.astype(np.float32), vectors @ mean, inverse)


def rotated(mean: Floats, axes: int) -> Encoder:
    """Return an encoder with random axes at right angles, always the same ones.

    Where few coordinates carry most of the length, the signs of the others say little; those of random axes say alike.
    More axes than dimensions are several turns of them.
    """
    dimensions = len(mean)
    random = np.random.default_rng(0)
    turns = [
        np.linalg.qr(random.standard_normal((dimensions, dimensions)))[0].astype(np.float32)
        for _ in range(-(-axes // dimensions))
    ]
    return Encoder(mean, np.ascontiguousarray(np.concatenate(turns)[:axes]))


def needed_pools(encoder: Encoder, vectors: Floats, queries: NDArray[np.intp], neighbours: int) -> NDArray[np.int64]:
    """Return how many of the nearest codes must be looked at to find each of the true neighbours of some vectors.

    Args:
        encoder: Makes the codes.
        vectors: Those that are searched; shape (n, d).
        queries: The rows of the vectors that are searched for.
        neighbours: How many of each.
    """
    codes = encoder.encode(vectors)
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.maximum(lengths, np.float32(1e-30))[:, None]
    needed: list[NDArray[np.int64]] = []
    for query in queries:
        similarity = unit @ unit[query]
        similarity[query] = -np.inf
        true = np.argpartition(-similarity, neighbours - 1)[:neighbours]
        needed.append(ranks(differing(codes, codes[query]), true))
    return np.concatenate(needed)


def differing(codes: Codes, code: Codes) -> NDArray[np.int64]:
    """Return in how many bits each code differs from one."""
    return np.unpackbits((codes ^ code).view(np.uint8), axis=1).sum(axis=1, dtype=np.int64)


def ranks(distances: NDArray[np.int64], chosen: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return, of each chosen place, how many are as near or nearer."""
    return np.searchsorted(np.sort(distances), distances[chosen], side="right").astype(np.int64)
