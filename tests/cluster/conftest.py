"""What the tests of several machines share: real services, started once a worker of pytest."""

from collections.abc import Iterator

import pytest

from deploy import services
from tests.fakes.stores import Lakes, Stores


@pytest.fixture(scope="session")
def postgres() -> Iterator[services.PostgresServer]:
    """A running PostgreSQL; a test makes a database of its own in it."""
    with services.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[services.RedisServer]:
    """A running Redis."""
    with services.redis() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[services.S3Server]:
    """A running S3 server; a test makes a bucket of its own in it."""
    with services.s3() as server:
        yield server


@pytest.fixture(scope="session")
def stores(postgres: services.PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """What makes warehouses: here every one is a lake."""
    return Lakes(postgres, tmp_path_factory.mktemp("lakes"))
