"""The stores, each with how a test opens an empty one, and how it reads all that one holds."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb
import lancedb
import pytest
from pydantic import SecretStr
from qdrant_client import QdrantClient

from mixpeek_assets.postgres import Postgres
from mixpeek_assets.sinks.lance import Lance
from mixpeek_assets.sinks.parquet import ParquetFiles
from mixpeek_assets.sinks.pgvector import PgVector
from mixpeek_assets.sinks.port import Sink
from mixpeek_assets.sinks.qdrant import Qdrant
from tests.sinks.your_own import sqlite_sink

Held = set[tuple[date, str, str, int]]
"""Day, feature, named vector and digest of each row."""


@dataclass(frozen=True)
class Store:
    """A store.

    Attributes:
        name: The name of its sink.
        open: Returns an empty one, given the test's fixtures and its folder.
        held: Returns what it holds.
        is_slow: Whether it starts a process.
        moved: What is not under its old day any more once it came under another, before the old day comes again.
    """

    name: str
    open: Callable[[pytest.FixtureRequest, Path], Sink]
    held: Callable[[Sink], Held]
    is_slow: bool = False
    moved: Literal["rows", "features", "nothing"] = "rows"


def _held(rows: Iterable[tuple[Any, str, str, int]]) -> Held:
    found = [(date.fromisoformat(str(day)), feature, name, digest) for day, feature, name, digest in rows]
    assert len(set(found)) == len(found)
    return set(found)


def _in_sqlite(sink: Sink) -> Held:
    with closing(sqlite3.connect(sink.place)) as file:
        return _held(file.execute("SELECT day, feature_id, vector_name, digest FROM vectors"))


def _in_qdrant(sink: Sink) -> Held:
    with closing(QdrantClient(path=sink.place)) as client:
        points, _ = client.scroll("mixpeek", limit=1_000, with_vectors=True)
    payloads = [point.payload or {} for point in points]
    assert [len(point.vector or {}) for point in points] == [len(payload["digests"]) for payload in payloads]
    return _held(
        (payload["partition_date"], payload["feature_id"], name, digest)
        for payload in payloads
        for name, digest in payload["digests"].items()
    )


def _in_postgres(sink: Sink) -> Held:
    assert isinstance(sink, PgVector)
    with sink._postgres.session() as connection:
        found = connection.execute("SELECT partition_date, feature_id, vector_name, digest FROM mixpeek.vectors")
        return _held(found.fetchall())


def _in_lancedb(sink: Sink) -> Held:
    store = lancedb.connect(sink.place)
    columns = ["partition_date", "feature_id", "vector_name", "digest"]
    tables = [store.open_table(name).search().select(columns).to_list() for name in store.list_tables().tables]
    return _held(tuple(row[column] for column in columns) for table in tables for row in table)


def _in_parquet(sink: Sink) -> Held:
    files = [str(file) for file in Path(sink.place).rglob("*.parquet")]
    if not files:
        return set()
    query = "SELECT partition_date, feature_id, vector_name, digest FROM read_parquet($files, hive_partitioning = true)"
    return _held(duckdb.execute(query, {"files": files}).fetchall())


STORES = [
    Store("sqlite", lambda _, folder: sqlite_sink(str(folder / "vectors.sqlite")), _in_sqlite),
    Store("qdrant", lambda _, folder: Qdrant(str(folder / "qdrant")), _in_qdrant, moved="features"),
    Store("lancedb", lambda _, folder: Lance(str(folder / "lancedb"), None), _in_lancedb),
    Store("parquet", lambda _, folder: ParquetFiles(str(folder / "parquet"), None), _in_parquet, moved="nothing"),
    Store(
        "pgvector",
        lambda request, _: PgVector(Postgres(SecretStr(request.getfixturevalue("new_database")())), None),
        _in_postgres,
        is_slow=True,
    ),
]
