"""LanceDB, in a folder or a bucket: a table a named vector, since a Lance vector has one width."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from lancedb.index import IvfSq

from mixpeek_assets.labels import counted
from mixpeek_assets.sinks.errors import SinkError
from mixpeek_assets.sinks.lance_day import DayOfTable
from mixpeek_assets.sinks.lance_store import LanceStore
from mixpeek_assets.sinks.lance_tables import by_table, table_of, width_of
from mixpeek_assets.sinks.places import Place
from mixpeek_assets.sinks.port import Indexed, NamedVector, Replaced, is_bulk_loaded
from mixpeek_assets.sql_files import literal

VERSIONS_KEPT = timedelta(days=1)
"""How long a reader may go on with a version that is no longer the newest."""

METHOD = "IVF_SQ"
INDEX = IvfSq(distance_type="cosine")
"""Made in a tenth of the time of HNSW, and as right when a search looks through 50 of its parts."""

_FRAGMENTS = 32
"""Small fragments from which on they are merged."""


class Lance:
    """A LanceDB that is kept a copy of the vectors.

    Args:
        place: A folder, or `s3://bucket/prefix`.
        only: The collection whose rows these are; None: all.
        index_from: Vectors from which on a table has an index; a search compares fewer one by one.
    """

    name = "lancedb"

    def __init__(self, place: str, only: str | None, *, index_from: int = 10_000) -> None:
        self.place = place
        self._place = Place(place, "MIXPEEK_SINK_LANCEDB")
        self._only, self._index_from = only, index_from
        self._store = LanceStore(self._place)

    def prepare(self, named_vectors: Sequence[NamedVector]) -> None:
        """Make the tables that are missing; one of two widths gets that of more vectors."""
        with self._place.errors():
            for one in sorted(named_vectors, key=lambda one: -one.vectors):
                self._store.table(one.name, one.dimensions)

    def replace(self, day: date, batches: Iterable[pa.RecordBatch]) -> Replaced:
        """Make the tables hold these rows of a day and no others of it.

        Raises:
            SinkError: embeddings have another width than their table; all else of the day is written.
        """
        with self._place.errors(), tempfile.TemporaryDirectory(prefix="mixpeek-") as folder, ExitStack() as files:

            def opened(table: Any) -> DayOfTable:
                return files.enter_context(DayOfTable(table, self._scope(day), Path(folder, table.name)))

            days = {table.name: opened(table) for table in self._store.tables()}
            refused: Counter[tuple[str, int | None]] = Counter()
            for batch in batches:
                for name, width, rows in by_table(batch):
                    of_day = days.get(table_of(name, width)) or opened(self._store.table(name, width))
                    days[of_day.table] = of_day
                    if of_day.width == width:
                        of_day.take(rows)
                    else:
                        refused[name, width] += len(rows)
            done = [of_day.finish() for of_day in days.values()]
        if refused:
            raise self._refusal(refused, day, days)
        return Replaced(
            written=sum(one.written for one in done),
            unchanged=sum(one.unchanged for one in done),
            removed=sum(one.removed for one in done),
        )

    def count(self, day: date) -> int:
        """Return how many rows of a day the tables hold."""
        with self._place.errors():
            return sum(table.count_rows(self._scope(day)) for table in self._store.tables())

    def index(self, named_vectors: Sequence[NamedVector]) -> Sequence[Indexed]:
        """Index the tables that hold enough, bring new rows into indexes, and merge what small writes left behind.

        Versions of a table that are no longer the newest are kept for `VERSIONS_KEPT`.
        """
        with self._place.errors():
            return [indexed for one in named_vectors for indexed in self._index(one)]

    def _index(self, named: NamedVector) -> Iterator[Indexed]:
        table = self._store.table(named.name, named.dimensions)
        held = table.count_rows(None if self._only is None else f"collection = {literal(self._only)}")
        if width_of(table.schema) != named.dimensions or not is_bulk_loaded(held, named.vectors):
            return
        started, rows = time.monotonic(), table.count_rows()
        index = next((one.name for one in table.list_indices() if "embedding" in one.columns), None)
        if index is None and named.dimensions and rows >= self._index_from:
            # In fragments of which rows were replaced, its sample takes minutes instead of seconds.
            table.optimize(cleanup_older_than=VERSIONS_KEPT)
            table.create_index("embedding", config=INDEX)
        elif self._is_due(table, index):
            table.optimize(cleanup_older_than=VERSIONS_KEPT)
            if index is None:
                return
        else:
            return
        yield Indexed(named.name, rows, METHOD, time.monotonic() - started)

    def _is_due(self, table: Any, index: str | None) -> bool:
        """Say whether enough has come since the last time."""
        if index is not None and table.index_stats(index).num_unindexed_rows >= self._index_from:
            return True
        return table.stats()["fragment_stats"]["num_small_fragments"] >= _FRAGMENTS

    def _scope(self, day: date) -> str:
        of_day = f"partition_date = date '{day.isoformat()}'"
        return of_day if self._only is None else f"{of_day} AND collection = {literal(self._only)}"

    def _refusal(
        self, refused: Counter[tuple[str, int | None]], day: date, days: Mapping[str, DayOfTable]
    ) -> SinkError:
        (name, width), rows = next(iter(refused.items()))
        table, others = table_of(name, width), refused.total() - rows
        more = f", as {counted(others, 'other row')} for the same reason" if others else ""
        return SinkError(
            f"{self.place}: {table} holds embeddings of {days[table].width} numbers, and {counted(rows, 'row')} of"
            f" {name} of {day} with {width} numbers {'is' if rows == 1 else 'are'} left out{more}: a Lance table has"
            " one width. Retry their videos with the extractor of the rest; or, if the table is of an old model,"
            f" delete {table}.lance there, and materialize all days of lancedb_vectors again"
        )
