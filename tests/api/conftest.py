"""A client of the scripted Mixpeek, with the little policy of a test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.transport import RetryPolicy
from tests.fakes.mixpeek import KEY, ScriptedMixpeek

Connect = Callable[..., AssetsClient]

PATIENCE = RetryPolicy(connect=2, read=5, attempts=3, rate_limit=10)


@pytest.fixture
def connect(mixpeek: ScriptedMixpeek) -> Iterator[Connect]:
    """Opens clients of the scripted Mixpeek, and closes them after the test."""
    with ExitStack() as opened:

        def connect(url: str | None = None, key: str = KEY, **options: object) -> AssetsClient:
            arguments: dict[str, object] = {"policy": PATIENCE, **options}
            return opened.enter_context(AssetsClient(url or mixpeek.url, SecretStr(key), **arguments))  # type: ignore[arg-type]

        yield connect


@pytest.fixture
def client(connect: Connect) -> AssetsClient:
    """A client with three attempts and ten seconds for the rate limit."""
    return connect()
