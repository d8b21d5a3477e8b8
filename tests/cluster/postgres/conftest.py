"""A database for each test."""

import uuid

import pytest

from deploy.services import PostgresServer


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """The address of an empty database."""
    return postgres.make_database(f"test_{uuid.uuid4().hex}")
