"""Namespaces, buckets and collections: made once, found by id or name, told apart from the earlier eras."""

from pathlib import Path
from typing import Any

import pytest

from tests.mixpeek_local.documents.writing import EXTRACTOR, SCHEMA, Writer, writing
from tests.mixpeek_local.served import picture


def test_a_namespace_is_found_by_its_id_and_its_name(writer: Writer) -> None:
    by_name = writer.ask("GET", "/namespaces/films")
    assert by_name == writer.ask("GET", f"/namespaces/{writer.namespace}")
    assert by_name["namespace_ready"] is True
    assert by_name["feature_extractors"][0]["feature_extractor_id"] == "multimodal_extractor_v1"
    listed = writer.ask("POST", "/namespaces/list", {"search": "film"})
    assert listed["results"] == [by_name]
    assert listed["total_count"] == 1
    assert writer.ask("GET", "/namespaces", params={"limit": 5})["results"] == [by_name]


def test_a_bucket_and_a_collection_are_found_by_id_and_name(writer: Writer) -> None:
    bucket = writer.ask("GET", "/buckets/videos")
    assert bucket == writer.ask("GET", f"/buckets/{writer.bucket}")
    assert (bucket["object_count"], bucket["total_size_bytes"]) == (0, 0)
    named = {"filters": {"bucket_name": "videos"}}
    assert writer.ask("POST", "/buckets/list", named)["results"] == [bucket]
    assert writer.ask("GET", "/buckets", params={"search": "nothing"})["results"] == []
    collection = writer.ask("GET", "/collections/videos")
    assert collection == writer.ask("GET", f"/collections/{writer.collection}")
    assert writer.ask("GET", "/collections")["results"] == [collection]
    assert writer.ask("POST", "/collections/list")["results"] == [collection]


def test_a_name_is_taken_once(writer: Writer) -> None:
    source = {"type": "bucket", "bucket_ids": [writer.bucket]}
    for path, body in (
        ("/namespaces", {"namespace_name": "films"}),
        ("/buckets", {"bucket_name": "videos", "bucket_schema": SCHEMA}),
        ("/collections", {"collection_name": "videos", "source": source, "feature_extractor": EXTRACTOR}),
    ):
        assert writer.refusal("POST", path, body) == (409, "AlreadyExistsError")


def test_a_request_names_its_namespace(writer: Writer) -> None:
    writer.namespace = None
    assert writer.refusal("GET", "/buckets") == (400, "BadRequestError")
    writer.namespace = "unknown"
    assert writer.refusal("GET", "/buckets") == (404, "NotFoundError")
    writer.namespace = "films"
    assert len(writer.ask("GET", "/buckets")["results"]) == 1


def test_one_namespace_does_not_see_into_another(writer: Writer) -> None:
    writer.ask("POST", "/namespaces", {"namespace_name": "talks"})
    writer.namespace = "talks"
    assert writer.ask("GET", "/buckets")["results"] == []
    assert writer.refusal("GET", f"/buckets/{writer.bucket}") == (404, "NotFoundError")


def test_a_key_that_is_not_declared_is_refused_with_its_place(writer: Writer) -> None:
    reply = writer.request("POST", "/buckets", {"bucket_name": "b", "bucket_schema": SCHEMA, "colour": "red"})
    assert reply.status_code == 422
    assert reply.json()["error"]["details"]["validation_errors"] == [
        {"type": "extra_forbidden", "location": ["body", "colour"], "message": "Extra inputs are not permitted"}
    ]
    assert "detail" not in reply.json()


@pytest.mark.parametrize(
    ("parameters", "named"),
    [({"colour": True}, "extra_forbidden"), ({"split_method": "silence"}, "value_error")],
)
def test_parameters_that_this_server_cannot_follow_are_refused(
    writer: Writer, parameters: dict[str, Any], named: str
) -> None:
    extractor = {**EXTRACTOR, "parameters": parameters}
    source = {"type": "bucket", "bucket_ids": [writer.bucket]}
    body = {"collection_name": "other", "source": source, "feature_extractor": extractor}
    reply = writer.request("POST", "/collections", body)
    assert reply.status_code == 422
    assert reply.json()["error"]["details"]["validation_errors"][0]["type"] == named


def test_a_collection_says_which_vectors_its_documents_have(writer: Writer) -> None:
    indexes = writer.ask("GET", "/collections/videos")["vector_indexes"]
    features = writer.ask("GET", "/collections/videos/features")["features"]
    assert [one["feature_uri"] for one in indexes] == [one["feature_uri"] for one in features]
    for one in indexes:
        assert one["feature_uri"] == f"mixpeek://multimodal_extractor@v1/{one['name']}"
        assert one["index"]["name"] == one["name"]
        assert one["index"]["dimensions"] > 1
    assert sum(one["primary"] for one in features) == 1


def test_extractors_are_listed_without_a_key(writer: Writer) -> None:
    without = {"headers": {}}
    path = "/v1/collections/features/extractors"
    listed = writer.api.request("GET", path, **without).json()
    assert [one["feature_extractor_id"] for one in listed] == ["multimodal_extractor_v1", "multimodal_extractor_v2"]
    assert writer.api.request("GET", f"{path}/multimodal_extractor_v2", **without).json() == listed[1]
    assert writer.api.request("GET", f"{path}/other", **without).status_code == 404
    assert writer.api.request("GET", "/v1/collections/features", **without).json()["modalities"]
    assert writer.api.request("GET", "/v1/buckets", **without).status_code == 401


def test_the_earlier_eras_answer_as_before(writer: Writer) -> None:
    writer.api.extracted(picture(1), collection="old")
    writer.namespace = None
    assert writer.ask("GET", "/collections/old")["count"] == 1
    assert [one["collection_id"] for one in writer.ask("GET", "/collections")["results"]] == ["old"]
    assert writer.ask("GET", "/namespaces/default")["namespace_id"] == "default"
    assert isinstance(writer.request("GET", "/namespaces").json(), list)
    assert writer.refusal("GET", "/tasks/unknown") == (404, "NotFound")


def test_alone_this_style_answers_all_of_its_paths(tmp_path: Path) -> None:
    with writing(tmp_path, profiles=("documents",)) as writer:
        assert len(writer.ask("GET", "/namespaces")["results"]) == 1
        assert writer.refusal("GET", "/tasks/unknown") == (404, "NotFoundError")
        assert writer.refusal("GET", "/namespaces/unknown") == (404, "NotFoundError")
        assert writer.api.status("POST", "/v1/ingest/videos/url", json={}) == 404
        writer.namespace = None
        assert writer.refusal("GET", "/collections") == (400, "BadRequestError")


def test_a_namespace_ends_with_its_time_to_live(writer: Writer) -> None:
    writer.ask("POST", "/namespaces", {"namespace_name": "throwaway", "ttl_seconds": 60})
    with writer.api.store.database.transaction() as connection:
        connection.execute("UPDATE namespaces SET expires_at = created_at WHERE name = 'throwaway'")
    assert [one["namespace_name"] for one in writer.ask("POST", "/namespaces/list")["results"]] == ["films"]
    writer.ask("POST", "/namespaces", {"namespace_name": "throwaway"})


def test_the_account_tells_the_limits_of_this_server(tmp_path: Path) -> None:
    with writing(tmp_path, requests_per_minute=7) as writer:
        assert writer.ask("GET", "/me")["rate_limits"] == dict.fromkeys(
            ("metadata", "data", "search", "upload", "compute"), 7
        )
        for _ in range(6):
            writer.ask("GET", "/me")
        reply = writer.request("GET", "/me")
        assert reply.status_code == 429
        assert reply.json()["error"]["type"] == "TooManyRequestsError"
        assert int(reply.headers["Retry-After"]) == reply.json()["error"]["details"]["retry_after"] > 0


def test_money_is_counted_by_minutes_of_video(writer: Writer) -> None:
    item = {"mime_type": "video/mp4", "minutes": 10}
    assert writer.ask("POST", "/organizations/billing/estimate", {"items": [item]})["total_usd"] == 0.5
    unknown = {"mime_type": "video/mp4", "count": 3}
    assert writer.ask("POST", "/organizations/billing/estimate", {"items": [unknown]})["total_usd"] == 0.15
    assert writer.ask("GET", "/organizations/billing/balance")["credit_balance"] > 0
    writer.submitted(*writer.objects("a"))
    writer.work()
    assert writer.ask("GET", "/organizations/billing/usage/current")["current_month_usage"] == 75
