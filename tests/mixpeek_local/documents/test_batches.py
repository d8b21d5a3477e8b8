"""Batches: drafts until they are submitted, then as far as their tasks are."""

from pathlib import Path

from tests.mixpeek_local.documents.writing import EXTRACTOR, Writer, writing


def test_a_batch_goes_from_draft_to_completed(writer: Writer) -> None:
    ids = writer.objects("a", "b")
    path = writer.draft(ids, batch_name="first", metadata={"source": "test"})
    task = writer.ask("POST", f"{path}/submit", {"include_processing_history": True})
    assert (task["task_type"], task["status"]) == ("api_buckets_batches_process", "PENDING")
    writer.work()
    half = writer.ask("GET", path)
    assert (half["status"], half["documents_resolvable"], half["progress"]["processed"]) == ("PROCESSING", False, 1)
    writer.work()
    done = writer.ask("GET", path)
    assert done == writer.ask("GET", f"/batches/{done['batch_id']}")
    assert (done["status"], done["lifecycle"], done["documents_resolvable"]) == ("COMPLETED", "indexed", True)
    assert (done["batch_name"], done["metadata"], done["object_ids"]) == ("first", {"source": "test"}, ids)
    assert (done["documents_written"], done["failed_object_count"]) == (2, 0)
    assert done["cost"] == {"credits_consumed": 150, "cost_usd": 0.15}
    assert writer.ask("GET", f"/tasks/{task['task_id']}")["status"] == "COMPLETED"
    stored = writer.ask("GET", f"/buckets/{writer.bucket}/objects/{ids[0]}")
    assert (stored["status"], stored["document_count"]) == ("COMPLETED", 1)
    assert stored["blobs"][0]["details"]["hash"] == "hash of https://example.com/a.mp4"


def test_one_failed_object_does_not_fail_its_batch(writer: Writer) -> None:
    bad, good = writer.objects("a", "b")
    path = writer.submitted(bad, good)
    writer.work(fail="no picture")
    writer.work()
    done = writer.ask("GET", path)
    assert (done["status"], done["failed_object_count"]) == ("COMPLETED_WITH_ERRORS", 1)
    (failed,) = done["failed_objects"]
    assert (failed["object_id"], failed["error"], failed["error_type"]) == (bad, "no picture", "permanent")
    assert failed["timestamp"]
    assert writer.ask("GET", f"{path}/failed-documents")["failed_documents"] == [failed]
    assert writer.ask("GET", f"{path}/audit")["all_balanced"] is True
    stored = writer.ask("GET", f"/buckets/{writer.bucket}/objects/{bad}")
    assert (stored["status"], stored["error"]) == ("FAILED", "no picture")


def test_a_batch_whose_objects_all_failed_has_failed(writer: Writer) -> None:
    path = writer.submitted(*writer.objects("a"))
    writer.work(fail="no picture")
    done = writer.ask("GET", path)
    assert (done["status"], done["lifecycle"], done["error"]) == ("FAILED", "failed", "no picture")


def test_only_a_draft_can_be_submitted_or_changed(writer: Writer) -> None:
    first, second = writer.objects("a", "b")
    path = writer.draft([first])
    assert writer.ask("POST", f"{path}/objects", {"object_ids": [first, second]})["object_ids"] == [first, second]
    writer.ask("POST", f"{path}/submit")
    assert writer.refusal("POST", f"{path}/submit") == (400, "BadRequestError")
    assert writer.refusal("POST", f"{path}/objects", {"object_ids": [second]}) == (400, "BadRequestError")
    assert writer.refusal("POST", f"{path}/estimate-cost") == (400, "BadRequestError")


def test_a_draft_expires(tmp_path: Path) -> None:
    with writing(tmp_path, draft_seconds=0) as writer:
        ids = writer.objects("a")
        made = writer.ask("POST", f"/buckets/{writer.bucket}/batches", {"object_ids": ids})
        path = f"/buckets/{writer.bucket}/batches/{made['batch_id']}"
        batch = writer.ask("GET", path)
        assert (batch["status"], batch["task_id"]) == ("CANCELED", None)
        assert writer.refusal("POST", f"{path}/submit") == (400, "BadRequestError")


def test_an_object_with_documents_is_skipped_replaced_or_doubled(writer: Writer) -> None:
    (object_id,) = writer.objects("a")
    writer.submitted(object_id)
    writer.work()
    skipped = writer.ask("GET", writer.submitted(object_id))
    assert (skipped["status"], skipped["documents_written"]) == ("COMPLETED", 0)
    assert skipped["dedup_audit"][writer.collection]["skipped_object_ids"] == [object_id]
    assert skipped["cost"]["credits_consumed"] == 0
    writer.submitted(object_id, dedup_strategy="replace")
    writer.work()
    assert writer.documents(object_id) == 1
    writer.submitted(object_id, dedup_strategy="force")
    writer.work()
    assert writer.documents(object_id) == 2


def test_what_failed_is_tried_again_without_a_trace(writer: Writer) -> None:
    (object_id,) = writer.objects("a")
    writer.submitted(object_id)
    writer.work(fail="no picture")
    path = writer.submitted(object_id)
    writer.work()
    assert writer.ask("GET", path)["status"] == "COMPLETED"
    stored = writer.ask("GET", f"/buckets/{writer.bucket}/objects/{object_id}")
    assert (stored["status"], stored["error"], stored["document_count"]) == ("COMPLETED", None, 1)


def test_a_canceled_batch_leaves_nothing_to_do(writer: Writer) -> None:
    path = writer.submitted(*writer.objects("a", "b"))
    writer.work()
    assert writer.ask("POST", f"{path}/cancel")["status"] == "CANCELED"
    assert writer.ask("GET", path)["status"] == "CANCELED"
    assert writer.api.store.tasks.claim("test") is None
    assert writer.ask("POST", f"{path}/cancel")["status"] == "CANCELED"
    assert writer.ask("DELETE", path)["success"] is True
    assert writer.refusal("GET", path) == (404, "NotFoundError")


def test_a_batch_that_has_ended_cannot_be_canceled(writer: Writer) -> None:
    path = writer.submitted(*writer.objects("a"))
    writer.work()
    assert writer.ask("POST", f"{path}/cancel")["status"] == "COMPLETED"


def test_the_estimate_knows_the_length_of_what_was_processed_once(writer: Writer) -> None:
    known, new = writer.objects("a", "b")
    writer.submitted(known)
    writer.work()
    estimate = writer.ask("POST", f"{writer.draft([known, new], dedup_strategy='force')}/estimate-cost")
    assert (estimate["object_count"], estimate["already_extracted_count"]) == (2, 1)
    assert (estimate["estimated_credits"], estimate["estimated_usd"]) == (75, 0.075)
    assert len(estimate["warnings"]) == 1
    skipping = writer.ask("POST", f"{writer.draft([known])}/estimate-cost")
    assert skipping["estimated_credits"] == 0


def test_batches_are_listed_newest_first_by_status(writer: Writer) -> None:
    ids = writer.objects("a")
    writer.submitted(*ids)
    writer.work()
    draft = writer.draft(ids).rpartition("/")[2]
    for path in ("/batches/list", f"/buckets/{writer.bucket}/batches/list"):
        listed = writer.ask("POST", path, {"bucket_id": writer.bucket})
        assert [one["status"] for one in listed["results"]] == ["DRAFT", "COMPLETED"]
        assert listed["total_count"] == 2
        drafts = writer.ask("POST", path, {"status": "DRAFT"})["results"]
        assert [one["batch_id"] for one in drafts] == [draft]


def test_a_batch_names_objects_that_are_there(writer: Writer) -> None:
    path = f"/buckets/{writer.bucket}/batches"
    assert writer.refusal("POST", path, {"object_ids": ["obj_unknown"]}) == (404, "NotFoundError")
    assert writer.refusal("POST", path, {}) == (422, "ValidationError")
    writer.objects("a", "b")
    chosen = writer.ask("POST", path, {"filters": {"video_key": "b"}})
    assert len(chosen["object_ids"]) == 1


def test_a_batch_can_be_submitted_as_it_is_made(writer: Writer) -> None:
    ids = writer.objects("a")
    made = writer.ask("POST", f"/buckets/{writer.bucket}/batches?auto_submit=true", {"object_ids": ids})
    assert made["status"] == "PENDING"
    assert made["collection_ids"] == [writer.collection]


def test_a_trigger_makes_a_batch_and_submits_it(writer: Writer) -> None:
    first, _ = writer.objects("a", "b")
    path = f"/collections/{writer.collection}/trigger"
    body = writer.ask("POST", path, {"object_ids": [first]}, status=202)
    assert (body["collection_id"], body["total_tiers"], body["object_count"]) == (writer.collection, 1, 1)
    writer.work()
    assert writer.ask("GET", f"/batches/{body['batch_id']}")["status"] == "COMPLETED"
    assert writer.ask("GET", f"/tasks/{body['task_id']}")["status"] == "COMPLETED"
    assert writer.ask("POST", path, status=202)["object_count"] == 2
    assert writer.refusal("POST", path, {"object_ids": ["obj_unknown"]}) == (400, "BadRequestError")


def test_an_object_is_processed_in_each_collection_of_its_bucket(writer: Writer) -> None:
    source = {"type": "bucket", "bucket_ids": [writer.bucket]}
    body = {"collection_name": "again", "source": source, "feature_extractor": EXTRACTOR}
    second = writer.ask("POST", "/collections", body)["collection_id"]
    path = writer.submitted(*writer.objects("a"))
    writer.work()
    writer.work(fail="no picture")
    done = writer.ask("GET", path)
    assert done["collection_ids"] == [writer.collection, second]
    assert (done["status"], done["failed_object_count"]) == ("COMPLETED_WITH_ERRORS", 1)


def test_a_video_that_is_known_has_documents_whatever_the_guides_style_answers(writer: Writer) -> None:
    first, second = writer.objects("a", "b")
    path = writer.submitted(first, second)
    writer.work()
    job = writer.api.store.tasks.claim("test")
    assert job is not None
    assert writer.api.store.finish_as_duplicate(job, "skip", file_hash="hash of https://example.com/a.mp4", version="1")
    assert writer.ask("GET", path)["documents_written"] == 2
    assert writer.documents(second) == 1
