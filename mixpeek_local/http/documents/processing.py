"""Submitting a batch, and how far it is."""

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.documents import extractors
from mixpeek_local.http.documents.envelope import bad_request
from mixpeek_local.store.database import Database
from mixpeek_local.store.documents.batches import Batch
from mixpeek_local.store.documents.collections import Collection, collections
from mixpeek_local.store.documents.objects import bucket_objects
from mixpeek_local.store.documents.progress import Progress, progress
from mixpeek_local.store.documents.submission import NotADraftError, Plan, submit
from mixpeek_local.store.store import Store

NOT_A_DRAFT = "the batch is {status}: only a DRAFT can be changed or submitted; make a new batch"


def progress_of(database: Database, config: LocalApiConfig, batch: Batch) -> Progress:
    """How far a batch is."""
    return progress(database, batch, config.draft_seconds)


def check_draft(database: Database, config: LocalApiConfig, batch: Batch) -> None:
    """Refuse a batch that is a draft no more."""
    status = progress_of(database, config, batch).status
    if status != "DRAFT":
        raise bad_request(NOT_A_DRAFT.format(status=status))


def submit_batch(store: Store, config: LocalApiConfig, batch: Batch) -> str:
    """Queue the objects of a draft; returns the id of the batch's task."""
    check_draft(store.database, config, batch)
    plans = [_plan(one) for one in targets(store.database, batch)]
    if not plans:
        raise bad_request("no collection takes its objects from this bucket: create one first")
    objects = bucket_objects(store.database, batch.bucket_id, only=batch.object_ids)
    try:
        return submit(store, batch, objects, plans)
    except NotADraftError:
        raise bad_request(NOT_A_DRAFT.format(status="submitted")) from None


def targets(database: Database, batch: Batch) -> list[Collection]:
    """The collections that process a batch."""
    there = collections(database, batch.namespace_id)
    if batch.collection_ids is not None:
        return [one for one in there if one.collection_id in batch.collection_ids]
    return [one for one in there if batch.bucket_id in one.bucket_ids]


def _plan(collection: Collection) -> Plan:
    extractor = collection.extractor
    fields = {one["source_path"]: one.get("target_path") or one["source_path"] for one in _passed_on(collection)}
    source = (extractor.get("input_mappings") or {}).get("video")
    return Plan(
        collection,
        extractors.parameters_of(extractor).settings(),
        source=source if isinstance(source, str) else None,
        fields=None if extractor.get("include_all_source_fields") else fields,
    )


def _passed_on(collection: Collection) -> list[dict[str, str]]:
    return collection.extractor.get("field_passthrough") or []
