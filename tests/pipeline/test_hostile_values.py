"""Values that one door takes and the next cannot hold: each is refused where it comes in, and stops no neighbour."""

import json
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.settings import SettingsError, load_settings
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import ProblemRow
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.defs.test_materialization import failures, run
from tests.fakes.checks import day_check
from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.pipeline import TODAY, add_videos, submit
from tests.fakes.videos import upsert
from tests.warehouse.asking import ask

POST = "POST /ingest"
URLS = [f"http://videos.test/{number}.mp4" for number in range(6)]

DEEP = '{"a":' + "[" * 150 + "]" * 150 + "}"
UNSENDABLE = {
    "NaN": '{"a": NaN}',
    "infinity": '{"a": -Infinity}',
    "more than a double": '{"a": [1, {"b": 1e999}]}',
    "a trailing comma": '{"a": 1,}',
    "too deep": DEEP,
    "more digits than Python reads": '{"a": ' + "9" * 5000 + "}",
}


def store(warehouse: Warehouse, url: str, metadata: str) -> None:
    """Put metadata into `videos` as an older mixpeek_assets took it from a manifest."""
    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.videos SET metadata = ?::JSON WHERE url = ?", [metadata, url])


def problems(warehouse: Warehouse) -> list[ProblemRow]:
    return ask(warehouse, lambda reader: reader.problems(9))


def tasks(warehouse: Warehouse) -> list[tuple[str, int, str, str | None]]:
    warehouse.load_pending()
    with warehouse.database.connection(read_only=True) as connection:
        return connection.execute(
            "SELECT url, attempt, state, error ->> '$.reason' FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id)"
            " ORDER BY ALL"
        ).fetchall()


@pytest.mark.parametrize("metadata", UNSENDABLE.values(), ids=UNSENDABLE)
def test_a_row_whose_metadata_no_request_can_hold_is_refused_with_its_reason(tmp_path: Path, metadata: str) -> None:
    rows = [{"url": url, "metadata": metadata if url == URLS[1] else "{}"} for url in URLS[:3]]
    path = tmp_path / "list.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    with read_manifest(load_settings(api_key="sk_test_0123456789"), str(path)) as manifest:
        assert (manifest.lines, manifest.unusable, manifest.videos_count) == (3, 1, 2)
        [problem] = manifest.problems
    assert problem["object_id"] == f"{path} row 2"
    assert "JSON" in problem["reason"]
    assert len(problem["reason"]) < 300


@pytest.mark.parametrize("metadata", UNSENDABLE.values(), ids=UNSENDABLE)
def test_what_is_stored_and_cannot_be_sent_fails_once_without_a_request_and_stops_no_other(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, metadata: str
) -> None:
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "1")
    add_videos(URLS)
    store(warehouse, URLS[0], metadata)

    submitted = submit()

    assert (submitted.accepted, submitted.refused, submitted.lost) == (5, 1, [])
    for _ in range(3):
        assert submit().accepted == 0
    (bad, *others) = tasks(warehouse)
    assert bad[:3] == (URLS[0], 1, "failed")
    assert "metadata is not a JSON object" in str(bad[3])
    assert "Correct its row in the manifest" in str(bad[3])
    assert [task[:3] for task in others] == [(url, 1, "open") for url in URLS[1:]]
    assert [request.body["url"] for request in mixpeek.asked(POST)] == URLS[1:]
    assert [problem.kind for problem in problems(warehouse)] == ["task failed"]
    assert [row.failed for row in ask(warehouse, Reader.status)] == [1]
    assert not day_check(warehouse, "tasks", "succeeded", TODAY).passed


def test_metadata_that_was_corrected_in_the_manifest_is_sent_on_request(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(URLS[:1])
    store(warehouse, URLS[0], '{"a": NaN}')
    submit()
    add_videos(URLS[:1])

    assert submit(resubmit_failed=True).accepted == 1
    assert [state for _, _, state, _ in tasks(warehouse)] == ["failed", "open"]


def test_the_step_succeeds_beside_a_row_that_cannot_be_sent(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos(URLS[:1])
    store(warehouse, URLS[0], '{"a": NaN}')
    row = {"url": URLS[1], "metadata": {"n": 1}}
    refused = f'{{"url": "{URLS[2]}", "metadata": {{"a": 1e999}}}}'
    Path("list.jsonl").write_text(f"{json.dumps(row)}\n{refused}\n", encoding="utf-8")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.jsonl")

    for _ in range(2):
        result = run("mixpeek_ingest", instance)
        assert result.success, failures(result)

    assert [task[:3] for task in tasks(warehouse)] == [(URLS[0], 1, "failed"), (URLS[1], 1, "open")]
    assert [request.body for request in mixpeek.asked(POST)] == [{**row, "collection": "default"}]
    [reject] = [problem for problem in problems(warehouse) if problem.kind == "rejected"]
    assert "list.jsonl row 2" in reject.about


def test_an_integer_of_any_length_reaches_the_server_with_every_digit(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, tmp_path: Path
) -> None:
    metadata = {"large": 2**64, "larger": 10**300 + 7, "negative": -(2**70), "float": 0.1, "largest": 1.7e308}
    path = tmp_path / "list.jsonl"
    path.write_text(json.dumps({"url": URLS[0], "metadata": metadata}), encoding="utf-8")
    with read_manifest(load_settings(), str(path)) as manifest:
        upsert(warehouse, manifest, [TODAY], datetime.now(UTC), "test")

    assert submit().accepted == 1
    [request] = mixpeek.asked(POST)
    assert request.body["metadata"] == metadata


@pytest.mark.parametrize("value", ['[{"a": NaN}]', '{"a": 1e999}', "[" * 150 + "]" * 150])
def test_extractor_settings_that_no_request_can_hold_are_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("MIXPEEK_FEATURE_EXTRACTORS", value)
    with pytest.raises(SettingsError, match="MIXPEEK_FEATURE_EXTRACTORS: is not JSON"):
        load_settings()
