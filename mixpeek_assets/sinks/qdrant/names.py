"""Named vectors of a collection, and what Qdrant calls them: it keeps each in a folder of that name."""

from collections.abc import Mapping
from typing import Any

import xxhash
from qdrant_client import QdrantClient, models

_FORBIDDEN = '<>:"/\\|?*\0\x1f'
# Not by %, which has a meaning in the URL that adds a named vector.
_ENCODED = str.maketrans({one: f"~{ord(one):02X}" for one in f"~{_FORBIDDEN}"})
_LONGEST = 200
"""Bytes of a name."""


def qdrant_name(name: str) -> str:
    """Return what Qdrant calls a named vector: the same, but for characters of paths, as `~2F`, and for long ones."""
    encoded = name.translate(_ENCODED)
    if encoded in ("", ".", ".."):
        return encoded.replace(".", "~2E") or "~"
    if len(encoded.encode()) <= _LONGEST:
        return encoded
    end = f"~{xxhash.xxh3_64_hexdigest(name)}"
    return encoded.encode()[: _LONGEST - len(end)].decode(errors="ignore") + end


def config_of(kinds: Mapping[str, int | None]) -> dict[str, Any]:
    """Return the parameters of a new collection with named vectors: the dimension of each, or None if it is sparse."""
    return {
        "vectors_config": {
            qdrant_name(name): models.VectorParams(size=kind, distance=models.Distance.COSINE)
            for name, kind in kinds.items()
            if kind is not None
        },
        "sparse_vectors_config": {
            qdrant_name(name): models.SparseVectorParams() for name, kind in kinds.items() if kind is None
        },
    }


class NamedVectors:
    """The named vectors of a collection; those that come up are added."""

    def __init__(self, client: QdrantClient, collection: str, info: models.CollectionInfo) -> None:
        self._client, self._collection = client, collection
        dense = info.config.params.vectors
        self._kinds: dict[str, int | None] = dict.fromkeys(info.config.params.sparse_vectors or {})
        if isinstance(dense, dict):
            self._kinds.update({name: params.size for name, params in dense.items()})

    def kind(self, name: str) -> int | None:
        """Return the dimension of a named vector; None: it is sparse."""
        return self._kinds[qdrant_name(name)]

    def fits(self, name: str, kind: int | None) -> bool:
        """Say whether the collection can hold a vector under a name.

        Args:
            name: The named vector, which is added to the collection if it is missing.
            kind: How many numbers the vector has; None: it is sparse.
        """
        called = qdrant_name(name)
        if called not in self._kinds:
            self._client.create_vector_name(self._collection, called, _new(kind), wait=True)
            self._kinds[called] = kind
        return self._kinds[called] == kind


def _new(kind: int | None) -> models.VectorNameConfig:
    if kind is None:
        return models.SparseVectorNameConfig(sparse=models.SparseVectorConfig())
    return models.DenseVectorNameConfig(dense=models.DenseVectorConfig(size=kind, distance=models.Distance.COSINE))
