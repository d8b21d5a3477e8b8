"""The stores, each with how a test opens an empty one, and how it reads all that one holds."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from qdrant_client import QdrantClient

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


STORES = [
    Store("sqlite", lambda _, folder: sqlite_sink(str(folder / "vectors.sqlite")), _in_sqlite),
    Store("qdrant", lambda _, folder: Qdrant(str(folder / "qdrant")), _in_qdrant, moved="features"),
]
