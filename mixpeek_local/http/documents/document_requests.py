"""The bodies of requests about documents."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mixpeek_local.http.documents.paging import PagingBody
from mixpeek_local.http.documents.strict import StrictBody
from mixpeek_local.http.paging import Sort
from mixpeek_local.search.document_filters import Filtering

MAX_IDS = 1_000

Ids = Annotated[list[str], Field(min_length=1, max_length=MAX_IDS)]
Names = Annotated[list[str], Field(max_length=1_000)]


def _is_off(value: Any) -> Any:
    if value:
        raise ValueError("this server neither groups documents nor expands references: leave it out")
    return value


NotOffered = Annotated[Any, AfterValidator(_is_off)]


class Partition(StrictBody):
    """One of `count` disjoint parts, which workers can page through in parallel."""

    index: Annotated[int, Field(ge=0)]
    count: Annotated[int, Field(ge=1, le=256)]


class ListDocuments(PagingBody):
    """Which documents to list, how."""

    filters: Filtering | None = None
    sort: Sort | None = None
    search: Annotated[str | None, Field(max_length=8_192)] = None
    partition: Partition | None = None
    return_vectors: bool | None = None
    return_vector_names: bool | Names | None = None
    return_presigned_urls: bool | None = None
    select: Names | None = None
    group_by: NotOffered = None
    expand: NotOffered = None


class ListNamespaceDocuments(ListDocuments):
    """The same over several collections of a namespace, or all of them."""

    collection_ids: Names | None = None


class GetDocuments(StrictBody):
    """Documents to return by their ids."""

    document_ids: Ids
    return_presigned_urls: bool | None = None


class DeleteDocuments(StrictBody):
    """Documents to delete: by their ids or by filters, not both."""

    document_ids: Ids | None = None
    filters: Filtering | None = None
    reason: Annotated[str | None, Field(max_length=500)] = None
