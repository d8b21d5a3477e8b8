"""What else fetches features with their vectors: the guide's loop, dlt, and the floor under any Python client.

Each takes the server's URL, the ids to fetch and a folder of its own, and leaves the vectors in a DuckDB file.
"""

# What they stand on is in locks/bench.txt alone.
# pyright: reportMissingImports=false, reportOperatorIssue=false

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import aiohttp
import dlt
import duckdb
import orjson
import pyarrow as pa
import requests
from dlt.sources.helpers import requests as dlt_requests

_HEADERS = {"Authorization": "Bearer API_KEY", "Content-Type": "application/json"}
_TABLE = "CREATE TABLE vectors (feature_id VARCHAR, vector_name VARCHAR, embedding FLOAT[])"
_BATCH = 10_000


def guide(url: str, ids: Sequence[str], _: Path) -> int:
    """Fetch as the guide does: one request after another, each on a connection of its own; it stores nothing."""
    replies = []
    for feature_id in ids:
        address = f"{url}/features/{feature_id}?include_vectors=true"
        replies.append(requests.request("GET", address, headers=_HEADERS, timeout=60).json())
    return len(replies)


def dlt_pipeline(url: str, ids: Sequence[str], folder: Path, concurrency: int = 32) -> int:
    """Fetch with a parallelized dlt transformer, and load with its own DuckDB destination."""
    os.environ["EXTRACT__WORKERS"] = str(concurrency)
    os.environ["EXTRACT__MAX_PARALLEL_ITEMS"] = str(concurrency)
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    session = dlt_requests.Session()

    @dlt.resource(name="feature_ids")
    def listed() -> Iterator[str]:
        yield from ids

    # As JSON: dlt would make a table of its own of each list, with a row per number.
    @dlt.transformer(name="features", data_from=listed, parallelized=True, columns={"vectors": {"data_type": "json"}})
    def fetched(feature_id: str) -> dict[str, object]:
        address = f"{url}/features/{feature_id}?include_vectors=true"
        return session.get(address, headers=_HEADERS).json()

    database = folder / "dlt.duckdb"
    pipeline = dlt.pipeline(
        "benchmark",
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="mixpeek",
        pipelines_dir=str(folder / "dlt"),
    )
    pipeline.run(listed | fetched)
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute("SELECT count(*) FROM mixpeek.features").fetchall()[0][0]


def floor(url: str, ids: Sequence[str], folder: Path, concurrency: int = 32) -> int:
    """Fetch with aiohttp, straight into Arrow and from there into DuckDB: nothing is checked, kept or retried."""
    return asyncio.run(_floor(url, iter(ids), folder / "floor.duckdb", concurrency))


async def _floor(url: str, ids: Iterator[str], path: Path, concurrency: int) -> int:
    names: list[str] = []
    keys: list[str] = []
    embeddings: list[list[float]] = []

    with duckdb.connect(path) as connection:
        connection.execute(_TABLE)

        def load() -> None:
            batch = pa.table(
                {"id": keys, "name": names, "embedding": pa.array(embeddings, type=pa.list_(pa.float32()))}
            )
            connection.register("batch", batch)
            connection.execute("INSERT INTO vectors SELECT * FROM batch")
            for column in (keys, names, embeddings):
                column.clear()

        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=concurrency), headers=_HEADERS
        ) as session:

            async def worker() -> None:
                for feature_id in ids:
                    async with session.get(f"{url}/features/{feature_id}?include_vectors=true") as reply:
                        body = orjson.loads(await reply.read())
                    for name, embedding in body["vectors"].items():
                        keys.append(feature_id)
                        names.append(name)
                        embeddings.append(embedding)
                    if len(keys) >= _BATCH:
                        load()

            await asyncio.gather(*(worker() for _ in range(concurrency)))
        load()
        return connection.execute("SELECT count(*) FROM vectors").fetchall()[0][0]
