"""What differs between the rows of a day and the points that Qdrant holds of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from qdrant_client import models

from mixpeek_assets.sinks.port import Replaced
from mixpeek_assets.sinks.qdrant.names import NamedVectors
from mixpeek_assets.sinks.qdrant.points import Row, features, in_requests, point_id, point_of


class Difference:
    """The difference, found while the rows go by.

    Args:
        held: The digests of each point of the day, by its id: of each named vector.
        names: The named vectors of the collection.

    Attributes:
        left_out: How many rows there are of a named vector and a dimension that the collection cannot hold.
    """

    def __init__(self, held: Iterable[tuple[str, dict[str, int]]], names: NamedVectors) -> None:
        self._held, self._names = dict(held), names
        self._written = self._unchanged = self._removed = 0
        self.left_out = Counter[tuple[str, int | None]]()

    def requests(self, batches: Iterable[pa.RecordBatch]) -> Iterator[list[models.PointStruct]]:
        """Yield the points that are new or differ, a request at a time."""
        return in_requests(point_of(rows) for rows in self._changed(batches))

    def gone(self) -> list[str]:
        """Return the ids of points that no row has asked for, once all rows went by."""
        self._removed += sum(map(len, self._held.values()))
        return list(self._held)

    def replaced(self) -> Replaced:
        """Return what has become of the rows."""
        return Replaced(self._written, self._unchanged, self._removed)

    def _changed(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Sequence[Row]]:
        for feature_id, all_rows in features(batches):
            rows = [row for row in all_rows if self._fits(row)]
            if not rows:
                continue
            held = self._held.pop(point_id(feature_id), {})
            same = sum(held.get(row.vector_name) == row.digest for row in rows)
            lost = len(held.keys() - {row.vector_name for row in rows})
            self._unchanged += same
            self._written += len(rows) - same
            self._removed += lost
            # A point is replaced as a whole, so it is sent with those of its vectors that are unchanged.
            if lost or same < len(rows):
                yield rows

    def _fits(self, row: Row) -> bool:
        if fits := self._names.fits(row.vector_name, row.kind):
            return fits
        self.left_out[row.vector_name, row.kind] += 1
        return False
