"""What both clients of the vendor's SDK of today ingest, wait for, list, get and find on the local API.

The one that the vendor wrote by hand checks nothing. The generated one reads a reply into its own classes, and raises
if a field is missing or has another type.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from mixpeek_assets.api.documents.client import DocumentsClient
from mixpeek_assets.api.port import AssetReply, FeatureReply, Wanted
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.store.database import Database
from mixpeek_local.store.documents.documents import Documents, document_id, vectors_of
from tests.conformance.documents import EXTRACTOR, NAMED, SAMPLES, SCHEMA, Place, address, ended, new_object
from tests.conformance.sdk import Sdk
from tests.mixpeek_local.caller import Caller

Document = dict[str, Any]
WORDS = "a lighthouse at night"


@pytest.fixture(scope="session", params=["by_hand", "generated"])
def place(request: pytest.FixtureRequest) -> Place:
    """The samples, ingested by one client and by the other."""
    return request.getfixturevalue(request.param)


def pages_by_hand(sdk: Sdk, place: Place) -> Iterator[list[Document]]:
    cursor = None
    while True:
        asked = {"page_size": 7, "cursor": cursor, "return_vectors": True}
        page = sdk("Mixpeek.documents.list", collection_id=place.collection, in_namespace=place.namespace, **asked)
        yield page["results"]
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            return


def pages_generated(sdk: Sdk, place: Place) -> Iterator[list[Document]]:
    cursor = None
    while True:
        asked = {"limit": 7, "cursor": cursor, "return_vectors": True}
        page = sdk(
            "CollectionDocumentsApi.list_documents",
            collection_identifier=place.collection,
            list_documents_request={name: value for name, value in asked.items() if value is not None},
            in_namespace=place.namespace,
        )
        yield page["results"]
        cursor = page["pagination"].get("next_cursor")
        if cursor is None:
            return


def listed(sdk: Sdk, place: Place) -> list[Document]:
    return [document for page in pages_by_hand(sdk, place) for document in page]


def vectors_in(document: Document) -> dict[str, list[float]]:
    return {name: document[name] for name in document["_vectors"]}


def features_of(sdk: Sdk, place: Place) -> list[dict[str, Any]]:
    """The named vectors of a collection, as they came: the client's objects give no field that is read-only."""
    at = {"collection_identifier": place.collection, "in_namespace": place.namespace}
    answer = sdk.answer("CollectionsApi.describe_collection_features", **at)
    assert answer.raised is None, answer
    return answer.body["features"]


def test_it_has_documents_of_every_sample(today: Sdk, place: Place) -> None:
    found = listed(today, place)
    assert {document["video_key"] for document in found} == set(SAMPLES)
    assert {document["_internal"]["lineage"]["root_object_id"] for document in found} == set(place.objects.values())
    assert {document["_internal"]["modality"] for document in found} == {"video", "image", "audio", "text"}


def test_its_pages_hold_every_document_once_with_the_vectors_of_the_store(
    today: Sdk, place: Place, today_state: Path
) -> None:
    database = Database(LocalApiConfig(today_state).database)
    rows = list(Documents(database, [place.collection]).after(0))
    stored = vectors_of(database, rows)
    for pages in (pages_by_hand, pages_generated):
        read = list(pages(today, place))
        assert [len(page) for page in read[:-1]] == [7] * (len(read) - 1)
        found = [document for page in read for document in page]
        assert [document["document_id"] for document in found] == [document_id(row) for row in rows]
        for document, row in zip(found, rows, strict=True):
            assert (document["start_time"], document["end_time"]) == (row["start_time"], row["end_time"])
            expected = stored[row["feature_id"]]
            assert set(expected) <= set(document)
            for name, vector in expected.items():
                assert np.array_equal(np.asarray(document[name], "<f4"), np.asarray(vector))


def test_our_own_client_reads_the_same(today: Sdk, place: Place, today_api: Caller) -> None:
    name = today("Mixpeek.collections.get", collection_id=place.collection, in_namespace=place.namespace)
    wanted = [Wanted(object_id, sample, name["collection_name"]) for sample, object_id in place.objects.items()]
    with DocumentsClient(today_api.url, SecretStr(today_api.key), namespace=place.namespace) as client:
        replies = [reply for _, reply in client.fetch_assets(wanted)]
    features = {one.feature["feature_id"]: one for one in replies if isinstance(one, FeatureReply)}
    documents = {one["document_id"]: one for one in listed(today, place)}
    assert features.keys() == documents.keys()
    for feature_id, reply in features.items():
        assert reply.dense == vectors_in(documents[feature_id])
        assert reply.feature["transcription"] == documents[feature_id].get("transcription")
        assert not reply.problems
    assert len([one for one in replies if isinstance(one, AssetReply)]) == len(SAMPLES)


def test_it_gets_and_counts_documents(today: Sdk, place: Place) -> None:
    every, here = listed(today, place), {"in_namespace": place.namespace}
    at = {"collection_identifier": place.collection, **here}
    counted = today("CollectionDocumentsApi.count_documents", **at)
    assert counted == {"collection_id": place.collection, "count": len(every)}
    for document in every[::9]:
        asked = {"document_id": document["document_id"], "return_vectors": True}
        assert today.answer("CollectionDocumentsApi.get_document", **at, **asked).body == document
    ids = [document["document_id"] for document in every[:3]]
    request = {"document_ids": [*ids, "doc_none"]}
    some = today("DocumentsApi.batch_get", batch_get_documents_request=request, **here)
    assert [document["document_id"] for document in some["documents"]] == ids


def test_it_filters_documents(today: Sdk, place: Place) -> None:
    at = {"collection_identifier": place.collection, "in_namespace": place.namespace}
    every = listed(today, place)
    condition = {"field": "video_key", "operator": "in", "value": ["talk.mp4", "city.mp4"]}
    later = {"field": "start_time", "operator": "gte", "value": 10.0}
    request = {"filters": {"AND": [condition, later]}, "limit": 100, "include_total": True}
    page = today("CollectionDocumentsApi.list_documents", list_documents_request=request, **at)
    expected = [one for one in every if one["video_key"] in condition["value"] and one["start_time"] >= 10]
    assert [one["document_id"] for one in page["results"]] == [one["document_id"] for one in expected]
    assert page["pagination"]["total"] == len(expected) > 0


def test_a_collection_tells_how_its_vectors_are_called(today: Sdk, place: Place) -> None:
    features = features_of(today, place)
    lengths = {one["vector_index"]["name"]: one["vector_index"]["dimensions"] for one in features}
    vectors = [vector for document in listed(today, place) for vector in vectors_in(document).items()]
    assert {name: len(vector) for name, vector in vectors} == lengths
    here = {"in_namespace": place.namespace}
    indexes = today("Mixpeek.collections.get", collection_id=place.collection, **here)["vector_indexes"]
    assert [one["feature_uri"] for one in indexes] == [one["feature_uri"] for one in features]


def test_a_search_in_words_finds_the_right_video_first(today: Sdk, place: Place) -> None:
    features = features_of(today, place)
    (uri,) = (one["feature_uri"] for one in features if one["vector_index"]["name"] == "multimodal")
    query = {"input_mode": "text", "text": WORDS}
    request: dict[str, Any] = {"collection_identifiers": [place.collection], "query": query, "feature_uri": uri}
    here = {"in_namespace": place.namespace}
    found = today("FeatureSearchApi.feature_search", feature_search_request=request | {"top_k": 5}, **here)["documents"]
    assert found[0]["video_key"] == "harbour.mp4"
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    search = {"feature_uri": uri, "query": {"input_mode": "text", "value": WORDS}, "top_k": 5}
    parameters = {"searches": [search], "final_top_k": 5}
    config = {"stage_id": "feature_search", "parameters": parameters}
    stage = {"stage_name": "search", "stage_type": "filter", "config": config}
    request = {"collection_identifiers": [place.collection], "stages": [stage], "inputs": {}}
    executed = today("AdhocRetrieversApi.execute_adhoc_retriever", adhoc_execute_request=request, **here)
    assert [one["document_id"] for one in executed["documents"]] == [one["document_id"] for one in found]


def test_a_batch_and_its_task_tell_what_was_done(today: Sdk, place: Place) -> None:
    batch = today("BatchesApi.get_batch_by_id_batches", batch_id=place.batch)
    here = {"bucket_identifier": place.bucket, "batch_id": place.batch, "in_namespace": place.namespace}
    assert (
        today("Mixpeek.batches.get", **here) == today.answer("BucketBatchesApi.get_batch_buckets_batches", **here).body
    )
    assert batch["object_ids"] == list(place.objects.values())
    assert batch["documents_written"] == len(listed(today, place))
    assert batch["failed_objects"] == []
    task = today("TasksApi.get_task", task_id=place.task)
    assert (task["task_type"], task["status"]) == ("api_buckets_batches_process", "COMPLETED")
    assert task["additional_data"]["batch_id"] == place.batch
    audit = today("Mixpeek.batches.audit", **here)
    assert audit["all_balanced"]
    assert not audit["has_lost_objects"]
    assert today("Mixpeek.batches.failed_documents", **here)["failed_documents"] == []


def test_an_object_comes_back_with_what_was_made_of_it(today: Sdk, place: Place) -> None:
    for sample, object_id in place.objects.items():
        at = {"bucket_identifier": place.bucket, "object_identifier": object_id, "in_namespace": place.namespace}
        found = today("BucketObjectsApi.get_object_buckets", **at)
        assert (found["status"], found["video_key"]) == ("COMPLETED", sample)
        mine = [one for one in listed(today, place) if one["video_key"] == sample]
        assert found["document_count"] == len(mine)


def test_the_same_key_makes_no_second_object(today: Sdk, place: Place) -> None:
    here = {"bucket_identifier": place.bucket, "in_namespace": place.namespace}
    body = {"objects": [new_object(sample) for sample in SAMPLES]}
    rows = today("BucketObjectsApi.create_objects_batch_buckets", create_objects_batch_request=body, **here)[
        "succeeded"
    ]
    assert {row["video_key"]: row["object_id"] for row in rows} == place.objects
    assert all(row["replayed"] for row in rows)


def test_an_object_that_is_no_video_fails_with_a_reason_and_alone(today: Sdk, by_hand: Place) -> None:
    here = {"in_namespace": by_hand.namespace}
    bucket = today("Mixpeek.buckets.create", name="one is none", bucket_schema=SCHEMA, **here)["bucket_id"]
    source = {"type": "bucket", "bucket_ids": [bucket]}
    today("Mixpeek.collections.create", name="one is none", source=source, feature_extractor=EXTRACTOR, **here)
    at: dict[str, Any] = {"bucket_identifier": bucket, **here}
    body = {"objects": [new_object(name) for name in ("talk.mp4", "manifest.csv")]}
    rows = today("BucketObjectsApi.create_objects_batch_buckets", create_objects_batch_request=body, **at)["succeeded"]
    body = {"object_ids": [row["object_id"] for row in rows]}
    batch_id = today("BucketBatchesApi.create_batch_buckets_batches", create_batch_request=body, **at)["batch_id"]
    today("BucketBatchesApi.submit_batch_buckets_batches", batch_id=batch_id, **at)
    batch = ended(today, "BatchesApi.get_batch_by_id_batches", batch_id=batch_id)
    assert batch["status"] == "COMPLETED_WITH_ERRORS"
    (failed,) = batch["failed_objects"]
    assert (failed["object_id"], failed["error_type"]) == (rows[1]["object_id"], "permanent")
    assert failed["error"]


def test_the_account_costs_nothing(today: Sdk) -> None:
    me = today("AccountApi.whoami_me")
    assert me["key"]["permissions"]
    assert set(me["rate_limits"]) == {"metadata", "data", "search", "upload", "compute"}
    request = {"items": [{"mime_type": "video/mp4", "minutes": 2.0}]}
    estimate = today("OrganizationBillingApi.estimate_cost_organizations_billing", estimate_request=request)
    assert estimate["total_usd"] > 0
    assert today("OrganizationBillingApi.get_credit_balance_organizations_billing")["credit_balance"] > 0
    assert today("OrganizationBillingApi.get_current_usage_organizations_billing")["current_month_usage"] > 0


@pytest.mark.parametrize("client", ["Mixpeek", "generated"])
def test_it_deletes_all_that_it_has_made(today: Sdk, client: str) -> None:
    namespace = today("Mixpeek.namespaces.create", name=f"deleted {client}", feature_extractors=NAMED)["namespace_id"]
    here = {"in_namespace": namespace}
    bucket = today("Mixpeek.buckets.create", name="videos", bucket_schema=SCHEMA, **here)["bucket_id"]
    source = {"type": "bucket", "bucket_ids": [bucket]}
    made = today("Mixpeek.collections.create", name="videos", source=source, feature_extractor=EXTRACTOR, **here)
    for kind, given in (("collection", made["collection_id"]), ("bucket", bucket), ("namespace", namespace)):
        if client == "Mixpeek":
            reply = today(f"Mixpeek.{kind}s.delete", **{f"{kind}_id": given}, **here)
        else:
            operation = f"{kind.title()}sApi.delete_{kind}"
            reply = today(operation, **{f"{kind}_identifier": given}, **here)
        if kind != "collection":
            assert today("TasksApi.get_task", task_id=reply["task_id"])["status"] == "COMPLETED"
    assert today.answer("NamespacesApi.get_namespace", namespace_identifier=namespace).raised is not None


def test_it_deletes_a_document_and_an_object_with_the_rest(today: Sdk, by_hand: Place) -> None:
    here = {"in_namespace": by_hand.namespace}
    bucket = today("Mixpeek.buckets.create", name="emptied", bucket_schema=SCHEMA, **here)["bucket_id"]
    source = {"type": "bucket", "bucket_ids": [bucket]}
    made = today("Mixpeek.collections.create", name="emptied", source=source, feature_extractor=EXTRACTOR, **here)
    place = {"collection_identifier": made["collection_id"], **here}
    uploaded = today("Mixpeek.buckets.upload", bucket_id=bucket, url=address("talk.mp4"), **here)
    run = today("Mixpeek.collections.trigger", collection_id=made["collection_id"], **here)
    assert ended(today, "Mixpeek.tasks.get", task_id=run["task_id"])["status"] == "COMPLETED"
    first, second, third, *_ = today("Mixpeek.documents.list", collection_id=made["collection_id"], **here)["results"]
    deleted = today("CollectionDocumentsApi.delete_document", document_id=first["document_id"], **place)
    assert deleted["success"]
    request = {"document_ids": [second["document_id"], third["document_id"]]}
    deleted = today("CollectionDocumentsApi.batch_delete", batch_delete_documents_request=request, **place)
    assert deleted["deleted_count"] == 2
    at = {"bucket_identifier": bucket, "object_identifier": uploaded["object_id"], **here}
    left = today("BucketObjectsApi.get_object_buckets", **at)["document_count"]
    assert left == today("CollectionDocumentsApi.count_documents", **place)["count"] > 0
    answer = today.answer("BucketObjectsApi.delete_object_buckets", **at)
    assert (answer.raised, answer.status) == (None, 204)
    assert today("CollectionDocumentsApi.count_documents", **place)["count"] == 0


def test_what_is_not_there_is_an_error_that_it_can_read(today: Sdk, by_hand: Place) -> None:
    at = {"in_namespace": by_hand.namespace, "bucket_identifier": "bkt_none"}
    refused = today.answer("BucketsApi.get_bucket", **at)
    assert refused.raised == "NotFoundException"
    assert (refused.error["success"], refused.error["status"]) == (False, 404)
    assert refused.error["error"]["type"] == "NotFoundError"
    assert today.answer("Mixpeek.tasks.get", task_id="none").raised == "MixpeekAPIError"


def test_a_name_that_is_taken_is_a_conflict(today: Sdk, by_hand: Place) -> None:
    body = {"bucket_name": "videos", "bucket_schema": SCHEMA}
    refused = today.answer("BucketsApi.create_bucket", bucket_create_request=body, in_namespace=by_hand.namespace)
    assert refused.raised == "ConflictException"
    assert refused.body["error"]["code"] == "bucket_name_taken"
