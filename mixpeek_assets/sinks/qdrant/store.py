"""The sink: a collection of points, compared with the rows of a day by their digests."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import count

import pyarrow as pa
from pydantic import SecretStr
from qdrant_client import QdrantClient, models

from mixpeek_assets.sinks.errors import SinkDownError, SinkError
from mixpeek_assets.sinks.port import NamedVector, Replaced
from mixpeek_assets.sinks.qdrant.client import is_server, opened, shown
from mixpeek_assets.sinks.qdrant.difference import Difference
from mixpeek_assets.sinks.qdrant.names import NamedVectors, config_of, qdrant_name
from mixpeek_assets.sinks.qdrant.points import DAY, DIGESTS, NAMES

COLLECTION = "mixpeek"
_MARK = {"written_by": "mixpeek-assets"}
"""Metadata of a collection that is ours."""

_OLDEST = (1, 18)
"""Adds named vectors to a collection, which need not be known when it is made; 1.16 has metadata."""
_INDEXED = {
    DAY: models.PayloadSchemaType.DATETIME,
    "collection": models.PayloadSchemaType.KEYWORD,
    NAMES: models.PayloadSchemaType.KEYWORD,
}
"""What this sink filters by. A server in strict mode refuses filters without an index."""
_AT_ONCE = 1_000
"""Points that are asked for, or removed, in a request."""


class Qdrant:
    """A Qdrant server, or a folder in the client's local mode.

    Args:
        place: A URL, or a folder.
        key: The API key of the server.
        only: The Mixpeek collection that this sink speaks for; None: all.

    Attributes:
        name: `qdrant`.
        place: Where it is, as messages say it.
    """

    name = "qdrant"

    def __init__(self, place: str, key: SecretStr | None = None, only: str | None = None) -> None:
        self.place = shown(place)
        self._at, self._key, self._only = place, key, only

    def prepare(self, named_vectors: Sequence[NamedVector]) -> None:
        """Make the collection, its named vectors and the indexes of its payload, as far as they are missing.

        Raises:
            SinkError: A collection of that name is somebody else's, or the server is too old.
            SinkDownError: There is no answer.
        """
        # Of a name with two dimensions, the collection gets the one that most vectors have.
        kinds = {one.name: one.dimensions for one in sorted(named_vectors, key=lambda one: one.vectors)}
        with opened(self._at, self._key) as client:
            if is_server(self._at):
                self._check_version(client)
            if not client.collection_exists(COLLECTION):
                client.create_collection(COLLECTION, **config_of(kinds), metadata=_MARK)
            info = self._ours(client)
            names = NamedVectors(client, COLLECTION, info)
            for name, kind in kinds.items():
                names.fits(name, kind)
            if is_server(self._at):  # local mode has none, and would say so
                for field in _INDEXED.keys() - info.payload_schema.keys():
                    client.create_payload_index(COLLECTION, field, _INDEXED[field], wait=True)

    def replace(self, day: date, batches: Iterable[pa.RecordBatch]) -> Replaced:
        """Make the collection hold these rows of a day and no others of it.

        Raises:
            SinkError: Rows have a dimension that their named vector does not have in Qdrant. The others are written.
            SinkDownError: There is no answer; the next time writes what is missing.
        """
        with opened(self._at, self._key) as client:
            names = NamedVectors(client, COLLECTION, self._ours(client))
            difference = Difference(self._held(client, day), names)
            for points in difference.requests(batches):
                client.upsert(COLLECTION, points, wait=True)
            gone = difference.gone()
            for first in range(0, len(gone), _AT_ONCE):
                ids = list[models.ExtendedPointId](gone[first : first + _AT_ONCE])
                client.delete(COLLECTION, models.PointIdsList(points=ids), wait=True)
        if difference.left_out:
            raise SinkError(self._left_out(day, difference, names))
        return difference.replaced()

    def count(self, day: date) -> int:
        """Return how many named vectors the points of a day have."""
        with opened(self._at, self._key) as client:
            if not client.collection_exists(COLLECTION):
                return 0
            # A point with three is counted as one that has at least one, at least two, and at least three.
            return sum(self._having(client, day))

    def _having(self, client: QdrantClient, day: date) -> Iterator[int]:
        for least in count(1):
            many = models.FieldCondition(key=NAMES, values_count=models.ValuesCount(gte=least))
            found = client.count(COLLECTION, self._of(day, many), exact=True).count
            if found == 0:
                return
            yield found

    def _held(self, client: QdrantClient, day: date) -> Iterator[tuple[str, dict[str, int]]]:
        """Yield the id of each point of a day, with the digest of each of its named vectors."""
        offset = None
        while True:
            points, offset = client.scroll(
                COLLECTION, self._of(day), limit=_AT_ONCE, offset=offset, with_payload=[DIGESTS]
            )
            for point in points:
                yield str(point.id), (point.payload or {}).get(DIGESTS, {})
            if offset is None:
                return

    def _of(self, day: date, *others: models.FieldCondition) -> models.Filter:
        must = [models.FieldCondition(key=DAY, range=models.DatetimeRange(gte=day, lte=day)), *others]
        if self._only is not None:
            must.append(models.FieldCondition(key="collection", match=models.MatchValue(value=self._only)))
        return models.Filter(must=list[models.Condition](must))

    def _check_version(self, client: QdrantClient) -> None:
        version = client.info().version
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
        if numbers < _OLDEST:
            raise SinkError(
                f"Qdrant at {self.place} is version {version}, which cannot add named vectors to a collection: upgrade"
                f" it to {'.'.join(map(str, _OLDEST))} or newer"
            )

    def _ours(self, client: QdrantClient) -> models.CollectionInfo:
        if not client.collection_exists(COLLECTION):
            raise SinkDownError(f"Qdrant at {self.place} has no collection {COLLECTION!r} any more: run this again")
        info = client.get_collection(COLLECTION)
        if (info.config.metadata or {}).items() >= _MARK.items():
            return info
        raise SinkError(
            f"Qdrant at {self.place} has a collection {COLLECTION!r} that mixpeek-assets has not made, and does not"
            " touch: copy it to another name, or set MIXPEEK_SINK_QDRANT to another server"
        )

    def _left_out(self, day: date, difference: Difference, names: NamedVectors) -> str:
        wrong = [
            f"{rows:,} of {name!r} {_said(kind)}, where it has {qdrant_name(name)!r} {_said(names.kind(name))}"
            for (name, kind), rows in difference.left_out.items()
        ]
        return (
            f"Qdrant at {self.place} keeps one dimension under a name, and lacks these vectors of {day}:"
            f" {'; '.join(wrong)}. All else of the day is written. Fetch again what has the older dimension; or, if"
            f" nothing has it any more, delete the collection {COLLECTION!r} there and materialize all days"
        )


def _said(kind: int | None) -> str:
    return "that are sparse" if kind is None else f"of {kind:,} numbers"
