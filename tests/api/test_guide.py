"""The guide's four calls, with the replies that it prints, and the traps that are in them (contract a)."""

from urllib.parse import parse_qsl

import pytest

from mixpeek_assets.api.assets.client import AssetsClient
from tests.api import guide
from tests.api.conftest import Connect
from tests.fakes.mixpeek import KEY, Answer, Request, ScriptedMixpeek

TASK_ID = guide.TASK["task_id"]
ASSET_ID = guide.TASK["asset_id"]
FEATURE_ID = "98b693c0-6fc1-4420-97bd-6c4506356230"


@pytest.fixture(autouse=True)
def printed_replies(mixpeek: ScriptedMixpeek) -> None:
    mixpeek.script("^POST .*/ingest/videos/url$", Answer(guide.SUBMITTED), for_ever=True)
    mixpeek.script("^GET .*/tasks/", Answer(guide.TASK), for_ever=True)
    mixpeek.script("^GET .*/assets/", Answer(guide.ASSET), for_ever=True)
    mixpeek.script("^GET .*/features/", Answer(guide.FEATURE), for_ever=True)


def only(mixpeek: ScriptedMixpeek) -> Request:
    [request] = mixpeek.requests
    return request


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_a_video_is_submitted_as_the_guide_does_it(mixpeek: ScriptedMixpeek, connect: Connect, prefix: str) -> None:
    task_id = connect(prefix=prefix).submit_video("video.mp4", "example")
    request = only(mixpeek)
    assert (request.method, request.path, request.query) == ("POST", f"{prefix}/ingest/videos/url", "")
    assert request.body == {"url": "video.mp4", "collection": "example"}
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert task_id == "857056f8-1f0d-4cad-aa37-96757e12872e"


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_a_task_is_polled_as_the_guide_does_it(mixpeek: ScriptedMixpeek, connect: Connect, prefix: str) -> None:
    task = connect(prefix=prefix).get_task(TASK_ID)
    request = only(mixpeek)
    assert (request.method, request.path, request.query) == ("GET", f"{prefix}/tasks/{TASK_ID}", "")
    assert request.body is None
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert (task.task_id, task.status, task.state, task.asset_id) == (TASK_ID, "DONE", "done", ASSET_ID)


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_an_asset_is_read_as_the_guide_does_it(mixpeek: ScriptedMixpeek, connect: Connect, prefix: str) -> None:
    reply = connect(prefix=prefix).get_asset(ASSET_ID)
    request = only(mixpeek)
    assert (request.method, request.path, request.query) == ("GET", f"{prefix}/assets/{ASSET_ID}/features", "")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert reply.asset["asset_id"] == ASSET_ID
    assert reply.asset["payload"] == guide.ASSET["asset"]
    assert [feature["feature_id"] for feature in reply.features] == [FEATURE_ID]
    assert reply.problems == []


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_vectors_are_asked_for_by_both_of_their_names(mixpeek: ScriptedMixpeek, connect: Connect, prefix: str) -> None:
    reply = connect(prefix=prefix).get_feature(FEATURE_ID)
    request = only(mixpeek)
    assert (request.method, request.path) == ("GET", f"{prefix}/features/{FEATURE_ID}")
    assert sorted(parse_qsl(request.query)) == [("include_vectors", "true"), ("return_vectors", "true")]
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert reply.dense == {"multimodal": [-0.022097813, 0.021723306]}
    assert (reply.sparse, reply.problems) == ({}, [])


def test_a_namespace_is_sent_with_every_call(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    client = connect(namespace="films")
    client.submit_video("video.mp4", "example")
    client.get_task(TASK_ID)
    client.get_asset(ASSET_ID)
    client.get_feature(FEATURE_ID)
    assert [request.headers.get("X-Namespace") for request in mixpeek.requests] == ["films"] * 4


def test_without_a_namespace_none_is_sent(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    client.get_task(TASK_ID)
    assert "X-Namespace" not in only(mixpeek).headers


def test_metadata_and_skip_duplicate_travel_with_the_submission(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    client.submit_video("https://example.com/a.mp4", "example", metadata={"author": "ü 🎬"}, skip_duplicate=False)
    assert only(mixpeek).body == {
        "url": "https://example.com/a.mp4",
        "collection": "example",
        "metadata": {"author": "ü 🎬"},
        "skip_duplicate": False,
    }


def test_the_task_is_the_one_that_was_asked_for_whatever_id_the_reply_names(client: AssetsClient) -> None:
    submitted = client.submit_video("video.mp4", "example")
    assert submitted != guide.TASK["task_id"]
    assert client.get_task(submitted).task_id == submitted


def test_the_asset_of_a_video_may_be_of_text(client: AssetsClient) -> None:
    reply = client.get_asset(ASSET_ID)
    assert reply.asset["modality"] == "text"
    assert [(feature["modality"], feature["text"]) for feature in reply.features] == [
        ("text", "two people inside a car")
    ]


def test_a_detail_that_lacks_a_field_says_nothing_of_it(client: AssetsClient) -> None:
    feature = client.get_feature(FEATURE_ID).feature
    assert feature["feature_id"] == FEATURE_ID
    assert feature["modality"] == "image"
    assert feature["text"] is None
    assert feature["collection_id"] is None
    assert "text" not in feature["payload"]
    assert "vectors" not in feature["payload"]


def test_timestamps_stay_the_text_that_they_are(client: AssetsClient) -> None:
    reply = client.get_asset(ASSET_ID)
    assert reply.asset["created_at"] == "2024-11-07T14:31:55.473000"
    assert reply.asset["updated_at"] == "2024-11-07T14:31:56.428000"
    assert reply.features[0]["created_at"] == "2024-11-07T14:31:56.053031Z"


@pytest.mark.parametrize("hostile", ["a/b", "../admin", "a?b=c", "a#b", "ü 🎬", "a%2Fb", "{id}", "..."])
def test_an_id_stays_one_segment_of_the_path(mixpeek: ScriptedMixpeek, client: AssetsClient, hostile: str) -> None:
    client.get_task(hostile)
    request = only(mixpeek)
    assert request.query == ""
    assert request.path.startswith("/tasks/")
    assert "/" not in request.path.removeprefix("/tasks/")


def test_probing_asks_for_no_more_than_a_task_that_is_not_there(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.unscript()
    client.probe()
    assert only(mixpeek).path == "/tasks/00000000-0000-0000-0000-000000000000"
