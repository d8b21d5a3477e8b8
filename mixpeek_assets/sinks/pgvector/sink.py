"""The sink that is a PostgreSQL database."""

# pyright: reportMissingImports=false
# psycopg comes with the extra [pgvector].

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg

from mixpeek_assets.postgres import Postgres, PostgresDownError
from mixpeek_assets.sinks.errors import SinkError
from mixpeek_assets.sinks.pgvector import indexes, tables
from mixpeek_assets.sinks.pgvector.days import MOST_DIMENSIONS, Day
from mixpeek_assets.sinks.pgvector.statements import fetch, run
from mixpeek_assets.sinks.port import Indexed, NamedVector, Replaced

if TYPE_CHECKING:
    import pyarrow as pa
    from psycopg import Connection


class PgVector:
    """Vectors with their features and videos, as tables of the schema `mixpeek`; see `Sink`.

    Args:
        postgres: The database.
        only: The Mixpeek collection that this sink speaks for; None: all.
        fewest: So many vectors of a name are worth an index.
    """

    name = "pgvector"

    def __init__(self, postgres: Postgres, only: str | None, fewest: int = indexes.FEWEST) -> None:
        self.place = postgres.place
        self._postgres, self._only, self._fewest = postgres, only, fewest

    def prepare(self, named_vectors: Sequence[NamedVector]) -> None:
        """Make extension and tables; see `Sink`.

        Raises:
            SinkError: there is no pgvector, or an old one, or a table of somebody else's is in the way.
            PostgresError: the server does not answer, or refuses.
        """
        with self._postgres.session() as connection, connection.transaction():
            tables.prepare(connection, self._postgres)

    def replace(self, day: date, batches: "Iterable[pa.RecordBatch]") -> Replaced:
        """Write a day in one transaction; see `Sink`.

        Raises:
            SinkError: a vector is too long for pgvector; all others are written.
            PostgresError: the server does not answer, or refuses, or its disk is full.
        """
        with self._transaction() as connection:
            written = Day(connection, day, self._only)
            replaced = written.replace(batches)
        if written.too_long:
            names = ", ".join(f"{name} ({dimensions:,})" for name, dimensions in sorted(written.too_long.items()))
            raise SinkError(
                f"pgvector holds at most {MOST_DIMENSIONS:,} dimensions, and these named vectors have more: {names}."
                f" All others of {day} are written. Send these to another sink"
            )
        return replaced

    def count(self, day: date) -> int:
        """Count the rows of a day; see `Sink`.

        Raises:
            PostgresError: the server does not answer, or refuses.
        """
        with self._postgres.session() as connection:
            try:
                ((rows,),) = fetch(connection, "count", day=day, collection=self._only)
            except psycopg.errors.UndefinedTable:
                return 0
            return rows

    def index(self, named_vectors: Sequence[NamedVector]) -> Sequence[Indexed]:
        """Make the HNSW indexes that are due; see `Indexing`.

        Raises:
            PostgresError: the server does not answer, or refuses, or its disk is full.
        """
        with self._postgres.session() as connection:
            due = indexes.due(connection, named_vectors, self._only, self._fewest)
        return [self._made(index) for index in due]

    def _made(self, index: indexes.Index) -> Indexed:
        try:
            with self._transaction() as connection:
                return indexes.make(connection, index)
        except PostgresDownError as error:
            if not isinstance(error.__context__, psycopg.errors.DiskFull):
                raise
            # Workers share memory, of which a container has 64 MB unless somebody says more: then one does it alone.
            with self._transaction() as connection:
                return indexes.make(connection, index, alone=True)

    @contextmanager
    def _transaction(self) -> "Generator[Connection[Any]]":
        with self._postgres.session() as connection, connection.transaction():
            run(connection, "find_types")
            yield connection
