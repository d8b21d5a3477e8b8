"""The page that says how to write a sink shows one that works."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.sinks.port import Replaced, Sink
from tests.sinks.pages import code_of
from tests.sinks.rows import DAY, NEXT_DAY, batches, row
from tests.sinks.your_own import sqlite_sink

ROWS = [row("a"), row("a", (1.0, 0.0), vector_name="text"), row("b", None, sparse={"indices": [1], "values": [0.5]})]


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    sink = sqlite_sink(str(tmp_path / "vectors.sqlite"))
    sink.prepare([])
    return sink


def held(sink: Sink) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(sink.place)) as file:
        return file.execute("SELECT * FROM vectors ORDER BY feature_id, vector_name").fetchall()


def test_the_sink_has_at_most_thirty_lines() -> None:
    assert len([line for line in code_of("your-own.md")[0].splitlines() if line]) <= 30


def test_the_sink_holds_the_rows_of_a_day(sink: Sink) -> None:
    assert sink.replace(DAY, batches(ROWS, size=2)) == Replaced(written=3, unchanged=0, removed=0)

    found = held(sink)
    assert [entry[:3] for entry in found] == [
        ("a", "multimodal", "2026-01-01"),
        ("a", "text", "2026-01-01"),
        ("b", "multimodal", "2026-01-01"),
    ]
    assert found[0][3:] == (ROWS[0]["digest"], "http://127.0.0.1/a.mp4", 1.0, "[1.0, 0.0, 0.0]")
    assert json.loads(found[2][-1]) == {"indices": [1], "values": [0.5]}
    assert (sink.count(DAY), sink.count(NEXT_DAY)) == (3, 0)


def test_the_same_rows_are_unchanged_others_replaced_and_those_that_are_gone_removed(sink: Sink) -> None:
    sink.replace(DAY, batches(ROWS))
    before = held(sink)

    assert sink.replace(DAY, batches(ROWS)) == Replaced(written=0, unchanged=3, removed=0)
    assert held(sink) == before
    assert sink.replace(DAY, batches([row("a", text="new")])) == Replaced(written=1, unchanged=0, removed=2)
    assert sink.replace(NEXT_DAY, batches([row("a")])) == Replaced(written=1, unchanged=0, removed=0)
    assert (sink.count(DAY), sink.count(NEXT_DAY)) == (0, 1)


def test_a_day_that_fails_in_the_middle_is_as_it_was(sink: Sink) -> None:
    sink.replace(DAY, batches(ROWS))
    before = held(sink)

    def failing() -> Any:
        yield from batches([row("a", text="new")])
        raise OSError

    with pytest.raises(OSError):
        sink.replace(DAY, failing())

    assert held(sink) == before


def test_the_definitions_of_the_page_have_an_asset_of_it() -> None:
    names: dict[str, Any] = {}
    for block in code_of("your-own.md"):
        exec(block, names)

    graph = names["definitions"].resolve_asset_graph()
    (key,) = [key for key in graph.get_all_asset_keys() if key.path[-1] == "sqlite_vectors"]
    assert {parent.path[-1] for parent in graph.get(key).parent_keys} == {"vectors"}
