"""Objects: created once for each key, listed by filters, deleted with their documents."""

from pathlib import Path
from typing import Any

import pytest

from tests.mixpeek_local.documents.writing import Writer


def test_an_object_comes_back_with_its_fields(writer: Writer) -> None:
    made = writer.ask("POST", f"/buckets/{writer.bucket}/objects", writer.object("a", metadata={"year": 1999}))
    assert made["bucket_id"] == writer.bucket
    assert (made["status"], made["video_key"], made["metadata"]) == ("PENDING", "a", {"year": 1999})
    assert made["blobs"][0]["properties"] == {"url": "https://example.com/a.mp4"}
    assert writer.ask("GET", f"/buckets/{writer.bucket}/objects/{made['object_id']}") == made | {"document_count": 0}
    assert writer.ask("GET", "/buckets/videos")["object_count"] == 1


def test_a_second_object_with_the_same_key_is_the_first_one_unchanged(writer: Writer) -> None:
    path = f"/buckets/{writer.bucket}/objects"
    first = writer.ask("POST", path, writer.object("a"))
    again = writer.ask("POST", path, writer.object("a", video_key="b"))
    assert again == first | {"replayed": True, "replayed_by": "idempotency_key"}
    rows = writer.ask("POST", f"{path}/batch", {"objects": [writer.object("a"), writer.object("c")]})["succeeded"]
    assert [row.get("replayed", False) for row in rows] == [True, False]
    assert writer.ask("GET", "/buckets/videos")["object_count"] == 2


def test_a_batch_tells_which_objects_failed(writer: Writer) -> None:
    wrong = writer.object("b") | {"blobs": [{"property": "video", "type": "video", "data": "ftp://example.com/b"}]}
    path = f"/buckets/{writer.bucket}/objects/batch"
    body = writer.ask("POST", path, {"objects": [wrong, writer.object("a")]})
    assert (body["total_requested"], body["succeeded_count"], body["failed_count"]) == (2, 1, 1)
    (failed,) = body["failed"]
    assert (failed["object_index"], failed["error_type"]) == (0, "URLValidationError")
    all_failed = writer.ask("POST", path, {"objects": [wrong]}, status=422)
    assert set(all_failed) == set(body)
    assert writer.refusal("POST", path, {"objects": [writer.object(str(n)) for n in range(101)]})[0] == 422


@pytest.mark.parametrize(
    "change",
    [
        {"status": "DONE"},
        {"blobs": [{"property": "other", "type": "video", "data": "https://example.com/1"}]},
        {"blobs": [{"property": "video", "type": "image", "data": "https://example.com/1"}]},
        {"blobs": [{"property": "video", "type": "video", "data": {"base64": "AAAA"}}]},
        {"blobs": [{"property": "video", "type": "video", "data": "https://"}]},
        {"blobs": [{"property": "video", "type": "video", "data": "http://["}]},
        {"blobs": [{"property": "video", "type": "video", "data": "file:///etc/passwd"}]},
    ],
)
def test_an_object_that_cannot_be_is_refused(writer: Writer, change: dict[str, Any]) -> None:
    path = f"/buckets/{writer.bucket}/objects"
    assert writer.refusal("POST", path, writer.object("a") | change) == (422, "ValidationError")
    assert writer.ask("GET", "/buckets/videos")["object_count"] == 0


def test_a_file_below_an_allowed_folder_is_taken(writer: Writer, folder: Path) -> None:
    blob = {"property": "video", "type": "video", "data": {"url": (folder / "film.mp4").as_uri()}}
    writer.ask("POST", f"/buckets/{writer.bucket}/objects", {"blobs": [blob]})


def test_objects_are_listed_oldest_first_by_cursor(writer: Writer) -> None:
    ids = writer.objects(*"abcde")
    path = f"/buckets/{writer.bucket}/objects/list"
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = writer.ask("POST", path, params=query)
        seen += [one["object_id"] for one in page["results"]]
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            break
    assert seen == ids
    assert page["pagination"]["total"] is None
    counted = writer.ask("POST", path, {"page_size": 1, "include_total": True})
    assert (len(counted["results"]), counted["pagination"]["total"]) == (1, 5)
    assert writer.refusal("POST", path, params={"cursor": "what?"}) == (400, "BadRequestError")


def test_objects_are_chosen_by_filters_and_reduced_to_fields(writer: Writer) -> None:
    first, second, _ = writer.objects("a", "b", "c")
    condition = {"field": "object_id", "operator": "in", "value": [second, first]}
    body = {"filters": {"AND": [condition]}, "select": ["status", "error"]}
    listed = writer.ask("POST", f"/buckets/{writer.bucket}/objects/list", body)["results"]
    common = {"bucket_id": writer.bucket, "status": "PENDING", "error": None}
    assert listed == [{"object_id": one} | common for one in (first, second)]
    keyed = writer.ask("POST", f"/buckets/{writer.bucket}/objects/list", {"filters": {"video_key": "c"}})
    assert [one["video_key"] for one in keyed["results"]] == ["c"]


def test_a_deleted_object_takes_its_documents_along_and_frees_its_key(writer: Writer) -> None:
    (object_id,) = writer.objects("a")
    writer.submitted(object_id)
    writer.work()
    assert writer.documents(object_id) == 1
    path = f"/buckets/{writer.bucket}/objects/{object_id}"
    assert writer.request("DELETE", path).status_code == 204
    assert writer.refusal("DELETE", path) == writer.refusal("GET", path) == (404, "NotFoundError")
    assert writer.ask("GET", "/collections/videos")["document_count"] == 0
    assert writer.objects("a") != [object_id]


@pytest.mark.parametrize("path", ["objects", "objects/batch"])
def test_objects_are_not_processed_as_they_are_created(writer: Writer, path: str) -> None:
    one = writer.object("a")
    body = {"objects": [one]} if path.endswith("batch") else one
    at = f"/buckets/{writer.bucket}/{path}"
    assert writer.refusal("POST", at, body, params={"auto_process": "true"}) == (422, "ValidationError")
    writer.ask("POST", at, body, params={"auto_process": "false"})
