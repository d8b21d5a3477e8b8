"""A faulty Mixpeek of either style, which the environment names, and the little policy of a test."""

from collections.abc import Iterator

import pytest

from mixpeek_assets.api.transport import RetryPolicy
from tests.fakes import pipeline
from tests.fakes.faulty import Faulty, faulty_documents, faulty_mixpeek
from tests.fakes.scripted import KEY
from tests.faults.styles import STYLES, Style

PATIENCE = RetryPolicy(connect=20, read=60, whole=60, attempts=2, pause=0.02, rate_limit=10)
"""Short pauses, so that many faults are met in little time, and long time-outs, so that a busy machine is no fault."""

SERVERS = {"assets": faulty_mixpeek, "documents": faulty_documents}


@pytest.fixture(scope="module", params=STYLES)
def style(request: pytest.FixtureRequest) -> Style:
    """A style of the API."""
    return STYLES[request.param]


@pytest.fixture(scope="module")
def server(style: Style) -> Iterator[Faulty]:
    """One for all tests of a file and a style: what one of them submits is no concern of another."""
    with SERVERS[style.name]() as server:
        yield server


@pytest.fixture
def faulty(server: Faulty, style: Style, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    """The server, with nothing asked of it yet."""
    monkeypatch.setattr(pipeline, "QUICK", PATIENCE)
    monkeypatch.setenv("MIXPEEK_API_KEY", KEY)
    monkeypatch.setenv("MIXPEEK_API_URL", server.mixpeek.url)
    monkeypatch.setenv("MIXPEEK_API_STYLE", style.name)
    monkeypatch.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "0")
    style.reset(server.mixpeek)
    yield server
    server.order()
