"""What a user copies from a store's page finds the moments that `mixpeek.nearest` finds in the warehouse."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psycopg
import pytest
from pydantic import SecretStr

from mixpeek_assets.pipeline.sink import copy_days, named_vectors
from mixpeek_assets.postgres import Postgres
from mixpeek_assets.sinks.lance import Lance
from mixpeek_assets.sinks.parquet import ParquetFiles
from mixpeek_assets.sinks.pgvector import PgVector
from mixpeek_assets.sinks.port import Indexing, Sink
from mixpeek_assets.sinks.qdrant import Qdrant
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.sinks.pages import code_of
from tests.sinks.real import real_embeddings, recall
from tests.warehouse.rows import DAY, add_videos, feature_reply, land, video

pytestmark = pytest.mark.slow

MANY, ASKED = 300, 10

Moment = tuple[str, float]
"""The URL of a video, and a second."""

Ask = Callable[[list[float]], set[Moment]]


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """A warehouse with real embeddings, three moments a video."""
    add_videos(warehouse, *(video(f"v{number}") for number in range(MANY // 3)))
    land(
        warehouse,
        "vectors",
        *(
            feature_reply(
                f"f{number}",
                {"multimodal": one.tolist()},
                video_id=f"v{number // 3}",
                start_time=float(number % 3),
                end_time=float(number % 3 + 1),
            )
            for number, one in enumerate(real_embeddings().vectors[:MANY])
        ),
    )
    return warehouse


def copied(warehouse: Warehouse, sink: Sink) -> None:
    names = named_vectors(warehouse)
    sink.prepare(names)
    [day] = copy_days(warehouse, sink, [DAY], lambda _: None)
    assert (day.error, day.held) == (None, MANY)
    if isinstance(sink, Indexing):
        assert [one.vectors for one in sink.index(names)] == [MANY]


def pgvector(warehouse: Warehouse, request: pytest.FixtureRequest) -> Iterator[Ask]:
    url = request.getfixturevalue("new_database")()
    copied(warehouse, PgVector(Postgres(SecretStr(url)), None, fewest=MANY))
    *settings, query = code_of("pgvector.md", "sql")[0].strip().removesuffix(";").split(";")
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in settings:
            connection.execute(setting.encode())
        yield lambda embedding: {
            (str(url), float(start))
            for url, start, *_ in psycopg.RawCursor(connection).execute(query.encode(), [str(embedding)]).fetchall()
        }


def lancedb(warehouse: Warehouse, request: pytest.FixtureRequest) -> Iterator[Ask]:
    copied(warehouse, Lance("data/lancedb", None, index_from=MANY))

    def ask(embedding: list[float]) -> set[Moment]:
        names: dict[str, Any] = {"embedding": embedding}
        exec(code_of("lancedb.md")[0], names)
        return {(one["url"], one["start_time"]) for one in names["nearest"].to_list()}

    yield ask


def qdrant(warehouse: Warehouse, request: pytest.FixtureRequest) -> Iterator[Ask]:
    copied(warehouse, Qdrant("data/qdrant"))
    code = code_of("qdrant.md")[0].replace('url="http://127.0.0.1:6333"', "path='data/qdrant'")

    def ask(embedding: list[float]) -> set[Moment]:
        names: dict[str, Any] = {"embedding": embedding}
        exec(code, names)
        names["client"].close()
        return {(one.payload["url"], one.payload["start_time"]) for one in names["found"].points}

    yield ask


def parquet(warehouse: Warehouse, request: pytest.FixtureRequest) -> Iterator[Ask]:
    copied(warehouse, ParquetFiles("data/parquet", None))
    # Less its example of a filter.
    query = "\n".join(line for line in code_of("parquet.md", "sql")[0].splitlines() if "harbour" not in line)
    yield lambda embedding: {
        (url, start) for url, start, *_ in duckdb.execute(query, {"embedding": embedding}).fetchall()
    }


@pytest.mark.filterwarnings("ignore:Local mode performs exact")
@pytest.mark.parametrize("store", [pgvector, lancedb, qdrant, parquet], ids=lambda store: store.__name__)
def test_the_page_of_a_store_finds_what_nearest_finds(
    store: Callable[[Warehouse, pytest.FixtureRequest], Iterator[Ask]],
    filled: Warehouse,
    environment: Path,
    request: pytest.FixtureRequest,
) -> None:
    os.chdir(environment)
    queries = [query.tolist() for query in real_embeddings().queries[:ASKED]]
    with filled.database.connection(read_only=True) as connection:
        asked = "SELECT url, start_time FROM mixpeek.nearest('multimodal', $query::FLOAT[])"
        true = [set(connection.execute(asked, {"query": query}).fetchall()) for query in queries]

    for ask in store(filled, request):
        shares = [recall(ask(query), expected) for query, expected in zip(queries, true, strict=True)]

        assert np.mean(shares) >= 0.95
