"""Pages of lists: in the query or the body, by `limit`, `offset`, `page` or the cursor of an earlier page."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar

from fastapi import Depends, Query
from pydantic import Field

from mixpeek_local.http.documents.envelope import bad_request
from mixpeek_local.http.documents.strict import StrictBody

MAX_LIMIT = 1_000
MAX_OFFSET = 10_000
T = TypeVar("T")

Limit = Annotated[int | None, Field(ge=1, le=MAX_LIMIT)]
Offset = Annotated[int | None, Field(ge=0, le=MAX_OFFSET)]
PageNumber = Annotated[int | None, Field(ge=1, le=1_000_000)]
Cursor = Annotated[str | None, Field(max_length=1_000)]


class PagingBody(StrictBody):
    """The paging of a body; each of its fields has its place in the query too."""

    limit: Limit = None
    page_size: Limit = None
    offset: Offset = None
    page: PageNumber = None
    cursor: Cursor = None
    next_cursor: Cursor = None
    after: Cursor = None
    include_total: bool | None = None


@dataclass(frozen=True)
class Slice:
    """A part of a list.

    Attributes:
        limit: The most items; None is the list's own default.
        offset: How many items come before it, if that was asked for.
        cursor: Where an earlier page ended, if that was asked for; it beats the offset.
        page: The number of the page, if that was asked for.
        include_total: Whether the reply counts all items.
    """

    limit: int | None = None
    offset: int | None = None
    cursor: str | None = None
    page: int | None = None
    include_total: bool = False

    def or_body(self, body: PagingBody | None) -> Self:
        """With what a body asks for, which comes first."""
        if body is None:
            return self
        return type(self)(
            limit=body.limit or body.page_size or self.limit,
            offset=self.offset if body.offset is None else body.offset,
            cursor=body.cursor or body.next_cursor or body.after or self.cursor,
            page=body.page or self.page,
            include_total=self.include_total if body.include_total is None else body.include_total,
        )

    def start(self, size: int) -> int:
        """How many items come before it, at this size of a page."""
        if self.cursor is not None:
            return place_of(self.cursor)
        return self.offset if self.offset is not None else ((self.page or 1) - 1) * size

    def of(self, items: Sequence[T], default: int = 10) -> tuple[Sequence[T], dict[str, Any]]:
        """Its items, and the `pagination` of the reply."""
        size = self.limit or default
        start = self.start(size)
        return items[start : start + size], pagination_of(self, size, total=len(items))


def pagination_of(asked: Slice, size: int, *, total: int) -> dict[str, Any]:
    """The `pagination` of a part of a list of this length."""
    start = asked.start(size)
    following = cursor_at(start + size) if start + size < total else None
    return pagination(size, start, following, total=total if asked.include_total else None)


def pagination(size: int, start: int, next_cursor: str | None, *, total: int | None) -> dict[str, Any]:
    """The `pagination` of a reply: pages are followed by their cursor, and counted on request only."""
    return {
        "total": total,
        "page": start // size + 1,
        "page_size": size,
        "total_pages": None if total is None else -(-total // size),
        "next_page": next_cursor,
        "previous_page": cursor_at(max(start - size, 0)) if start else None,
        "next_cursor": next_cursor,
    }


def cursor_at(place: int) -> str:
    """The cursor of a place in a list."""
    return base64.urlsafe_b64encode(b"%d" % place).decode().rstrip("=")


def place_of(cursor: str) -> int:
    """The place that a cursor stands for; 400 if this server did not make it."""
    try:
        place = int(base64.b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise bad_request("the cursor is not one of this server") from None
    if not 0 <= place < 1 << 62:
        raise bad_request("the cursor is not one of this server")
    return place


def _asked(
    limit: Annotated[int | None, Query(ge=1, le=MAX_LIMIT)] = None,
    page_size: Annotated[int | None, Query(ge=1, le=MAX_LIMIT)] = None,
    offset: Annotated[int | None, Query(ge=0, le=MAX_OFFSET)] = None,
    page: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    cursor: Annotated[str | None, Query(max_length=1_000)] = None,
    next_cursor: Annotated[str | None, Query(max_length=1_000)] = None,
    after: Annotated[str | None, Query(max_length=1_000)] = None,
    include_total: bool = False,
) -> Slice:
    return Slice(limit or page_size, offset, cursor or next_cursor or after, page, include_total)


SliceAsked = Annotated[Slice, Depends(_asked)]
"""The part of a list that the query asks for."""
