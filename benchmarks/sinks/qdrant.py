"""The sink Qdrant in the client's local mode, beside a plain upsert; and its requests, with no server to take them.

Local mode commits each point to SQLite, and parses the day of each when it filters: these are no figures of a server.
"""

import tempfile
from collections.abc import Generator
from functools import partial

from qdrant_client import QdrantClient, models

from benchmarks.pipeline.measure import measured
from benchmarks.sinks.life import life_of, show_runs
from benchmarks.sinks.made import DIMENSIONS, NAME, made
from mixpeek_assets.sinks.qdrant import Qdrant
from mixpeek_assets.sinks.qdrant.points import features, in_requests, point_of

_MOST = 1_000
"""Vectors for local mode, which takes some hundred a second."""
_AT_ONCE = 64


def main(vectors: int) -> None:
    """Print the table."""
    few = min(vectors, _MOST)
    with tempfile.TemporaryDirectory() as folder:
        runs = {f"sink, {name}": (few, run) for name, run in life_of(partial(Qdrant, f"{folder}/sink"), few).items()}
        for name in ("first write", "the same again"):
            runs[f"upsert under a loop index, {name}"] = few, measured(upsert, f"{folder}/plain", few)
    runs["the sink's requests, made and counted"] = vectors, measured(make_requests, vectors)
    show_runs(f"Qdrant's local mode, {few:,} vectors of {DIMENSIONS:,}", runs)


def upsert(folder: str, vectors: int) -> Generator[None, None, None]:
    """Send every vector, as pages of Qdrant's integrations do."""
    client, batches = QdrantClient(path=folder), list(made(vectors))
    if not client.collection_exists(NAME):
        client.create_collection(NAME, models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE))
    yield
    rows = [row for batch in batches for row in batch.to_pylist()]
    for first in range(0, len(rows), _AT_ONCE):
        points = [
            models.PointStruct(id=first + place, vector=row["embedding"], payload={"url": row["url"]})
            for place, row in enumerate(rows[first : first + _AT_ONCE])
        ]
        client.upsert(NAME, points)
    client.close()


def make_requests(vectors: int) -> Generator[None, None, int]:
    """Make the bodies of all requests of a day; return their bytes."""
    batches = list(made(vectors))
    yield
    requests = in_requests(point_of(rows) for _, rows in features(batches))
    return sum(len(models.PointsList(points=points).model_dump_json()) for points in requests)
