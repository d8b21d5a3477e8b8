"""What the server refuses, and in which words (contract b7)."""

from typing import Any

import pytest
import requests

from mixpeek_local.config import LocalApiConfig
from tests.mixpeek_local.caller import Caller

GOOD = {"url": "https://example.com/video.mp4", "collection": "example"}


def refused(reply: requests.Response, status: int) -> str:
    assert reply.status_code == status
    body = reply.json()
    assert body["success"] is False
    assert body["status"] == status
    assert set(body["error"]) == {"message", "type"}
    return body["error"]["message"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic {key}", "{key}", "Bearer é"])
@pytest.mark.parametrize("path", ["/tasks/1", "/v1/features/1", "/no/such/route"])
def test_nothing_answers_without_the_key(api: Caller, path: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.format(key=api.key).encode()}
    message = refused(api.request("GET", path, headers=headers), 401)
    assert api.key not in message


def test_posting_needs_the_key_too(api: Caller) -> None:
    refused(api.request("POST", "/ingest/videos/url", json=GOOD, headers={}), 401)


@pytest.mark.parametrize("path", ["/tasks/x", "/assets/x/features", "/features/x", "/v1/tasks/x", "/nothing"])
def test_an_unknown_id_or_route_is_not_found(api: Caller, path: str) -> None:
    refused(api.request("GET", path), 404)


def test_an_update_of_an_unknown_asset_is_not_found(api: Caller) -> None:
    body = GOOD | {"asset_update": {"asset_id": "x", "mode": "replace"}}
    refused(api.request("POST", "/ingest/videos/url", json=body), 404)


def test_a_wrong_method_is_refused_with_the_right_ones(api: Caller) -> None:
    reply = api.request("DELETE", "/ingest/videos/url")
    refused(reply, 405)
    assert reply.headers["Allow"] == "POST"
    for prefix in ("", "/v1"):
        reply = api.request("POST", f"{prefix}/assets/x")
        refused(reply, 405)
        assert reply.headers["Allow"] == "DELETE, GET, PATCH, PUT"


def test_a_huge_body_is_refused(api: Caller) -> None:
    refused(api.request("POST", "/ingest/videos/url", data=b" " * 1_100_000), 413)


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ({"collection": "example"}, ["body", "url"]),
        ({"url": "video.mp4"}, ["body", "collection"]),
        (GOOD | {"url": ""}, ["body", "url"]),
        (GOOD | {"url": "  "}, ["body", "url"]),
        (GOOD | {"url": 7}, ["body", "url"]),
        (GOOD | {"url": None}, ["body", "url"]),
        (GOOD | {"collection": ["example"]}, ["body", "collection"]),
        (GOOD | {"metadata": "text"}, ["body", "metadata"]),
        (GOOD | {"skip_duplicate": "yes"}, ["body", "skip_duplicate"]),
        (GOOD | {"feature_extractors": {"interval_sec": 10}}, ["body", "feature_extractors"]),
        (GOOD | {"feature_extractors": [{"interval_sec": 4.9}]}, ["body", "feature_extractors", 0, "interval_sec"]),
        (GOOD | {"feature_extractors": [{"interval_sec": 120}]}, ["body", "feature_extractors", 0, "interval_sec"]),
        (GOOD | {"feature_extractors": [{"interval_sec": True}]}, ["body", "feature_extractors", 0, "interval_sec"]),
        (GOOD | {"asset_update": {"asset_id": "x"}}, ["body", "asset_update", "mode"]),
        ([], ["body"]),
        ("text", ["body"]),
        (None, ["body"]),
    ],
)
def test_a_mistake_in_the_body_is_named_by_its_place(api: Caller, body: Any, location: list[str | int]) -> None:
    reply = (
        api.request("POST", "/ingest/videos/url", json=body)
        if body is not None
        else api.request("POST", "/ingest/videos/url", data=b"{not json")
    )
    assert reply.status_code == 422
    (mistake,) = reply.json()["detail"]
    assert set(mistake) == {"loc", "msg", "type"}
    assert mistake["loc"] == location


def test_mistakes_are_told_in_both_shapes_of_the_reference(api: Caller) -> None:
    body = api.request("POST", "/ingest/videos/url", json={"url": 7}).json()
    assert (body["success"], body["status"], body["error"]["type"]) == (False, 422, "ValidationError")
    assert body["error"]["message"] == "; ".join(
        f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in body["detail"]
    )
    assert body["error"]["details"]["validation_errors"] == [
        {"type": mistake["type"], "location": mistake["loc"], "message": mistake["msg"]} for mistake in body["detail"]
    ]
    assert [mistake["loc"] for mistake in body["detail"]] == [["body", "url"], ["body", "collection"]]


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=99999999999999999999", "page_size=0", "page_size=1001"])
def test_a_mistake_in_the_query_is_named_by_its_place(api: Caller, query: str) -> None:
    reply = api.request("GET", f"/tasks?{query}")
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]


def test_unknown_fields_and_nulls_are_passed_over(api: Caller) -> None:
    body = GOOD | {"url": "video.mp4", "news": {"enabled": True}, "metadata": None, "feature_extractors": None}
    assert api.request("POST", "/ingest/videos/url", json=body).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/healthcheck"])
def test_health_needs_no_key_and_names_the_folders(api: Caller, config: LocalApiConfig, path: str) -> None:
    body = requests.get(f"{api.url}{path}", timeout=60).json()
    assert body["status"] == "ok"
    assert body["allowed_folders"] == [str(folder.resolve()) for folder in config.allowed_folders]


def test_the_front_page_says_what_this_is(api: Caller) -> None:
    assert "Mixpeek" in requests.get(api.url, timeout=60).text
