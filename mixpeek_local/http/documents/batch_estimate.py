"""What a draft would cost."""

from typing import Any

from mixpeek_local.http.documents.processing import targets
from mixpeek_local.store.database import Database
from mixpeek_local.store.documents.assets import known_seconds
from mixpeek_local.store.documents.batches import Batch
from mixpeek_local.store.documents.objects import document_count
from mixpeek_local.store.documents.progress import USD_PER_CREDIT, credits_of
from mixpeek_local.store.documents.submission import is_extracted


def estimate(database: Database, batch: Batch) -> dict[str, Any]:
    """The reply to `estimate-cost`."""
    connection = database.connection()
    collections = targets(database, batch)
    extracted = {
        (object_id, one.collection_id)
        for object_id in batch.object_ids
        for one in collections
        if is_extracted(connection, object_id, one.collection_id)
    }
    pairs = [(object_id, one.collection_id) for object_id in batch.object_ids for one in collections]
    charged = [pair for pair in pairs if batch.dedup != "skip" or pair not in extracted]
    lengths = [known_seconds(connection, object_id) for object_id, _ in charged]
    cost = credits_of(sum(lengths))
    removed = sum(document_count(database, object_id) for object_id in {pair[0] for pair in extracted})
    unknown = sum(seconds == 0 for seconds in lengths)
    return {
        "batch_id": batch.batch_id,
        "collection_ids": [one.collection_id for one in collections],
        "dedup_strategy": batch.dedup,
        "object_count": len(batch.object_ids),
        "already_extracted_count": len({object_id for object_id, _ in extracted}),
        "estimated_credits": cost,
        "estimated_usd": cost * USD_PER_CREDIT,
        "content_summary": {"video": {"count": len(batch.object_ids), "minutes": sum(lengths) / 60}},
        "documents_to_remove": removed if batch.dedup == "replace" else 0,
        "warnings": [f"the length of {unknown} videos is not known yet"] if unknown else [],
    }
