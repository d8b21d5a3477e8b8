"""The sink pgvector, on a real PostgreSQL."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from mixpeek_assets.postgres import Postgres
from mixpeek_assets.sinks.pgvector import PgVector
from mixpeek_assets.sinks.port import Replaced
from tests.sinks.rows import DAY, NEXT_DAY, batches, row


@pytest.fixture
def postgres_url(new_database: Callable[[], str]) -> str:
    return new_database()


def opened(url: str, only: str | None = None, fewest: int = 10) -> PgVector:
    sink = PgVector(Postgres(SecretStr(url), "MIXPEEK_SINK_PGVECTOR", "pgvector"), only, fewest)
    sink.prepare([])
    return sink


def test_a_day_that_comes_again_is_unchanged(postgres_url: str) -> None:
    sink, rows = opened(postgres_url), [row("a"), row("b", vector_name="text"), row("b")]

    assert sink.replace(DAY, batches(rows)) == Replaced(3, 0, 0)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, 3, 0)
    assert (sink.count(DAY), sink.count(NEXT_DAY)) == (3, 0)
