"""What the tests of sinks share: a real PostgreSQL."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from deploy import services


@pytest.fixture(scope="session")
def postgres() -> Iterator[services.PostgresServer]:
    """A running PostgreSQL with pgvector; a test makes a database of its own in it."""
    with services.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def new_database(postgres: services.PostgresServer) -> Callable[[], str]:
    """Makes an empty database, and returns its URL."""
    numbers = itertools.count()
    return lambda: postgres.make_database(f"sink_{next(numbers)}")
