"""Every reply of today's API that the vendor's generated client reads has the fields without which it raises.

The client is a second judge: it has read the reply when its body is looked at here.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.documents import EXTRACTOR, NAMED, SCHEMA, Place, ended, new_object
from tests.conformance.sdk import Sdk

NAMESPACE = "namespace_name"
BUCKET = "bucket_name object_count total_size_bytes"
BATCH = "bucket_id max_node_death_resubmits max_deploy_resubmits status"
TASK = "task_id task_type status"
COLLECTION = (
    "collection_name source.type feature_extractor.feature_extractor_name feature_extractor.version "
    "feature_extractor.feature_extractor_id"
)
DOCUMENT = "document_id collection_id"
FEATURE = "feature_address feature_uri feature_extractor_name version vector_index.description vector_index.type"
BLOB = "blobs.*.property blobs.*.type"
PAGED = {"limit": 2, "include_total": True}
OBJECT = new_object("talk.mp4")
UNKNOWN = {"blobs": [{"property": "picture", "type": "image", "data": "https://example.com/a.png"}]}


def each(fields: str, of: str = "results") -> str:
    return " ".join(f"{of}.*.{name}" for name in fields.split())


REPLIES: list[tuple[str, dict[str, Any], str]] = [
    ("NamespacesApi.get_namespace", {"namespace_identifier": "{namespace}"}, NAMESPACE),
    ("NamespacesApi.list_namespaces", PAGED, f"results pagination total_count {each(NAMESPACE)}"),
    ("BucketsApi.get_bucket", {"bucket_identifier": "{bucket}"}, BUCKET),
    ("BucketsApi.list_buckets", PAGED, f"results total_count pagination {each(BUCKET)}"),
    ("BucketsApi.list_buckets_get", PAGED, f"results total_count pagination {each(BUCKET)}"),
    (
        "BucketObjectsApi.get_object_buckets",
        {"bucket_identifier": "{bucket}", "object_identifier": "{object}"},
        f"bucket_id {BLOB}",
    ),
    (
        "BucketObjectsApi.list_objects_buckets",
        {"bucket_identifier": "{bucket}", **PAGED},
        f"results pagination {each(f'bucket_id {BLOB}')}",
    ),
    (
        "BucketObjectsApi.list_objects_get_buckets",
        {"bucket_identifier": "{bucket}", **PAGED},
        f"results pagination {each(f'bucket_id {BLOB}')}",
    ),
    (
        "BucketObjectsApi.create_object_buckets",
        {"bucket_identifier": "{bucket}", "create_object_request": OBJECT},
        f"bucket_id {BLOB}",
    ),
    (
        "BucketObjectsApi.create_objects_batch_buckets",
        {"bucket_identifier": "{bucket}", "create_objects_batch_request": {"objects": [OBJECT, UNKNOWN]}},
        "total_requested succeeded_count failed_count "
        f"{each('bucket_id', 'succeeded')} {each('object_index error error_type', 'failed')}",
    ),
    (
        "BucketBatchesApi.create_batch_buckets_batches",
        {"bucket_identifier": "{bucket}", "create_batch_request": {"object_ids": ["{object}"]}},
        BATCH,
    ),
    (
        "BatchesApi.get_batch_by_id_batches",
        {"batch_id": "{batch}"},
        f"{BATCH} {each('tier_num source_type', 'tier_tasks')}",
    ),
    ("BatchesApi.list_all_batches", {"list_batches_request": {"limit": 2}}, f"results total_count {each(BATCH)}"),
    ("BucketBatchesApi.list_batches_buckets", {"bucket_identifier": "{bucket}"}, f"results total_count {each(BATCH)}"),
    (
        "BatchesApi.get_batch_by_id_batches",
        {"batch_id": "{failed}"},
        f"{BATCH} {each('object_id error error_type timestamp', 'failed_objects')}",
    ),
    ("BatchesApi.cancel_batch_by_id_batches", {"batch_id": "{batch}"}, TASK),
    ("TasksApi.get_task", {"task_id": "{task}"}, TASK),
    ("TasksApi.kill_task", {"task_id": "{task}"}, "message success"),
    ("CollectionsApi.get_collection", {"collection_identifier": "{collection}"}, COLLECTION),
    ("CollectionsApi.list_collections", PAGED, f"results pagination total_count {each(COLLECTION)}"),
    ("CollectionsApi.list_collections_get", PAGED, f"results pagination total_count {each(COLLECTION)}"),
    (
        "CollectionsApi.describe_collection_features",
        {"collection_identifier": "{collection}"},
        each(FEATURE, "features"),
    ),
    (
        "CollectionsApi.trigger_collection",
        {"collection_identifier": "{collection}", "trigger_collection_request": {"object_ids": ["{object}"]}},
        "task_id collection_id total_tiers message",
    ),
    (
        "CollectionDocumentsApi.list_documents",
        {"collection_identifier": "{collection}", "list_documents_request": PAGED},
        f"pagination {each(DOCUMENT)}",
    ),
    (
        "CollectionDocumentsApi.list_documents_0",
        {"collection_identifier": "{collection}", **PAGED},
        f"pagination {each(DOCUMENT)}",
    ),
    ("DocumentsApi.list_documents_ns", PAGED, f"pagination {each(DOCUMENT)}"),
    (
        "CollectionDocumentsApi.get_document",
        {"collection_identifier": "{collection}", "document_id": "{document}", "return_vectors": True},
        DOCUMENT,
    ),
    ("CollectionDocumentsApi.count_documents", {"collection_identifier": "{collection}"}, "collection_id count"),
    ("AccountApi.whoami_me", {}, "organization_id account_type key.name key.key_type key.permissions principal_scoped"),
    (
        "OrganizationBillingApi.estimate_cost_organizations_billing",
        {"estimate_request": {"items": [{"mime_type": "video/mp4", "minutes": 1.0}]}},
        "total_usd line_items estimated_overage_usd",
    ),
    ("OrganizationBillingApi.get_credit_balance_organizations_billing", {}, "credit_balance account_tier"),
    (
        "OrganizationBillingApi.get_current_usage_organizations_billing",
        {},
        "current_month_usage estimated_cost_usd plan_usage",
    ),
    (
        "BucketBatchesApi.estimate_batch_cost_buckets_batches",
        {"bucket_identifier": "{bucket}", "batch_id": "{draft}"},
        "batch_id object_count estimated_credits",
    ),
    ("FeatureExtractorsApi.list_feature_extractors", {}, ""),
    ("FeatureExtractorsApi.get_feature_extractor_by", {"feature_extractor_id": "multimodal_extractor_v1"}, ""),
    ("FeaturesApi.discover_features", {}, ""),
]


@pytest.fixture(scope="session")
def ids(today: Sdk, by_hand: Place) -> dict[str, str]:
    """Ids of what is there, among them a batch that failed and one that is a draft."""
    here = {"in_namespace": by_hand.namespace}
    bucket = today("Mixpeek.buckets.create", name="fails", bucket_schema=SCHEMA, **here)["bucket_id"]
    source = {"type": "bucket", "bucket_ids": [bucket]}
    today("Mixpeek.collections.create", name="fails", source=source, feature_extractor=EXTRACTOR, **here)
    at: dict[str, Any] = {"bucket_identifier": bucket, **here}
    made = today("BucketObjectsApi.create_object_buckets", create_object_request=new_object("manifest.csv"), **at)
    body = {"object_ids": [made["object_id"]]}
    failed = today("BucketBatchesApi.create_batch_buckets_batches", create_batch_request=body, **at)["batch_id"]
    today("BucketBatchesApi.submit_batch_buckets_batches", batch_id=failed, **at)
    assert ended(today, "BatchesApi.get_batch_by_id_batches", batch_id=failed)["status"] == "FAILED"
    at["bucket_identifier"], object_id = by_hand.bucket, by_hand.objects["talk.mp4"]
    body = {"object_ids": [object_id]}
    draft = today("BucketBatchesApi.create_batch_buckets_batches", create_batch_request=body, **at)["batch_id"]
    documents = today("Mixpeek.documents.list", collection_id=by_hand.collection, page_size=1, **here)["results"]
    return {
        **{name: getattr(by_hand, name) for name in ("namespace", "bucket", "collection", "batch", "task")},
        "object": object_id,
        "document": documents[0]["document_id"],
        "failed": failed,
        "draft": draft,
    }


@pytest.mark.parametrize(("operation", "arguments", "required"), REPLIES, ids=[row[0] for row in REPLIES])
def test_a_reply_has_what_the_generated_client_needs(
    today: Sdk, ids: dict[str, str], operation: str, arguments: dict[str, Any], required: str
) -> None:
    answer = today.answer(operation, **filled(arguments, ids), in_namespace=ids["namespace"])
    assert answer.raised is None, answer
    assert answer.status == (202 if "trigger" in operation else 200)
    assert answer.returned is not None
    for path in required.split():
        assert list(found(answer.body, path.split("."))), path
        assert None not in found(answer.body, path.split(".")), path


@pytest.mark.parametrize(
    ("operation", "body", "required"),
    [
        ("NamespacesApi.create_namespace", {"namespace_name": "table", "feature_extractors": NAMED}, NAMESPACE),
        ("BucketsApi.create_bucket", {"bucket_name": "table", "bucket_schema": SCHEMA}, BUCKET),
        (
            "CollectionsApi.create_collection",
            {
                "collection_name": "table",
                "source": {"type": "bucket", "bucket_ids": ["{bucket}"]},
                "feature_extractor": EXTRACTOR,
            },
            COLLECTION,
        ),
    ],
)
def test_what_is_created_comes_back_with_200(
    today: Sdk, ids: dict[str, str], operation: str, body: dict[str, Any], required: str
) -> None:
    kind = operation.rpartition("_")[2]
    parameter = "bucket_create_request" if kind == "bucket" else f"create_{kind}_request"
    answer = today.answer(operation, **{parameter: filled(body, ids)}, in_namespace=ids["namespace"])
    assert answer.raised is None, answer
    assert answer.status == 200  # the client gives None for a 201
    assert answer.returned is not None
    for path in required.split():
        assert None not in found(answer.body, path.split(".")), path


def test_a_collection_keeps_the_settings_that_were_sent(today: Sdk, by_hand: Place) -> None:
    at = {"collection_id": by_hand.collection, "in_namespace": by_hand.namespace}
    kept = today("Mixpeek.collections.get", **at)["feature_extractor"]
    assert {name: kept["parameters"][name] for name in EXTRACTOR["parameters"]} == EXTRACTOR["parameters"]


def filled(value: Any, ids: dict[str, str]) -> Any:
    """The value, with ids in the places of `{name}`."""
    if isinstance(value, dict):
        return {name: filled(part, ids) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, ids) for part in value]
    return ids[value[1:-1]] if isinstance(value, str) and value[:1] == "{" else value


def found(body: Any, path: list[str]) -> Iterator[Any]:
    """What stands at a path; `*` is each item of a list, and None stands for what is missing."""
    if not path:
        yield body
    elif path[0] == "*":
        for part in body:
            yield from found(part, path[1:])
    else:
        yield from found(body.get(path[0]) if isinstance(body, dict) else None, path[1:])
