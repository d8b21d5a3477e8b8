"""Submitting a batch: each of its objects becomes a task in the queue, for each collection."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.store.database import as_json, now
from mixpeek_local.store.documents import assets
from mixpeek_local.store.documents.batches import Batch, Dedup
from mixpeek_local.store.documents.collections import Collection
from mixpeek_local.store.documents.ids import new_id
from mixpeek_local.store.documents.objects import StoredObject
from mixpeek_local.store.store import Store, Submission, add_asset, renew_asset

NO_VIDEO = "the object has no video for this collection"


class NotADraftError(Exception):
    """The batch is a draft no more."""


@dataclass(frozen=True)
class Plan:
    """How a collection processes an object.

    Attributes:
        collection: The collection.
        settings: Those of its extractor.
        source: The property of the object that has the video; None is the first one.
        fields: How a document calls the fields that it takes from the object; None takes all.
    """

    collection: Collection
    settings: ExtractionSettings
    source: str | None
    fields: Mapping[str, str] | None

    def submission(self, stored: StoredObject) -> Submission | None:
        """The object as a video for the queue; None if it has none."""
        urls = [blob["properties"]["url"] for blob in stored.blobs if self.source in (None, blob["property"])]
        if not urls:
            return None
        return Submission(
            url=urls[0],
            collection=self.collection.collection_id,
            metadata=self._taken(stored.fields),
            settings=self.settings,
            namespace=self.collection.namespace_id,
        )

    def _taken(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        if self.fields is None:
            return dict(fields)
        return {target: fields[name] for name, target in self.fields.items() if name in fields}


def submit(store: Store, batch: Batch, objects: Sequence[StoredObject], plans: Sequence[Plan]) -> str:
    """Queue a batch, all or nothing; returns the id of its task.

    Raises:
        NotADraftError: It was submitted or canceled already.
    """
    task_id = new_id("task")
    with store.database.transaction() as connection:
        changed = connection.execute(
            """
            UPDATE batches SET task_id = ?, submitted_at = ?, collection_ids = ?
            WHERE batch_id = ? AND submitted_at IS NULL AND canceled_at IS NULL
            """,
            (task_id, now(), as_json([plan.collection.collection_id for plan in plans]), batch.batch_id),
        )
        if changed.rowcount != 1:
            raise NotADraftError(batch.batch_id)
        for stored in objects:
            for plan in plans:
                queued = _queue(connection, stored, plan, batch.dedup)
                connection.execute(
                    "INSERT INTO batch_items VALUES (?, ?, ?, ?)",
                    (batch.batch_id, stored.object_id, plan.collection.collection_id, queued),
                )
    return task_id


def is_extracted(connection: sqlite3.Connection, object_id: str, collection_id: str) -> bool:
    """Whether an object has its documents in a collection."""
    latest = assets.latest_asset(connection, object_id, collection_id)
    return latest is not None and bool(latest["has_documents"])


def _queue(connection: sqlite3.Connection, stored: StoredObject, plan: Plan, dedup: Dedup) -> str | None:
    """Queue an object for a collection; returns the task's id, or None if it is skipped."""
    collection_id = plan.collection.collection_id
    latest = assets.latest_asset(connection, stored.object_id, collection_id)
    if dedup == "skip" and latest is not None and latest["has_documents"]:
        return None
    submission = plan.submission(stored)
    if submission is None:
        return _failed(connection, stored, plan)
    if latest is not None and dedup != "force":
        return renew_asset(connection, latest["asset_id"], "replace", submission)
    asset_id, task_id = add_asset(connection, submission)
    assets.link(connection, asset_id, stored.object_id, collection_id)
    return task_id


def _failed(connection: sqlite3.Connection, stored: StoredObject, plan: Plan) -> str:
    """A task that has failed before it could be queued."""
    nothing = Submission("", plan.collection.collection_id, {}, plan.settings, namespace=plan.collection.namespace_id)
    asset_id, task_id = add_asset(connection, nothing)
    assets.link(connection, asset_id, stored.object_id, plan.collection.collection_id)
    connection.execute("UPDATE tasks SET status = 'FAILED', error = ? WHERE task_id = ?", (NO_VIDEO, task_id))
    return task_id
