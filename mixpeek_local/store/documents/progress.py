"""How far batches are: read from the tasks of the queue, so that no status can be out of date."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

import orjson

from mixpeek_local.store.database import Database
from mixpeek_local.store.documents.batches import Batch

BatchStatus = Literal["DRAFT", "PENDING", "PROCESSING", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED"]
TERMINAL = ("COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED")
CREDITS_PER_MINUTE = 50
USD_PER_CREDIT = 0.001

_ENDED_BADLY = ("FAILED", "CANCELLED")
_ITEMS = """
    SELECT batch_items.*, tasks.status, tasks.error, tasks.progress, tasks.updated_at, assets.file_data,
        (SELECT count(*) FROM features WHERE features.asset_id = tasks.asset_id) AS documents
    FROM batch_items LEFT JOIN tasks USING (task_id) LEFT JOIN assets USING (asset_id)
    WHERE batch_id = ?
    ORDER BY batch_items.rowid
"""


@dataclass(frozen=True)
class Item:
    """An object of a batch in one collection.

    Attributes:
        object_id: The object.
        collection_id: The collection.
        status: That of its task; None if the object was skipped.
        error: Why it failed.
        share: How much of it is done, 0 to 1.
        updated_at: When its task last changed.
        seconds: The length of its video, once that is known.
        documents: How many documents it has.
    """

    object_id: str
    collection_id: str
    status: str | None
    error: str | None
    share: float
    updated_at: str | None
    seconds: float
    documents: int

    @property
    def is_skipped(self) -> bool:
        """Whether it was left as it is, because it has documents."""
        return self.status is None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in (None, "DONE", "SKIPPED", *_ENDED_BADLY)

    @property
    def failure(self) -> str | None:
        """Why it has no documents; None if it has, or may come to have."""
        if self.status not in _ENDED_BADLY:
            return None
        return self.error or ("the task was canceled" if self.status == "CANCELLED" else "the task failed")


@dataclass(frozen=True)
class Progress:
    """A batch with its items, at the moment they were read."""

    batch: Batch
    items: Sequence[Item]
    draft_is_over: bool

    @cached_property
    def status(self) -> BatchStatus:
        """The status of the batch."""
        if self.batch.canceled_at is not None:
            return "CANCELED"
        if self.batch.task_id is None:
            return "CANCELED" if self.draft_is_over else "DRAFT"
        if not all(item.has_ended for item in self.items):
            return "PENDING" if all(item.status in (None, "QUEUED") for item in self.items) else "PROCESSING"
        if not self.failed:
            return "COMPLETED"
        return "FAILED" if len(self.failed) == len(self.items) else "COMPLETED_WITH_ERRORS"

    @property
    def has_ended(self) -> bool:
        """Whether the status is final."""
        return self.status in TERMINAL

    @cached_property
    def failed(self) -> list[Item]:
        """The items that failed or were canceled."""
        return [item for item in self.items if item.failure is not None]

    @cached_property
    def failed_object_ids(self) -> list[str]:
        """The objects that failed in at least one collection."""
        return list(dict.fromkeys(item.object_id for item in self.failed))

    @cached_property
    def done(self) -> list[Item]:
        """The items whose documents this batch wrote."""
        return [item for item in self.items if item.status == "DONE"]

    @property
    def documents(self) -> int:
        """How many documents it wrote."""
        return sum(item.documents for item in self.done)

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        if not self.items:
            return 1.0 if self.has_ended else 0.0
        return sum(1.0 if item.has_ended else item.share for item in self.items) / len(self.items)

    @property
    def updated_at(self) -> str:
        """When it last changed."""
        moments = [self.batch.created_at, self.batch.submitted_at, self.batch.canceled_at]
        return max(moment for moment in (*moments, *(item.updated_at for item in self.items)) if moment)

    @property
    def credits(self) -> int:
        """What it costs so far."""
        return credits_of(sum(item.seconds for item in self.done))


def credits_of(seconds: float) -> int:
    """What a video of this length costs."""
    return round(CREDITS_PER_MINUTE * seconds / 60)


def progress(database: Database, batch: Batch, draft_seconds: float) -> Progress:
    """How far a batch is."""
    items = [_item(row) for row in database.connection().execute(_ITEMS, (batch.batch_id,))]
    age = datetime.now(UTC) - datetime.fromisoformat(batch.created_at)
    return Progress(batch, items, draft_is_over=age > timedelta(seconds=draft_seconds))


def _item(row: sqlite3.Row) -> Item:
    return Item(
        object_id=row["object_id"],
        collection_id=row["collection_id"],
        status=row["status"],
        error=row["error"],
        share=row["progress"] or 0.0,
        updated_at=row["updated_at"],
        seconds=orjson.loads(row["file_data"] or "{}").get("duration") or 0.0,
        documents=row["documents"],
    )
