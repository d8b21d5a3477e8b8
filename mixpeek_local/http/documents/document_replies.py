"""The replies of routes about documents, for the OpenAPI document."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Document(BaseModel):
    """A document: at its root the caller's fields, what was extracted, and on request vectors by their names."""

    model_config = ConfigDict(extra="allow")

    document_id: str
    collection_id: str
    vector_hydration_incomplete: bool | None = Field(default=None, description="only with vectors: always false")
    start_time: float | None = Field(default=None, description="seconds")
    end_time: float | None = Field(default=None, description="seconds")
    transcription: str | None = None
    description: str | None = None
    ocr_text: str | None = Field(default=None, description="the words of a text on screen, or of a spoken sentence")
    thumbnail_url: str | None = Field(default=None, description="its picture, which any page may show")
    preview_file: str | None = Field(default=None, description="its file, an extension of this server")


class DocumentPagination(BaseModel):
    """The position of a page; lists are followed by their cursor."""

    total: int | None = Field(description="only with include_total")
    page: int
    page_size: int
    total_pages: int | None
    next_page: str | None
    previous_page: str | None
    next_cursor: str | None


class DocumentList(BaseModel):
    """A page of documents."""

    results: list[Document]
    pagination: DocumentPagination
    total_documents: int | None = None
    warnings: list[str] = []
    unknown_collection_ids: list[str] = []


class Count(BaseModel):
    """How many documents a collection has."""

    collection_id: str
    count: int


class Some(BaseModel):
    """Documents by their ids."""

    documents: list[Document]
    not_found: list[str]


class Deleted(BaseModel):
    """A document was deleted."""

    message: str
    success: bool


class BatchDeleted(BaseModel):
    """Documents were deleted."""

    deleted_count: int
    failed_count: int
    results: list[dict[str, Any]]
    task_id: str | None
    status: str | None
    message: str
