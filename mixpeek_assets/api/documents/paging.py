"""Lists, page by page (today's contract, 1)."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from mixpeek_assets.api.documents.calls import Calls
from mixpeek_assets.api.errors import UnreadableReplyError
from mixpeek_assets.api.values import text
from mixpeek_assets.strict_json import JsonObject, is_list, is_object

_PAGE = 100


def every(
    calls: Calls, path: str, body: JsonObject, *, ids: Mapping[str, str] | None = None, category: str = "data"
) -> Iterator[JsonObject]:
    """Yield the items of a list whose paging is in the query, until the last page.

    Raises:
        UnreadableReplyError: a page holds no list, or leads back to an earlier one.
    """
    cursor, seen = None, set[str]()
    while True:
        query = f"limit={_PAGE}" + (f"&cursor={quote(cursor, safe='')}" if cursor else "")
        page = calls.post(path, body, ids=ids, query=query, category=category)
        yield from items(page, f"POST {path}")
        cursor = next_cursor(page, seen, f"POST {path}")
        if cursor is None:
            return


def items(page: JsonObject, endpoint: str) -> list[JsonObject]:
    """Return the objects that a page lists; raises as `every`."""
    results = page.get("results")
    if not is_list(results):
        raise UnreadableReplyError(endpoint, "a page without a list of results")
    return [item for item in results if is_object(item)]


def next_cursor(page: JsonObject, seen: set[str], endpoint: str) -> str | None:
    """Return where the next page begins, and add it to what was seen; raises as `every`."""
    pagination = page.get("pagination")
    cursor = text(pagination.get("next_cursor")) if is_object(pagination) else None
    if cursor in seen:
        raise UnreadableReplyError(endpoint, "its pages lead back to an earlier one")
    if cursor is not None:
        seen.add(cursor)
    return cursor


def one_of(field: str, values: list[str]) -> JsonObject:
    """Return the filter of what has one of these values."""
    return {"AND": [{"field": field, "operator": "in", "value": values}]}
