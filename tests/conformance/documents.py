"""What a user of today's API does before any document is there, by either client of the vendor's SDK."""

from dataclasses import dataclass
from typing import Any

from mixpeek_local.samples import FOLDER, MANIFEST
from tests.conformance.sdk import Sdk
from tests.mixpeek_local.caller import until

SCHEMA = {"properties": {"video": {"type": "video"}, "video_key": {"type": "string"}}}
NAMED = [{"feature_extractor_name": "multimodal_extractor", "version": "v1"}]
EXTRACTOR = {
    "feature_extractor_name": "multimodal_extractor",
    "version": "v1",
    "input_mappings": {"video": "video"},
    "parameters": {
        "extractor_type": "multimodal_extractor",
        "split_method": "time",
        "time_split_interval": 10.0,
        "run_multimodal_embedding": True,
        "run_transcription": True,
        "run_transcription_embedding": True,
        "run_ocr": True,
        "run_video_description": True,
    },
    "field_passthrough": [{"source_path": "video_key"}],
}
SAMPLES = tuple(line.partition(",")[0] for line in MANIFEST.read_text(encoding="utf-8").splitlines()[1:])
ENDED = ("COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED")
SECONDS = 300


@dataclass(frozen=True)
class Place:
    """A namespace, a bucket with objects and a collection, by their ids."""

    namespace: str
    bucket: str
    collection: str
    objects: dict[str, str]
    batch: str
    task: str


def address(sample: str) -> str:
    return (FOLDER / sample).as_uri()


def ended(sdk: Sdk, operation: str, **arguments: Any) -> dict[str, Any]:
    """Poll until it has ended."""

    def polled() -> dict[str, Any] | None:
        reply = sdk(operation, **arguments)
        return reply if reply["status"] in ENDED else None

    return until(polled, SECONDS)


def made_by_hand(sdk: Sdk) -> Place:
    """All five samples, as the client that the vendor wrote by hand ingests them: it triggers the collection."""
    made = sdk("Mixpeek.namespaces.create", name="by hand", feature_extractors=NAMED)
    here = {"in_namespace": made["namespace_id"]}
    bucket = sdk("Mixpeek.buckets.create", name="videos", bucket_schema=SCHEMA, **here)["bucket_id"]
    source = {"type": "bucket", "bucket_ids": [bucket]}
    made = sdk("Mixpeek.collections.create", name="videos", source=source, feature_extractor=EXTRACTOR, **here)
    collection, objects = made["collection_id"], {}
    for sample in SAMPLES:
        keys = {"idempotency_key": sample, "video_key": sample}
        uploaded = sdk("Mixpeek.buckets.upload", bucket_id=bucket, url=address(sample), **keys, **here)
        objects[sample] = uploaded["object_id"]
    run = sdk("Mixpeek.collections.trigger", collection_id=collection, object_ids=list(objects.values()), **here)
    task = ended(sdk, "Mixpeek.tasks.get", task_id=run["task_id"])
    assert task["status"] == "COMPLETED", task
    return Place(here["in_namespace"], bucket, collection, objects, run["batch_id"], run["task_id"])


def made_by_generated(sdk: Sdk, namespace: str) -> Place:
    """The same, as the generated client does it: in the three steps of a batch."""
    here = {"in_namespace": namespace}
    body: dict[str, Any] = {"bucket_name": "generated", "bucket_schema": SCHEMA}
    bucket = sdk("BucketsApi.create_bucket", bucket_create_request=body, **here)["bucket_id"]
    source = {"type": "bucket", "bucket_ids": [bucket]}
    body = {"collection_name": "generated", "source": source, "feature_extractor": EXTRACTOR}
    made = sdk("CollectionsApi.create_collection", create_collection_request=body, **here)
    at: dict[str, Any] = {"bucket_identifier": bucket, **here}
    body = {"objects": [new_object(sample) for sample in SAMPLES]}
    rows = sdk("BucketObjectsApi.create_objects_batch_buckets", create_objects_batch_request=body, **at)["succeeded"]
    objects = {row["video_key"]: row["object_id"] for row in rows}
    body = {"object_ids": list(objects.values()), "batch_name": "all samples"}
    batch = sdk("BucketBatchesApi.create_batch_buckets_batches", create_batch_request=body, **at)["batch_id"]
    task = sdk("BucketBatchesApi.submit_batch_buckets_batches", batch_id=batch, **at)["task_id"]
    now = ended(sdk, "BatchesApi.get_batch_by_id_batches", batch_id=batch)
    assert (now["status"], now["documents_resolvable"]) == ("COMPLETED", True), now
    return Place(namespace, bucket, made["collection_id"], objects, batch, task)


def new_object(sample: str) -> dict[str, Any]:
    blob = {"property": "video", "type": "video", "data": address(sample)}
    return {"blobs": [blob], "idempotency_key": sample, "video_key": sample}
