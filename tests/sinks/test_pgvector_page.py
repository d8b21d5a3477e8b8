"""The queries of docs/sinks/pgvector.md, as a user runs them."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray
from pydantic import SecretStr

from mixpeek_assets.postgres import Postgres
from mixpeek_assets.sinks.pgvector import PgVector
from mixpeek_assets.sinks.port import NamedVector
from tests.sinks.real import exact_neighbours, real_embeddings, recall
from tests.sinks.rows import DAY, batches, many_rows

PAGE = Path(__file__).parents[2] / "docs" / "sinks" / "pgvector.md"
NEAREST, FILTERED, HYBRID = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
"""Each begins with settings, and ends with a query."""

DIMENSIONS = 384


def stored(url: str, vectors: NDArray[np.float32]) -> None:
    sink = PgVector(Postgres(SecretStr(url)), None, fewest=len(vectors))
    sink.prepare([])
    sink.replace(DAY, batches(many_rows(vectors)))
    assert sink.index([NamedVector("multimodal", DIMENSIONS, len(vectors))])


def ask(connection: psycopg.Connection, block: str, *values: str) -> list[tuple[object, ...]]:
    """Run a block of the page, which a user's client numbers the values of."""
    *settings, query = block.strip().removesuffix(";").split(";")
    for setting in settings:
        connection.execute(setting.encode())
    return psycopg.RawCursor(connection).execute(query.encode(), values).fetchall()


def places(found: list[tuple[object, ...]]) -> list[int]:
    """Return which vectors were found, of rows that begin with a URL or an id."""
    return [int(re.findall(r"\d{6}", str(first))[0]) for first, *_ in found]


def clustered(count: int) -> NDArray[np.float32]:
    """Vectors of unit length about a few centres."""
    random = np.random.default_rng(1)
    centres = random.standard_normal((10, DIMENSIONS))
    made = centres[random.integers(0, 10, count)] + 0.7 * random.standard_normal((count, DIMENSIONS))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def test_the_queries_of_the_page_find_the_nearest_moments(new_database: Callable[[], str]) -> None:
    vectors, url = clustered(300), new_database()
    stored(url, vectors)
    true, value = exact_neighbours(vectors, vectors[7], 10), str(vectors[7].tolist())

    with psycopg.connect(url, autocommit=True) as connection:
        nearest, filtered = ask(connection, NEAREST, value), ask(connection, FILTERED, value)
        fused = ask(connection, HYBRID, value, f'"feature {true[5]:06}"')

    assert nearest[0] == (
        "http://127.0.0.1/feature 000007.mp4",
        1.0,
        2.0,
        "what is said in feature 000007",
        pytest.approx(0, abs=1e-6),
    )
    assert places(nearest) == places(filtered) == true
    assert places(fused)[0] == true[5], "it is near, and has the words"


@pytest.mark.slow
def test_the_query_of_the_page_finds_what_a_comparison_with_all_finds(new_database: Callable[[], str]) -> None:
    real, url = real_embeddings(), new_database()
    stored(url, real.vectors)

    # So few are otherwise compared one by one.
    with psycopg.connect(url, autocommit=True, options="-c enable_seqscan=off -c enable_sort=off") as connection:
        plan = ask(connection, NEAREST.replace("SELECT url", "EXPLAIN SELECT url"), str(real.queries[0].tolist()))
        shares = [
            recall(places(ask(connection, NEAREST, str(query.tolist()))), exact_neighbours(real.vectors, query, k=10))
            for query in real.queries
        ]

    assert "using vectors_hnsw" in str(plan)
    assert np.mean(shares) >= 0.95
