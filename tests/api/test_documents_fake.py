"""The scripted Mixpeek of today does what the API's own documents say; its clients are tested against it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.fakes.documents import KEY, LOST, ScriptedDocuments, Video, scripted_documents
from tests.fakes.faulty import FaultyDocuments, faulty_documents

pytestmark = pytest.mark.slow

VIDEO = "https://videos.test/1.mp4"
OTHER = "https://videos.test/2.mp4"
MULTIMODAL = "multimodal_extractor_v2_multimodal_embedding"
TRANSCRIPTION = "multimodal_extractor_v2_transcription_embedding"


class Caller:
    """Plain requests to the server, from a project that has its namespace, bucket and collection."""

    def __init__(self, url: str, namespace: str = "videos") -> None:
        self.url = f"{url}/v1"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {KEY}"
        extractor = {"feature_extractor_name": "multimodal_extractor", "version": "v2"}
        self.ask("POST", "/namespaces", {"namespace_name": namespace, "feature_extractors": [extractor]})
        self.session.headers["X-Namespace"] = namespace
        schema = {"properties": {"video": {"type": "video"}, "video_key": {"type": "string"}}}
        self.bucket = self.ask("POST", "/buckets", {"bucket_name": "videos", "bucket_schema": schema})["bucket_id"]
        self.collection = self.ask(
            "POST",
            "/collections",
            {
                "collection_name": "videos",
                "source": {"type": "bucket", "bucket_ids": [self.bucket]},
                "feature_extractor": {
                    **extractor,
                    "input_mappings": {"video": "video"},
                    "parameters": {"extractor_type": "multimodal_extractor", "run_transcription_embedding": True},
                    "field_passthrough": [{"source_path": "video_key"}],
                },
            },
        )["collection_id"]

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        reply = self.session.request(method, f"{self.url}{path}", json=body, timeout=30)
        assert reply.status_code == status, reply.text
        return reply.json()

    def register(self, *urls: str, status: int = 200) -> Any:
        objects = [
            {
                "blobs": [{"property": "video", "type": "video", "data": url}],
                "idempotency_key": url,
                "video_key": url,
            }
            for url in urls
        ]
        return self.ask("POST", f"/buckets/{self.bucket}/objects/batch", {"objects": objects}, status)

    def draft(self, *urls: str, **more: Any) -> str:
        object_ids = [row["object_id"] for row in self.register(*urls)["succeeded"]]
        body = {"object_ids": object_ids, **more}
        return self.ask("POST", f"/buckets/{self.bucket}/batches", body)["batch_id"]

    def submit(self, batch_id: str, status: int = 200, query: str = "") -> Any:
        return self.ask("POST", f"/buckets/{self.bucket}/batches/{batch_id}/submit{query}", None, status)

    def batch(self, batch_id: str) -> Any:
        return self.ask("GET", f"/batches/{batch_id}")

    def process(self, *urls: str, **more: Any) -> Any:
        batch_id = self.draft(*urls, **more)
        self.submit(batch_id)
        return self.batch(batch_id)

    def documents(self, **body: Any) -> Any:
        return self.ask("POST", "/collections/videos/documents/list", body)


@pytest.fixture
def caller(documents_api: ScriptedDocuments) -> Caller:
    return Caller(documents_api.url)


@pytest.fixture
def faulty() -> Iterator[FaultyDocuments]:
    with faulty_documents() as server:
        yield server


def test_an_object_whose_answer_was_lost_is_replayed(documents_api: ScriptedDocuments, caller: Caller) -> None:
    documents_api.script("POST .*/objects/batch", LOST)
    with pytest.raises(requests.ConnectionError):
        caller.register(VIDEO)
    (row,) = caller.register(VIDEO)["succeeded"]
    assert (row["replayed"], row["replayed_by"], row["video_key"]) == (True, "idempotency_key", VIDEO)
    assert len(documents_api.objects) == 1


def test_a_submission_whose_answer_was_lost_has_happened_once(documents_api: ScriptedDocuments, caller: Caller) -> None:
    batch_id = caller.draft(VIDEO)
    documents_api.script("POST .*/submit", LOST)
    with pytest.raises(requests.ConnectionError):
        caller.submit(batch_id)
    assert "DRAFT" in caller.submit(batch_id, 400)["error"]["message"]
    assert caller.batch(batch_id)["status"] == "COMPLETED"
    assert documents_api.processed == {VIDEO: 1}


def test_a_key_that_is_not_declared_is_refused(caller: Caller) -> None:
    body = {"object_ids": ["obj_1"], "collections": ["videos"]}
    error = caller.ask("POST", f"/buckets/{caller.bucket}/batches", body, 422)["error"]
    (found,) = error["details"]["validation_errors"]
    assert (found["type"], found["location"]) == ("extra_forbidden", ["body", "collections"])


def test_a_call_without_its_namespace_is_refused(caller: Caller) -> None:
    del caller.session.headers["X-Namespace"]
    caller.ask("GET", f"/buckets/{caller.bucket}", status=422)
    caller.ask("GET", "/me")


def test_a_name_is_taken_once(caller: Caller) -> None:
    schema = {"properties": {"video": {"type": "video"}}}
    body = {"bucket_name": "videos", "bucket_schema": schema}
    assert caller.ask("POST", "/buckets", body, 409)["error"]["type"] == "AlreadyExistsError"
    assert caller.ask("GET", "/buckets?search=videos")["results"][0]["bucket_id"] == caller.bucket


def test_the_objects_of_which_none_can_be_made_are_answered_422(
    documents_api: ScriptedDocuments, caller: Caller
) -> None:
    documents_api.videos[VIDEO] = Video(refused="URLValidationError")
    assert caller.register(VIDEO, status=422)["failed"][0]["error_type"] == "URLValidationError"
    assert caller.register(VIDEO, OTHER)["failed"][0]["object_index"] == 0


def test_documents_come_in_pages_with_the_vectors_of_the_collection(
    documents_api: ScriptedDocuments, caller: Caller
) -> None:
    documents_api.videos[VIDEO] = Video(documents=3, statuses=["PENDING", "PROCESSING", "COMPLETED"])
    batch = caller.process(VIDEO)
    statuses = [batch["status"], *(caller.batch(batch["batch_id"])["status"] for _ in range(2))]
    assert statuses == ["PENDING", "PROCESSING", "COMPLETED"]
    mine = {"AND": [{"field": "video_key", "operator": "in", "value": [VIDEO]}]}
    first = caller.documents(filters=mine, limit=2, return_vectors=True)
    cursor = first["pagination"]["next_cursor"]
    last = caller.documents(filters=mine, limit=2, return_vectors=True, cursor=cursor)
    assert last["pagination"]["next_cursor"] is None
    found = {row["document_id"]: row for row in [*first["results"], *last["results"]]}
    truth = documents_api.truth()[VIDEO]
    assert {one.document_id: {**one.fields, **one.vectors} for one in truth} == found
    assert [len(truth[0].vectors[name]) for name in (MULTIMODAL, TRANSCRIPTION)] == [4, 3]


def test_documents_are_found_by_lineage(documents_api: ScriptedDocuments, caller: Caller) -> None:
    documents_api.filter_paths = {"_internal.lineage.root_object_id"}
    batch = caller.process(VIDEO)
    assert caller.documents(filters={"video_key": VIDEO})["results"] == []
    lineage = {"_internal.lineage.root_object_id": batch["object_ids"][0]}
    assert len(caller.documents(filters=lineage)["results"]) == 1
    documents_api.filters_ignored = True
    assert len(caller.documents(filters={"video_key": "another"})["results"]) == 1


def test_what_has_documents_is_skipped_unless_they_are_replaced(
    documents_api: ScriptedDocuments, caller: Caller
) -> None:
    caller.process(VIDEO)
    (old,) = documents_api.truth()[VIDEO]
    assert caller.process(VIDEO, OTHER)["documents_written"] == 1
    assert documents_api.processed == {VIDEO: 1, OTHER: 1}
    caller.process(VIDEO, dedup_strategy="replace")
    (new,) = documents_api.truth()[VIDEO]
    assert new.document_id != old.document_id
    assert documents_api.processed[VIDEO] == 2


def test_two_batches_in_flight_work_on_a_video_twice(documents_api: ScriptedDocuments, caller: Caller) -> None:
    batches = [caller.draft(VIDEO), caller.draft(VIDEO)]
    for batch_id in batches:
        caller.submit(batch_id)
    for batch_id in batches:
        caller.batch(batch_id)
    assert documents_api.processed[VIDEO] == len(documents_api.truth()[VIDEO]) == 2


def test_a_failed_video_is_named_unless_the_list_is_full(documents_api: ScriptedDocuments, caller: Caller) -> None:
    documents_api.videos[VIDEO] = Video(error="no video stream", unlisted=True)
    documents_api.videos[OTHER] = Video(partial="transcription_embedding")
    batch = caller.process(VIDEO, OTHER)
    assert (batch["status"], batch["failed_object_count"], batch["failed_objects"]) == ("COMPLETED_WITH_ERRORS", 1, [])
    assert batch["partial_objects"][0]["missing_feature"] == "transcription_embedding"
    said = {"filters": {"AND": [{"field": "object_id", "operator": "in", "value": batch["object_ids"]}]}}
    rows = caller.ask("POST", f"/buckets/{caller.bucket}/objects/list?limit=10", {**said, "select": ["status"]})
    assert [row["status"] for row in rows["results"]] == ["FAILED", "COMPLETED"]
    (document,) = caller.documents(return_vectors=True)["results"]
    assert MULTIMODAL in document
    assert TRANSCRIPTION not in document


def test_documents_are_found_late(documents_api: ScriptedDocuments, caller: Caller) -> None:
    documents_api.resolvable_after = documents_api.empty_reads = 1
    documents_api.videos[VIDEO] = Video(hydration_incomplete=1)
    batch = caller.process(VIDEO)
    assert (batch["status"], batch["documents_resolvable"]) == ("COMPLETED", False)
    assert documents_api.truth() == {}
    assert caller.batch(batch["batch_id"])["documents_resolvable"]
    pages = [caller.documents(return_vectors=True)["results"] for _ in range(3)]
    assert [len(page) for page in pages] == [0, 1, 1]
    assert pages[1][0]["vector_hydration_incomplete"]
    assert TRANSCRIPTION not in pages[1][0]
    assert TRANSCRIPTION in pages[2][0]


def test_namespaces_share_nothing(documents_api: ScriptedDocuments, caller: Caller) -> None:
    other = Caller(documents_api.url, "others")
    caller.process(VIDEO)
    assert other.documents()["results"] == []
    assert other.process(VIDEO)["documents_written"] == 1
    assert len(documents_api.objects) == len(documents_api.truth()[VIDEO]) == 2


def test_a_draft_expires(documents_api: ScriptedDocuments, caller: Caller) -> None:
    batch_id = caller.draft(VIDEO)
    documents_api.draft_expires()
    assert caller.submit(batch_id, 400)
    batch = caller.batch(batch_id)
    assert (batch["status"], batch["task_id"]) == ("CANCELED", None)
    assert not documents_api.processed


def test_a_second_batch_is_refused_unless_it_is_forced(documents_api: ScriptedDocuments, caller: Caller) -> None:
    documents_api.refuse_second_batch = True
    caller.submit(caller.draft(VIDEO))
    second = caller.draft(OTHER)
    caller.submit(second, 409)
    caller.submit(second, query="?force=true")


def test_without_credits_nothing_is_begun(documents_api: ScriptedDocuments, caller: Caller) -> None:
    documents_api.credits = 50
    batches = [caller.draft(VIDEO), caller.draft(OTHER)]
    estimate = caller.ask("POST", f"/buckets/{caller.bucket}/batches/{batches[0]}/estimate-cost")
    assert estimate["estimated_credits"] == 50
    caller.submit(batches[0])
    assert caller.batch(batches[0])["cost"] == {"credits_consumed": 50, "cost_usd": 0.05}
    assert caller.submit(batches[1], 403)["error"]["type"] == "QuotaExceededError"
    assert caller.register(VIDEO, status=403)
    assert caller.ask("GET", "/organizations/billing/balance")["credit_balance"] == 0


def test_a_write_waits_for_the_writer(documents_api: ScriptedDocuments, caller: Caller) -> None:
    documents_api.reader_only = 1
    details = caller.register(VIDEO, status=503)["error"]["details"]
    assert details == {"retryable": True, "retry_after_seconds": 0}
    assert caller.register(VIDEO)["succeeded_count"] == 1


def test_search_asks_for_an_index_of_the_collection(caller: Caller) -> None:
    caller.process(VIDEO)
    (multimodal, _) = caller.ask("GET", "/collections/videos")["vector_indexes"]
    body = {"collection_identifiers": ["videos"], "query": {"input_mode": "text", "text": "a red car"}}
    assert caller.ask("POST", "/features/search", body, 400)
    found = caller.ask("POST", "/features/search", {**body, "feature_uri": multimodal["feature_uri"], "top_k": 3})
    assert found["documents"][0]["video_key"] == VIDEO


def test_the_fault_player_loses_an_answer_after_the_work(faulty: FaultyDocuments) -> None:
    caller = Caller(faulty.mixpeek.url)
    batch_id = caller.draft(VIDEO)
    faulty.order({"fault": "lost-acknowledgement", "match": "POST */submit"})
    with pytest.raises(requests.ConnectionError):
        caller.submit(batch_id)
    assert faulty.mixpeek.processed == {VIDEO: 1}


def test_ids_and_vectors_are_the_same_in_every_server() -> None:
    contents = []
    for _ in range(2):
        with scripted_documents() as server:
            Caller(server.url).process(VIDEO, OTHER)
            contents.append(server.truth())
    assert contents[0] == contents[1]
