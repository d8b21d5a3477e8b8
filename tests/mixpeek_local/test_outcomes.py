"""Scripted outcomes: callers are told what a video's rule says, and the truth of all others."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from tests.mixpeek_local.fault_rules import URL, order, played
from tests.mixpeek_local.served import Served, picture, served, words


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("state"), faults="[]") as api:
        yield api


@pytest.fixture
def task_id(api: Served) -> str:
    """The task of a video that was processed: two features with a vector each."""
    order(api)
    asset_id = api.extracted(picture(1), words(5, 10, "hello"), url=URL)
    return api.get(f"/assets/{asset_id}")["task_id"]


def become(api: Served, outcome: str, **parameters: Any) -> None:
    order(api, {"video": "*broken*", "outcome": outcome, **parameters})


def polled(api: Served, task_id: str, times: int) -> list[str]:
    return [api.task(task_id)["status"] for _ in range(times)]


def listed(api: Served, task_id: str) -> list[dict[str, Any]]:
    reply = api.get(f"/assets/{api.store.tasks.get(task_id)['asset_id']}/features")  # pyright: ignore
    return [feature for features in reply["features"].values() for feature in features]


def vectors(api: Served, task_id: str) -> list[Any]:
    return [
        api.get(f"/features/{feature['feature_id']}", params={"include_vectors": "true"}).get("vectors")
        for feature in listed(api, task_id)
    ]


def test_other_videos_are_as_they_are(api: Served, task_id: str) -> None:
    order(api, {"video": "*other*", "outcome": "failed"})
    assert polled(api, task_id, 1) == ["DONE"]
    assert played(api) == []


def test_statuses_are_told_one_a_poll_and_then_the_truth(api: Served, task_id: str) -> None:
    become(api, "real", statuses=["PENDING", "warming up", "UPLOADING"])
    assert polled(api, task_id, 5) == ["PENDING", "warming up", "UPLOADING", "DONE", "DONE"]
    assert len(listed(api, task_id)) == 2
    assert played(api) == ["real"] * 3


def test_a_task_has_no_outputs_while_it_is_told_to_be_under_way(api: Served, task_id: str) -> None:
    become(api, "real", statuses=["PROCESSING"])
    assert api.task(task_id)["outputs"] == []
    assert len(api.task(task_id)["outputs"]) == 1


def test_a_video_fails_for_a_reason(api: Served, task_id: str) -> None:
    become(api, "failed", error="the moon was in the way", statuses=["QUEUED"])
    assert polled(api, task_id, 2) == ["QUEUED", "FAILED"]
    task = api.task(task_id)
    assert (task["error"], task["outputs"]) == ("the moon was in the way", [])
    asset = api.get(f"/assets/{task['asset_id']}")
    assert (asset["status"], asset["error"]) == ("FAILED", "the moon was in the way")
    assert listed(api, task_id) == []


@pytest.mark.parametrize(
    ("outcome", "status", "features"),
    [("skipped", "SKIPPED", 2), ("cancelled", "CANCELLED", 0), ("endless", "PROCESSING", 2)],
)
def test_a_video_ends_otherwise_or_never(api: Served, task_id: str, outcome: str, status: str, features: int) -> None:
    become(api, outcome)
    assert polled(api, task_id, 3) == [status] * 3
    assert "error" not in api.task(task_id)
    assert len(listed(api, task_id)) == features


def test_a_status_may_be_any_word(api: Served, task_id: str) -> None:
    become(api, "cancelled", status="Canceled")
    assert polled(api, task_id, 1) == ["Canceled"]


def test_a_failure_of_the_work_itself_is_not_told_before_its_time(api: Served) -> None:
    order(api)
    task_id = api.ingest(URL)
    while (job := api.store.tasks.claim("test")) and job.task_id != task_id:
        pass  # it waits behind others
    assert job is not None
    api.store.tasks.fail(job, "the video is empty")
    become(api, "real", statuses=["PROCESSING"])
    assert "error" not in api.task(task_id)
    assert api.task(task_id)["error"] == "the video is empty"


def test_a_task_is_forgotten(api: Served, task_id: str) -> None:
    become(api, "forgotten", statuses=["PROCESSING"])
    assert polled(api, task_id, 1) == ["PROCESSING"]
    for prefix in ("", "/v1"):
        assert api.request("GET", f"{prefix}/tasks/{task_id}").json()["error"]["type"] == "NotFound"


def test_an_asset_is_not_there_at_first(api: Served, task_id: str) -> None:
    become(api, "late-asset", times=2)
    task = api.task(task_id)
    assert task["status"] == "DONE"
    assert [api.status("GET", f"/assets/{task['asset_id']}/features") for _ in range(4)] == [404, 404, 200, 200]


def test_an_asset_has_no_features(api: Served, task_id: str) -> None:
    become(api, "no-features")
    assert polled(api, task_id, 1) == ["DONE"]
    assert listed(api, task_id) == []


def test_a_listed_feature_is_not_there(api: Served, task_id: str) -> None:
    become(api, "missing-feature", first=1)
    assert [api.status("GET", f"/features/{feature['feature_id']}") for feature in listed(api, task_id)] == [404, 200]
    become(api, "missing-feature")
    assert [api.status("GET", f"/features/{feature['feature_id']}") for feature in listed(api, task_id)] == [404, 404]


PICTURE, TEXT = {"multimodal": [0.6, 0.8]}, {"text": [1.0, 0.0, 0.0]}


@pytest.mark.parametrize(
    ("outcome", "parameters", "expected"),
    [
        ("missing-vectors", {}, [None, None]),
        ("missing-vectors", {"first": 1}, [None, TEXT]),
        ("empty-vectors", {}, [{"multimodal": []}, {"text": []}]),
        ("other-dimension", {}, [{"multimodal": [0.6, 0.8, 0.0]}, TEXT]),
        ("other-dimension", {"dimension": 1}, [{"multimodal": [0.6]}, {"text": [1.0]}]),
        ("no-features", {}, []),
        ("real", {}, [PICTURE, TEXT]),
    ],
)
def test_vectors_are_not_what_they_should_be(
    api: Served, task_id: str, outcome: str, parameters: dict[str, Any], expected: list[Any]
) -> None:
    become(api, outcome, **parameters)
    assert vectors(api, task_id) == expected


def test_a_vector_has_nan_in_it(api: Served, task_id: str) -> None:
    become(api, "nan-vectors", first=1)
    broken, whole = vectors(api, task_id)
    assert math.isnan(broken["multimodal"][0])
    assert broken["multimodal"][1] == 0.8
    assert whole == TEXT


def test_who_lacks_the_key_is_told_nothing_of_outcomes(api: Served, task_id: str) -> None:
    become(api, "forgotten")
    assert api.status("GET", f"/tasks/{task_id}", headers={}) == 401
    assert api.get("/faults")["rules"][0]["seen"] == 0
