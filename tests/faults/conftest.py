"""A faulty Mixpeek, which the environment names, and the little policy of a test."""

from collections.abc import Iterator

import pytest

from mixpeek_assets.api.transport import RetryPolicy
from tests.fakes import pipeline
from tests.fakes.faulty import FaultyMixpeek, faulty_mixpeek
from tests.fakes.mixpeek import KEY

PATIENCE = RetryPolicy(connect=20, read=60, whole=60, attempts=2, pause=0.02, rate_limit=10)
"""Short pauses, so that many faults are met in little time, and long time-outs, so that a busy machine is no fault."""


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyMixpeek]:
    """One for all tests of a file: what one of them submits is no concern of another."""
    with faulty_mixpeek() as server:
        yield server


@pytest.fixture
def faulty(server: FaultyMixpeek, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyMixpeek]:
    """The server, with nothing asked of it yet."""
    monkeypatch.setattr(pipeline, "QUICK", PATIENCE)
    monkeypatch.setenv("MIXPEEK_API_KEY", KEY)
    monkeypatch.setenv("MIXPEEK_API_URL", server.mixpeek.url)
    monkeypatch.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "0")
    server.mixpeek.requests.clear()
    yield server
    server.order()
