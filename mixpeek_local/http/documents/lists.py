"""Lists of namespaces, buckets and collections: by GET, or by POST with filters and a search."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from mixpeek_local.http.documents.paging import PagingBody, Slice
from mixpeek_local.http.documents.strict import StrictBody
from mixpeek_local.http.paging import Sort, arranged
from mixpeek_local.search.document_filters import Filtering, Part, predicate

Item = dict[str, Any]
Search = Annotated[str | None, Field(max_length=1_000)]


class SortBy(StrictBody):
    """The order of a list."""

    field: Annotated[str, Field(max_length=256)]
    direction: Literal["asc", "desc"] = "asc"


class ListBody(PagingBody):
    """Which items of a list are wanted."""

    filters: Filtering | None = None
    search: Search = None
    sort: SortBy | None = None
    sorts: Annotated[list[SortBy], Field(max_length=10)] | None = None
    case_sensitive: bool | None = None
    include_system: bool | None = None


def listed(items: Iterable[Item], asked: Slice, body: ListBody | None, searched: Sequence[str]) -> Item:
    """The reply to a list.

    Args:
        items: All items, as in replies.
        asked: The part that the query asks for.
        body: What the body asks for.
        searched: The fields that a search looks into.
    """
    if body is not None:
        items = narrowed(items, body.filters, body.search, searched, case_sensitive=bool(body.case_sensitive))
        items = in_order(items, body.sort, *(body.sorts or ()))
    every = list(items)
    page, pagination = asked.or_body(body).of(every)
    return {"results": list(page), "pagination": pagination, "total_count": len(every)}


def narrowed(
    items: Iterable[Item],
    filters: Part | None,
    search: str | None,
    searched: Sequence[str],
    *,
    case_sensitive: bool = False,
) -> list[Item]:
    """The items that pass the filters and have the searched text in one of these fields."""
    fits = predicate(filters, case_sensitive=case_sensitive)
    text = (search or "").casefold()
    return [
        item
        for item in items
        if fits(item) and (not text or any(text in str(item.get(field) or "").casefold() for field in searched))
    ]


def in_order(items: Iterable[Item], *sorts: SortBy | None) -> list[Item]:
    """The items sorted by these fields, the first one first."""
    ordered = list(items)
    for sort in reversed(sorts):
        if sort is not None:
            ordered = arranged(ordered, Sort(field=sort.field, direction=sort.direction))
    return ordered
