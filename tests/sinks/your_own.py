"""The sink of the page that says how to write one."""

from typing import Any

from mixpeek_assets.sinks.port import Sink
from tests.sinks.pages import code_of


def sqlite_sink(place: str) -> Sink:
    """Return a `SqliteSink`, as the page defines it."""
    names: dict[str, Any] = {}
    exec(code_of("your-own.md")[0], names)
    return names["SqliteSink"](place)
