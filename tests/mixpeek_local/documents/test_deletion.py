"""Deleting collections, buckets and namespaces with all they hold."""

from pathlib import Path

from tests.mixpeek_local.documents.writing import EXTRACTOR, Writer, writing
from tests.mixpeek_local.served import picture

GONE = (404, "NotFoundError")


def extracted(writer: Writer, key: str = "a") -> str:
    """An object with a document in the collection."""
    (object_id,) = writer.objects(key)
    writer.submitted(object_id)
    writer.work()
    assert writer.documents(object_id) == 1
    return object_id


def rows(writer: Writer, table: str) -> int:
    return writer.api.store.database.connection().execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_a_collection_goes_with_its_documents_and_leaves_its_objects(writer: Writer) -> None:
    object_id = extracted(writer)
    assert writer.ask("DELETE", "/collections/videos")["collection_id"] == writer.collection
    assert writer.refusal("GET", f"/collections/{writer.collection}") == GONE
    assert writer.refusal("POST", "/collections/videos/documents/list") == GONE
    assert writer.documents(object_id) == 0
    assert (rows(writer, "assets"), rows(writer, "features"), rows(writer, "vectors")) == (0, 0, 0)
    assert writer.refusal("DELETE", "/collections/videos") == GONE


def test_the_name_of_a_deleted_collection_is_free(writer: Writer) -> None:
    object_id = extracted(writer)
    writer.ask("DELETE", "/collections/videos")
    source = {"type": "bucket", "bucket_ids": [writer.bucket]}
    body = {"collection_name": "videos", "source": source, "feature_extractor": EXTRACTOR}
    assert writer.ask("POST", "/collections", body)["collection_id"] != writer.collection
    writer.submitted(object_id)
    writer.work()
    assert writer.documents(object_id) == 1


def test_what_is_under_way_for_a_deleted_collection_is_canceled(writer: Writer) -> None:
    path = writer.submitted(*writer.objects("a", "b"))
    writer.work()
    writer.ask("DELETE", "/collections/videos")
    batch = writer.ask("GET", path)
    assert (batch["status"], batch["failed_object_count"]) == ("COMPLETED_WITH_ERRORS", 1)
    assert writer.api.store.tasks.claim("test") is None


def test_a_bucket_goes_with_its_objects_their_documents_and_its_batches(writer: Writer) -> None:
    object_id = extracted(writer)
    batch = writer.ask("POST", "/batches/list")["results"][0]["batch_id"]
    deleted = writer.ask("DELETE", "/buckets/videos")
    assert (deleted["bucket_id"], deleted["object_count"]) == (writer.bucket, 1)
    task = writer.ask("GET", f"/tasks/{deleted['task_id']}")
    assert (task["task_type"], task["status"]) == ("api_buckets_delete", "COMPLETED")
    assert writer.refusal("GET", f"/buckets/{writer.bucket}") == GONE
    assert writer.refusal("GET", f"/buckets/{writer.bucket}/objects/{object_id}") == GONE
    assert writer.refusal("GET", f"/batches/{batch}") == GONE
    assert writer.ask("GET", "/collections/videos/documents/count")["count"] == 0
    assert writer.refusal("DELETE", "/buckets/videos") == GONE


def test_a_namespace_goes_with_all_that_is_in_it_and_nothing_else(writer: Writer) -> None:
    extracted(writer)
    writer.api.extracted(picture(1), collection="of an earlier era")
    before, writer.namespace = writer.namespace, None
    deleted = writer.ask("DELETE", "/namespaces/films")
    task = writer.ask("GET", f"/tasks/{deleted['task_id']}")
    assert (task["task_type"], task["status"]) == ("api_namespaces_delete", "COMPLETED")
    assert writer.refusal("GET", f"/namespaces/{before}")[0] == 404
    assert writer.refusal("DELETE", "/namespaces/films") == GONE
    for table in ("buckets", "objects", "collections", "batches", "batch_items", "object_assets"):
        assert rows(writer, table) == 0
    assert (rows(writer, "assets"), rows(writer, "features")) == (1, 1)
    writer.ask("POST", "/namespaces", {"namespace_name": "films"})


def test_a_namespace_whose_batches_are_under_way_is_deleted_by_force_only(writer: Writer) -> None:
    writer.submitted(*writer.objects("a"))
    assert writer.refusal("DELETE", "/namespaces/films") == (409, "AlreadyExistsError")
    writer.ask("DELETE", "/namespaces/films", params={"force": "true"})
    assert writer.api.store.tasks.claim("test") is None


def test_an_earlier_era_deletes_its_own_collection_of_the_same_name(writer: Writer) -> None:
    extracted(writer)
    writer.api.extracted(picture(1), collection="videos")
    namespace, writer.namespace = writer.namespace, None
    task = writer.ask("DELETE", "/collections/videos")["task_id"]
    assert writer.ask("GET", f"/tasks/{task}")["status"] == "DONE"
    writer.namespace = namespace
    assert writer.ask("GET", "/collections/videos")["document_count"] == 1


def test_alone_this_style_tells_of_deletions_too(tmp_path: Path) -> None:
    with writing(tmp_path, profiles=("documents",)) as writer:
        task_id = writer.ask("DELETE", "/namespaces/films")["task_id"]
        assert writer.ask("GET", f"/tasks/{task_id}")["status"] == "COMPLETED"
        killed = writer.ask("DELETE", f"/tasks/{task_id}")
        assert (killed["success"], killed["status"]) == (True, "COMPLETED")
