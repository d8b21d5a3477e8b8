"""The benchmarks measure what they say: the server counts and waits, contenders run apart, the simulation adds up."""

import json
import os
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from benchmarks.pipeline.document_pages import MULTIMODAL, TRANSCRIPTION, DocumentPages
from benchmarks.pipeline.load_generator import generate
from benchmarks.pipeline.measure import Measured, in_turns, measured
from benchmarks.pipeline.scale import simulate
from benchmarks.pipeline.serving import Server, serving
from mixpeek_assets.api.assets.client import AssetsClient


@pytest.mark.slow
def test_the_server_answers_as_the_api_does_and_counts_what_it_was_asked() -> None:
    with serving(features=3, dimensions=8) as server, AssetsClient(server.url, SecretStr("benchmark")) as client:
        tasks = [client.submit_video(f"http://videos.test/{number}", "example") for number in range(4)]
        assets = [client.get_task(task).asset_id or "" for task in reversed(tasks)]
        listed = [feature["feature_id"] for asset in assets for feature in client.get_asset(asset).features]
        replies = [client.get_feature(feature_id) for feature_id in listed]
        told = server.told()

    assert len(set(assets)) == 4
    assert len(set(listed)) == 12
    assert [reply.feature["feature_id"] for reply in replies] == listed
    assert {len(vector) for reply in replies for vector in reply.dense.values()} == {8}
    assert told["asked"] == {"POST /ingest": 4, "GET /tasks": 4, "GET /assets": 4, "GET /features": 12, "GET /told": 1}
    assert told["polled"] == [3, 2, 1, 0]


@pytest.mark.slow
def test_tasks_that_are_not_to_settle_are_open_and_a_new_count_begins_when_it_is_told() -> None:
    with serving(settled=False) as server, AssetsClient(server.url, SecretStr("benchmark")) as client:
        assert client.get_task("task-7").state == "open"
        assert server.told()["polled"] == [7]
        assert server.told()["polled"] == []


@pytest.mark.slow
def test_the_server_waits_as_long_as_it_is_told_to_with_all_at_once() -> None:
    with serving(latency_ms=200) as server:
        started = time.monotonic()
        assert generate(server.url, requests=64, concurrency=32) == 64
        assert time.monotonic() - started >= 0.4
        assert server.told()["asked"]["GET /features"] == 64


@pytest.mark.slow
def test_the_server_of_documents_takes_a_project_from_its_objects_to_its_last_page() -> None:
    with serving(style="documents", features=3, dimensions=8) as server:
        objects = [{"video_key": f"video-{number}"} for number in range(4)]
        rows = _ask(server, "POST", "/buckets/bkt_1/objects/batch", {"objects": objects})["succeeded"]
        object_ids = [row["object_id"] for row in rows]
        batch_id = _ask(server, "POST", "/buckets/bkt_1/batches", {"object_ids": object_ids})["batch_id"]
        _ask(server, "POST", f"/buckets/bkt_1/batches/{batch_id}/submit", {})
        assert _ask(server, "GET", f"/batches/{batch_id}")["documents_written"] == 12
        mine = {"AND": [{"field": "video_key", "operator": "in", "value": [f"video-{number}" for number in range(4)]}]}
        found, cursor = [], None
        while cursor or not found:
            body = {"filters": mine, "limit": 5, "return_vectors": True, "cursor": cursor}
            page = _ask(server, "POST", "/collections/col_1/documents/list", body)
            found += page["results"]
            cursor = page["pagination"]["next_cursor"]
        asked = server.told()["asked"]

    assert len({row["document_id"] for row in found}) == 12
    assert {row["_internal"]["lineage"]["root_object_id"] for row in found} == set(object_ids)
    assert {(len(row[MULTIMODAL]), len(row[TRANSCRIPTION])) for row in found} == {(1408, 8)}
    assert asked["POST /collections/documents/list"] == 3


def test_a_page_of_documents_says_the_same_whichever_way_they_are_asked_for() -> None:
    pages = DocumentPages(2, (4, 3))
    by_key = {"filters": {"video_key": "v1"}, "limit": 1, "cursor": "1", "return_vectors": True}
    by_lineage = {**by_key, "filters": {"_internal.lineage.root_object_id": "obj_v1"}}
    assert pages.listed(by_key) == pages.listed(by_lineage)
    (row,) = json.loads(pages.listed(by_key))["results"]
    assert row in json.loads(pages.listed({"limit": 10, "return_vectors": True}, ["v0", "v1"]))["results"]


def _ask(server: Server, method: str, path: str, body: Any = None) -> Any:
    return requests.request(method, f"{server.url}/v1{path}", json=body, timeout=30).json()


def _ready_first(pause: float) -> Iterator[None]:
    time.sleep(pause)
    yield


def test_each_run_has_a_process_of_its_own() -> None:
    pids = {measured(os.getpid).result for _ in range(2)}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_what_comes_before_the_first_yield_is_not_measured() -> None:
    assert measured(_ready_first, 1.0).seconds < 1.0


def test_contenders_take_turns_and_each_has_its_median() -> None:
    order: list[str] = []

    took = {"a": [3.0, 1.0, 2.0], "b": [9.0, 9.0, 5.0]}

    def contender(name: str) -> Measured:
        order.append(name)
        return Measured(took[name][order.count(name) - 1], 0, 0, None)

    found = in_turns({name: partial(contender, name) for name in took})

    assert order == ["a", "b"] * 3
    assert {name: run.seconds for name, run in found.items()} == {"a": 2, "b": 9}


@pytest.mark.parametrize("a_minute", [60, 6_000])
def test_a_simulation_spends_what_it_says(a_minute: float) -> None:
    found = simulate(a_minute, videos=200, features=4)
    requests = 200 * (1 + found.polls + 1 + 4)
    assert found.polls >= 1
    assert found.hours * 60 * a_minute >= requests * 0.999


def test_with_ten_times_the_budget_no_task_waits_longer_to_be_seen() -> None:
    few, many = (simulate(a_minute, videos=200) for a_minute in (60, 600))
    assert many.hours < few.hours
    assert many.seen_after < few.seen_after
    assert many.polls >= few.polls
