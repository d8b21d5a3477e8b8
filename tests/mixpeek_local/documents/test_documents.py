"""Documents: their bodies, vectors, pages, reads by id and deletion."""

from pathlib import Path

import numpy as np
import pytest
import requests

from mixpeek_local.extract.records import Feature
from tests.mixpeek_local.documents.shelf import Shelf
from tests.mixpeek_local.served import picture, vector, words


def moments(count: int) -> list[Feature]:
    return [picture(float(second)) for second in range(count)]


def times(documents: list[dict]) -> list[float]:
    return [one["start_time"] for one in documents]


def test_a_document_says_what_was_extracted_and_where_it_comes_from(shelf: Shelf) -> None:
    object_id = shelf.add("k1", words(1.5, 3, "hello"), year=1999, secret="stays")
    (document,) = shelf.listed()
    assert document["document_id"].startswith("doc_")
    assert document["collection_id"] == shelf.collection.collection_id
    assert (document["video_key"], document["year"]) == ("k1", 1999)
    assert (document["start_time"], document["end_time"], document["ocr_text"]) == (1.5, 3, "hello")
    assert not {"secret", "text", "vectors", "_vectors"} & document.keys()
    internal = document["_internal"]
    assert internal["modality"] == "text"
    assert internal["mime_type"] == "video/mp4"
    assert internal["content_hash"] == "hash of k1"
    assert internal["created_at"].endswith("Z")
    assert internal["processing"] == {"source_url": "https://example.com/k1.mp4"}
    lineage = internal["lineage"]
    assert lineage["root_object_id"] == lineage["source_object_id"] == object_id
    assert lineage["root_bucket_id"] == shelf.bucket.bucket_id
    assert lineage["source_type"] == "bucket"
    assert lineage["chain"][0]["feature_extractor_id"] == "multimodal_extractor_v1"


def test_a_documents_picture_has_an_address_for_pages_and_a_file(shelf: Shelf) -> None:
    shelf.add("k1", picture(1, b"jpeg"))
    (document,) = shelf.listed()
    assert requests.get(document["thumbnail_url"], timeout=60).content == b"jpeg"
    assert Path(document["preview_file"].removeprefix("file://")).read_bytes() == b"jpeg"


def test_vectors_come_under_their_names_as_the_same_float32(shelf: Shelf) -> None:
    made = np.random.default_rng(7).standard_normal(1_408).astype(np.float32)
    shelf.add("k1", Feature("video", 0, 10, {"multimodal": made, "image": vector(0.1, 0.2)}, {}))
    (document,) = shelf.listed(return_vectors=True)
    assert np.array_equal(np.array(document["multimodal"], np.float32), made)
    assert document["image"] == [0.1, 0.2]
    assert document["vector_hydration_incomplete"] is False
    (named,) = shelf.listed(return_vector_names=["image", "audio"])
    assert "image" in named
    assert "multimodal" not in named
    (known,) = shelf.listed(return_vector_names=True)
    assert sorted(known["_vectors"]) == ["image", "multimodal"]
    assert "image" not in known


def test_pages_follow_each_other_by_cursor_and_none_is_missed_or_seen_twice(shelf: Shelf) -> None:
    shelf.add("k1", *moments(25))
    pages = list(shelf.walked(limit=10))
    assert [times(page) for page in pages] == [[*range(10)], [*range(10, 20)], [*range(20, 25)]]


def test_documents_added_and_deleted_meanwhile_shift_no_page(shelf: Shelf) -> None:
    shelf.add("k1", *moments(6))
    pages = shelf.walked(page_size=2)
    first = next(pages)
    shelf.add("k2", *moments(1))
    shelf.ask("DELETE", f"{shelf.path}/{first[0]['document_id']}")
    rest = [one for page in pages for one in page]
    assert [(one["video_key"], one["start_time"]) for one in [*first, *rest]] == [
        *(("k1", second) for second in range(6)),
        ("k2", 0),
    ]


def test_cursors_have_other_names_and_stay_opaque(shelf: Shelf) -> None:
    shelf.add("k1", *moments(3))
    cursor = shelf.page(limit=1)["pagination"]["next_cursor"]
    for name in ("cursor", "next_cursor", "after"):
        assert times(shelf.page(limit=1, **{name: cursor})["results"]) == [1]
        assert times(shelf.ask("POST", f"{shelf.path}/list?limit=1&{name}={cursor}")["results"]) == [1]
    for invented in ("x", "!", "e30x", "eyJhIjoxfQ"):
        assert shelf.request("POST", f"{shelf.path}/list", {"cursor": invented}).status_code == 400


def test_a_page_has_ten_documents_or_up_to_a_thousand(shelf: Shelf) -> None:
    shelf.add("k1", *moments(12))
    assert len(shelf.page()["results"]) == 10
    assert times(shelf.page(offset=10)["results"]) == [10, 11]
    assert times(shelf.page(limit=5, page=3)["results"]) == [10, 11]
    for limit in (0, 1_001, "5"):
        refused = shelf.request("POST", f"{shelf.path}/list", {"limit": limit})
        assert refused.status_code == 422
        assert refused.json()["error"]["details"]["validation_errors"][0]["location"] == ["body", "limit"]


def test_a_total_comes_on_request_only(shelf: Shelf) -> None:
    shelf.add("k1", *moments(3))
    assert shelf.page(limit=1)["pagination"]["total"] is None
    page = shelf.page(limit=1, include_total=True)
    assert (page["pagination"]["total"], page["total_documents"], page["pagination"]["total_pages"]) == (3, 3, 3)
    some = shelf.page(limit=1, include_total=True, filters={"start_time": [0, 2]})
    assert some["total_documents"] == 2


def test_a_field_that_is_not_declared_is_refused(shelf: Shelf) -> None:
    refused = shelf.request("POST", f"{shelf.path}/list", {"return_url": True}).json()
    assert (refused["success"], refused["status"], refused["error"]["type"]) == (False, 422, "ValidationError")
    assert refused["error"]["details"]["validation_errors"][0]["type"] == "extra_forbidden"


def test_select_keeps_ids_and_the_vectors_that_were_asked_for(shelf: Shelf) -> None:
    shelf.add("k1", picture(4))
    (document,) = shelf.listed(select=["_internal.modality", "video_key"], return_vectors=True)
    assert document.keys() == {
        *("document_id", "collection_id", "video_key", "_internal"),
        *("multimodal", "_vectors", "vector_hydration_incomplete"),
    }
    assert document["_internal"] == {"modality": "image"}


def test_a_sorted_list_is_paged_too(shelf: Shelf) -> None:
    shelf.add("k1", *moments(5))
    sort = {"field": "start_time", "direction": "desc"}
    assert [times(page) for page in shelf.walked(limit=2, sort=sort)] == [[4, 3], [2, 1], [0]]
    got = shelf.ask("GET", shelf.path, params={"sort": "start_time:desc", "limit": 1})
    assert times(got["results"]) == [4]


def test_partitions_are_disjoint_and_their_cursors_stay_inside(shelf: Shelf) -> None:
    shelf.add("k1", *moments(20))
    parts = []
    for index in range(3):
        page = shelf.page(limit=2, partition={"index": index, "count": 3})
        seen = times(page["results"])
        while cursor := page["pagination"]["next_cursor"]:
            page = shelf.page(limit=2, cursor=cursor)
            seen += times(page["results"])
        parts.append(seen)
    assert sorted(second for part in parts for second in part) == [*range(20)]


def test_the_get_twin_lists_the_same(shelf: Shelf) -> None:
    shelf.add("k1", *moments(3))
    query = {"limit": 2, "return_vectors": "true", "filters": '{"start_time": {"x": 1}}'}
    assert shelf.request("GET", shelf.path, params=query).status_code == 422
    assert shelf.request("GET", shelf.path, params={"filters": "{"}).status_code == 422
    query["filters"] = '{"AND": [{"field": "start_time", "operator": "gte", "value": 1}]}'
    page = shelf.ask("GET", shelf.path, params=query)
    assert page == shelf.page(
        limit=2, return_vectors=True, filters={"AND": [{"field": "start_time", "operator": "gte", "value": 1}]}
    )
    assert page["results"][0]["multimodal"]


def test_a_namespace_lists_some_collections_or_all(shelf: Shelf) -> None:
    other = shelf.another("more", "video_key")
    shelf.add("k1", picture(1))
    other.add("k2", picture(2))
    assert times(shelf.ask("POST", "/v1/documents/list", {})["results"]) == [1, 2]
    some = shelf.ask("POST", "/v1/documents/list", {"collection_ids": ["more", "nowhere"]})
    assert (times(some["results"]), some["unknown_collection_ids"]) == ([2], ["nowhere"])
    assert shelf.request("POST", "/v1/documents/list", {"collection_ids": ["nowhere"]}).status_code == 404


def test_a_collection_goes_by_its_name_too_and_counts_its_documents(shelf: Shelf) -> None:
    shelf.add("k1", *moments(3))
    counted = shelf.ask("GET", "/v1/collections/videos/documents/count")
    assert counted == {"collection_id": shelf.collection.collection_id, "count": 3}


def test_a_document_is_read_by_its_id(shelf: Shelf) -> None:
    shelf.add("k1", *moments(2))
    listed = shelf.listed(return_vectors=True)
    path = f"{shelf.path}/{listed[1]['document_id']}"
    assert shelf.ask("GET", f"{path}?return_vectors=true") == listed[1]
    assert "multimodal" not in shelf.ask("GET", path)
    assert shelf.ask("GET", f"{path}?return_vector_names=multimodal,text")["multimodal"]
    several = shelf.ask("POST", "/v1/documents/batch-get", {"document_ids": [listed[1]["document_id"], "doc_x"]})
    assert [one["document_id"] for one in several["documents"]] == [listed[1]["document_id"]]
    assert "multimodal" not in several["documents"][0]
    assert several["not_found"] == ["doc_x"]


def test_another_collection_does_not_have_it(shelf: Shelf) -> None:
    shelf.add("k1", picture(1))
    name = shelf.listed()[0]["document_id"]
    other = shelf.another("more")
    for method in ("GET", "DELETE"):
        assert shelf.request(method, f"{other.path}/{name}").status_code == 404
    assert other.listed() == []


def test_documents_are_deleted_by_id_and_by_filter(shelf: Shelf) -> None:
    shelf.add("k1", *moments(3))
    shelf.add("k2", *moments(2))
    first, second = (one["document_id"] for one in shelf.listed()[:2])
    assert shelf.ask("DELETE", f"{shelf.path}/{first}")["success"]
    assert shelf.request("GET", f"{shelf.path}/{first}").status_code == 404
    gone = shelf.ask("DELETE", f"{shelf.path}/batch", {"document_ids": [first, second], "reason": "old"})
    assert (gone["deleted_count"], gone["failed_count"]) == (1, 1)
    assert [one["success"] for one in gone["results"]] == [False, True]
    assert shelf.ask("DELETE", f"{shelf.path}/batch", {"filters": {"video_key": "k2"}})["deleted_count"] == 2
    assert [(one["video_key"], one["start_time"]) for one in shelf.listed()] == [("k1", 2)]
    for body in ({}, {"document_ids": [first], "filters": {"a": 1}}):
        assert shelf.request("DELETE", f"{shelf.path}/batch", body).status_code == 400


@pytest.mark.parametrize("path", ["/v1/collections/nowhere/documents/list", "/v1/collections/nowhere/documents"])
def test_a_collection_that_is_not_there_is_a_404(shelf: Shelf, path: str) -> None:
    refused = shelf.request("POST" if path.endswith("list") else "GET", path)
    assert refused.status_code == 404
    assert refused.json()["error"]["type"] == "NotFoundError"


def test_a_list_needs_a_namespace(shelf: Shelf) -> None:
    assert shelf.api.request("POST", f"{shelf.path}/list", json={}).status_code == 400
