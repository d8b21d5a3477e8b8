"""The page that says how to write a sink shows one that works."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mixpeek_assets.sinks.port import Replaced, Sink
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.sinks.pages import code_of
from tests.sinks.rows import DAY, NEXT_DAY, batches, row
from tests.sinks.your_own import sqlite_sink
from tests.warehouse.rows import DAY as LANDED
from tests.warehouse.rows import add_videos, feature_reply, land, video

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


def test_it_becomes_an_asset_that_a_run_fills(
    warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_FIRST_PARTITION", str(LANDED))
    add_videos(warehouse, video())
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1.0, 2.0]}))
    names: dict[str, Any] = {}
    for block in code_of("your-own.md"):
        exec(block, names)

    job = names["definitions"].resolve_job_def("mixpeek_sinks")
    result = job.execute_in_process(instance=instance, partition_key=str(LANDED))

    [event] = result.get_asset_materialization_events()
    assert event.asset_key == dg.AssetKey(["mixpeek", "sqlite_vectors"])
    assert [one.passed for one in result.get_asset_check_evaluations()] == [True]
    assert [found[:3] for found in held(sqlite_sink("vectors.sqlite"))] == [("f1", "clip", str(LANDED))]
