"""Rows as points: a point is a feature, with its named vectors, its moment and its video."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pyarrow as pa
from qdrant_client import models

from mixpeek_assets.sinks.qdrant.names import qdrant_name
from mixpeek_assets.sinks.rows import SCHEMA

DAY, NAMES, DIGESTS = "partition_date", "vector_names", "digests"
"""Of the payload: the partition, Mixpeek's names of the point's vectors, and the digest of the row of each."""
_OF_A_VECTOR = {"vector_name", "embedding", "sparse", "dimensions", "digest"}
_MOMENT = [column for column in SCHEMA.names if column not in _OF_A_VECTOR]
_JSON = ("metadata", "video_metadata")

_MOST_BYTES = 16_000_000
"""Of a request, half of what a server takes by default, since they are estimated."""
_MOST_POINTS = 256
"""Of a request; Qdrant advises 64 to 256."""
_BYTES_OF_A_NUMBER = 22


@dataclass(frozen=True)
class Row:
    """A row, where it is in its batch: of what is unchanged, nothing else is read.

    Attributes:
        kind: How many numbers its embedding has; None: it is sparse.
    """

    feature_id: str
    vector_name: str
    digest: int
    kind: int | None
    _batch: pa.RecordBatch
    _at: int

    def vector(self) -> list[float] | models.SparseVector:
        """Return its vector as Qdrant takes it."""
        if self.kind is not None:
            return self._batch["embedding"][self._at].values.to_numpy().tolist()
        sparse = self._batch["sparse"][self._at].as_py()
        # Qdrant refuses a request in which an index comes twice.
        by_index = dict(zip(sparse["indices"], sparse["values"], strict=True))
        return models.SparseVector(indices=list(by_index), values=list(by_index.values()))

    def moment(self) -> dict[str, Any]:
        """Return its other columns as JSON, without nulls."""
        found = {column: self._batch[column][self._at].as_py() for column in _MOMENT}
        found.update({column: json.loads(found[column]) for column in _JSON if found[column] is not None})
        found[DAY] = found[DAY].isoformat()
        return {column: value for column, value in found.items() if value is not None}


def point_id(feature_id: str) -> str:
    """Return the id of a feature's point."""
    return str(uuid5(NAMESPACE_URL, feature_id))


def features(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, list[Row]]]:
    """Yield each feature with its rows, which may be in two batches."""
    for feature_id, rows in groupby(_rows(batches), key=lambda row: row.feature_id):
        yield feature_id, list(rows)


def point_of(rows: Sequence[Row]) -> models.PointStruct:
    """Return the point of a feature, given its rows."""
    payload = {
        **rows[0].moment(),
        NAMES: [row.vector_name for row in rows],
        DIGESTS: {row.vector_name: row.digest for row in rows},
    }
    vectors: dict[str, Any] = {qdrant_name(row.vector_name): row.vector() for row in rows}
    return models.PointStruct(id=point_id(rows[0].feature_id), vector=vectors, payload=payload)


def in_requests(points: Iterable[models.PointStruct]) -> Iterator[list[models.PointStruct]]:
    """Yield lists of points of which each is small enough for a request."""
    request, size = list[models.PointStruct](), 0
    for point in points:
        more = _bytes_of(point)
        if request and (size + more > _MOST_BYTES or len(request) == _MOST_POINTS):
            yield request
            request, size = [], 0
        request.append(point)
        size += more
    if request:
        yield request


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[Row]:
    for batch in batches:
        columns = (batch["feature_id"], batch["vector_name"], batch["digest"], batch["embedding"].value_lengths())
        read = zip(*(column.to_pylist() for column in columns), strict=True)
        for at, (feature_id, vector_name, digest, kind) in enumerate(read):
            yield Row(feature_id, vector_name, digest, kind, batch, at)


def _bytes_of(point: models.PointStruct) -> int:
    vectors = point.vector if isinstance(point.vector, dict) else {}
    numbers = sum(
        2 * len(one.values) if isinstance(one, models.SparseVector) else len(one)  # pyright: ignore[reportArgumentType]
        for one in vectors.values()
    )
    return numbers * _BYTES_OF_A_NUMBER + len(json.dumps(point.payload))
