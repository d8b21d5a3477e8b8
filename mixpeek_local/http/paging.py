"""Pages of lists (contract b4, b5), and their sorting, grouping and selection."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

MAX_PAGE_SIZE = 1_000
PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)]
Item = dict[str, Any]


class Sort(BaseModel):
    """The order of a list."""

    model_config = ConfigDict(strict=True)

    field: str
    direction: Literal["asc", "desc"] = "asc"


class GroupBy(BaseModel):
    """At most `max_assets` for each value of a field."""

    model_config = ConfigDict(strict=True)

    field: str
    max_assets: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    sort: Sort | None = None


@dataclass(frozen=True)
class Page:
    """A numbered page of a list."""

    number: int
    size: int
    path: str

    @property
    def offset(self) -> int:
        """How many items come before it."""
        return (self.number - 1) * self.size

    def of(self, items: list[Item]) -> list[Item]:
        """Its items."""
        return items[self.offset : self.offset + self.size]

    def pagination(self, total: int) -> Item:
        """The page's part of a reply; neighbours are addresses relative to the server."""
        last = math.ceil(total / self.size)
        return pagination(
            total,
            self.size,
            self.number,
            following=self._address(self.number + 1) if self.number < last else None,
            previous=self._address(min(self.number - 1, max(last, 1))) if self.number > 1 else None,
        )

    def _address(self, number: int) -> str:
        return address(self.path, page=number, page_size=self.size)


def _page(request: Request, page: Annotated[int, Query(ge=1, le=1_000_000)] = 1, page_size: PageSize = 10) -> Page:
    return Page(page, page_size, request.url.path)


PageAsked = Annotated[Page, Depends(_page)]


def pagination(total: int, size: int, number: int, *, following: str | None, previous: str | None) -> Item:
    """The page's part of a reply: `page` for assets, `current_page` for features, here both."""
    return {
        "total": total,
        "page": number,
        "current_page": number,
        "page_size": size,
        "total_pages": math.ceil(total / size),
        "next_page": following,
        "previous_page": previous,
    }


def address(path: str, **query: str | int) -> str:
    """The address of another page."""
    return f"{path}?{urlencode(query)}"


def arranged(items: Iterable[Item], sort: Sort | None, group_by: GroupBy | None = None) -> list[Item]:
    """Items sorted, and grouped: each group takes the place of its first item."""
    ordered = _sorted(items, sort)
    if group_by is None:
        return ordered
    groups: dict[str, list[Item]] = {}
    for item in ordered:
        groups.setdefault(repr(value_at(item, group_by.field)), []).append(item)
    return [item for group in groups.values() for item in _sorted(group, group_by.sort)[: group_by.max_assets]]


def selected(item: Item, fields: list[str] | None, *always: str) -> Item:
    """The item reduced to these fields, which may reach into objects (`metadata.author`)."""
    if fields is None:
        return item
    kept: Item = {field: item[field] for field in always}
    for field in fields:
        *way, last = field.split(".")
        source, target = item, kept
        for step in way:
            source = source.get(step)
            if not isinstance(source, dict):
                break
            target = target.setdefault(step, {})
        else:
            if last in source:
                target[last] = source[last]
    return kept


def value_at(item: Item, field: str) -> Any:
    """The value under a dotted name; None where there is none."""
    value: Any = item
    for step in field.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _sorted(items: Iterable[Item], sort: Sort | None) -> list[Item]:
    """By a field: numbers before texts; items with neither come last in both directions."""
    if sort is None:
        return list(items)
    keyed = [(_rank(value_at(item, sort.field)), item) for item in items]
    having = [(key, item) for key, item in keyed if key is not None]
    having.sort(key=lambda pair: pair[0], reverse=sort.direction == "desc")
    return [item for _, item in having] + [item for key, item in keyed if key is None]


def _rank(value: Any) -> tuple[int, Any] | None:
    if isinstance(value, int | float):
        return 0, value
    return (1, value) if isinstance(value, str) else None
