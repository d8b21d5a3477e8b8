"""The bodies of requests about batches."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mixpeek_local.http.documents.paging import Cursor, Limit, Offset, PagingBody
from mixpeek_local.http.documents.strict import OpenBody, StrictBody, Text
from mixpeek_local.http.ingest import Metadata
from mixpeek_local.search.document_filters import Filtering
from mixpeek_local.store.documents.batches import Dedup

MAX_OBJECTS = 50_000
ObjectIds = Annotated[list[Text], Field(min_length=1, max_length=MAX_OBJECTS)]
Status = Literal[
    "PENDING", "QUEUED", "IN_PROGRESS", "PROCESSING", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED",
    "INTERRUPTED", "UNKNOWN", "SKIPPED", "DRAFT", "ACTIVE", "ARCHIVED", "SUSPENDED", "DEACTIVATED",
]  # fmt: skip


class CreateBatch(StrictBody):
    """A batch to create: of these objects, or of those that pass the filters."""

    object_ids: ObjectIds | None = None
    filters: Filtering | None = None
    collection_ids: Annotated[list[Text], Field(min_length=1, max_length=1_000)] | None = None
    dedup_strategy: Dedup | None = None
    batch_name: Annotated[str, Field(max_length=256)] | None = None
    metadata: Metadata | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_OBJECTS)] | None = None
    auto_submit: bool | None = None
    trigger_processing: bool | None = None

    @model_validator(mode="after")
    def _names_objects_once(self) -> "CreateBatch":
        if (self.object_ids is None) == (self.filters is None):
            raise ValueError("give either object_ids or filters")
        return self


class AddObjects(StrictBody):
    """Objects to add to a draft."""

    object_ids: ObjectIds


class SubmitBatch(StrictBody):
    """How to submit a batch."""

    include_processing_history: bool | None = None
    collection_ids: list[Text] | None = None
    webhook_url: str | None = None


class ListBatches(OpenBody):
    """Which batches are wanted; open by the API's schema."""

    status: Status | None = None
    collection_id: str | None = None
    bucket_id: str | None = None
    namespace_id: str | None = None
    limit: Limit = None
    page_size: Limit = None
    offset: Offset = None
    cursor: Cursor = None
    include_total: bool | None = None

    @property
    def paging(self) -> PagingBody:
        """The paging."""
        return PagingBody(
            limit=self.limit,
            page_size=self.page_size,
            offset=self.offset,
            cursor=self.cursor,
            include_total=self.include_total,
        )
