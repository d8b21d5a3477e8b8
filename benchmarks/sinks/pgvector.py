"""The sink pgvector beside DuckDB's and ADBC's ways into the same PostgreSQL, and beside one INSERT a vector.

It needs DuckDB's extension postgres_scanner as a package (locks/cluster.txt) and adbc-driver-postgresql.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false
# psycopg, the driver and the server are in environments of their own.

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from pydantic import SecretStr

from benchmarks.pipeline.measure import measured
from benchmarks.sinks.life import life_of, show_runs
from benchmarks.sinks.made import DIMENSIONS, made
from deploy import services
from mixpeek_assets.postgres import Postgres
from mixpeek_assets.sinks.pgvector import PgVector
from mixpeek_assets.sinks.port import Sink
from mixpeek_assets.sinks.rows import SCHEMA

if TYPE_CHECKING:
    from psycopg import Connection

_FEW = 10
"""One INSERT a vector is measured with so many times fewer."""

_TABLE = "CREATE TABLE IF NOT EXISTS flat (id text PRIMARY KEY, embedding vector, url text, start_time float8)"
_UPSERT = """
INSERT INTO flat AS held SELECT feature_id, embedding::vector, url, start_time FROM staging
ON CONFLICT (id) DO UPDATE
SET embedding = excluded.embedding, url = excluded.url, start_time = excluded.start_time
WHERE held IS DISTINCT FROM excluded
"""
_COLUMNS = ("feature_id", "embedding", "url", "start_time")


def main(vectors: int) -> None:
    """Print the table."""
    others = {
        "DuckDB's postgres, through real[]": (by_duckdb, vectors),
        "ADBC, through real[]": (by_adbc, vectors),
        "executemany of INSERT ... ON CONFLICT": (by_insert, vectors // _FEW),
    }
    with services.postgres() as server:
        opened = partial(open_sink, server.make_database("ours"))
        runs = {f"our {name}": (vectors, run) for name, run in life_of(opened, vectors).items()}
        for number, (name, (way, count)) in enumerate(others.items()):
            url = server.make_database(f"other_{number}")
            runs[f"{name}: first write"] = (count, measured(way, url, count))
            runs[f"{name}: the same again"] = (count, measured(way, url, count))
    show_runs(f"pgvector: {vectors:,} vectors of {DIMENSIONS:,}", runs)


def open_sink(url: str) -> Sink:
    """Open the sink."""
    return PgVector(Postgres(SecretStr(url), "MIXPEEK_SINK_PGVECTOR", "pgvector"), None)


def by_duckdb(url: str, vectors: int) -> Iterator[None]:
    """Write as DuckDB does: to a table that it makes, and from there by the server."""
    import psycopg

    from mixpeek_assets.warehouse.extensions import load_extensions

    day = pa.Table.from_batches(made(vectors), SCHEMA).select(_COLUMNS)
    with psycopg.connect(url, autocommit=True) as connection, duckdb.connect() as engine:
        engine.execute("SET enable_progress_bar = false")
        _prepare(connection)
        load_extensions(engine)
        engine.execute(f"ATTACH '{url}' AS store (TYPE postgres)")
        engine.register("day", day)
        yield
        engine.execute("CREATE TABLE store.staging AS SELECT * FROM day")
        connection.execute(_UPSERT)


def by_adbc(url: str, vectors: int) -> Iterator[None]:
    """Write as ADBC does: to a table that it makes, and from there by the server."""
    import psycopg
    from adbc_driver_postgresql import dbapi

    day = pa.Table.from_batches(made(vectors), SCHEMA).select(_COLUMNS)
    with psycopg.connect(url, autocommit=True) as connection, dbapi.connect(url) as driver, driver.cursor() as cursor:
        _prepare(connection)
        yield
        cursor.adbc_ingest("staging", day.to_reader(), mode="create")
        driver.commit()
        connection.execute(_UPSERT)


def by_insert(url: str, vectors: int) -> Iterator[None]:
    """Write as the pages of vendors do: one statement a vector, which is text."""
    import psycopg

    day = pa.Table.from_batches(made(vectors), SCHEMA).select(_COLUMNS).to_pylist()
    query = """INSERT INTO flat VALUES (%(feature_id)s, %(embedding)s::vector, %(url)s, %(start_time)s)
        ON CONFLICT (id) DO UPDATE SET embedding = excluded.embedding, url = excluded.url"""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        _prepare(connection)
        connection.commit()
        yield
        cursor.executemany(query.encode(), ({**row, "embedding": str(row["embedding"])} for row in day))
        connection.commit()


def _prepare(connection: "Connection[Any]") -> None:
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    connection.execute(_TABLE)
    connection.execute("DROP TABLE IF EXISTS staging")
