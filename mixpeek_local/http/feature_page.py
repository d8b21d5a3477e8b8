"""A page of `POST /features` (contract b5). It begins after a feature, so added or deleted ones shift nothing."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from mixpeek_local.http.asset_requests import ListFeatures
from mixpeek_local.http.paging import Item, address, arranged, pagination, selected
from mixpeek_local.http.payloads import feature_body
from mixpeek_local.search.filters import predicate
from mixpeek_local.store.listing import Listing


@dataclass(frozen=True)
class _Found:
    """The content of a page.

    Attributes:
        items: Its features.
        total: How many there are on all pages.
        before: How many of them come before this page.
        begins: The feature after which the previous page begins; None if that is the first page.
    """

    items: list[Item]
    total: int
    before: int = 0
    begins: str | None = None


@dataclass(frozen=True)
class FeaturePage:
    """A page that a caller asks for.

    Attributes:
        request: Which features, how.
        size: How many at most.
        after: The place (row number) after which it begins.
        path: Of the route, for the addresses of its neighbours.
    """

    request: ListFeatures
    size: int
    after: int
    path: str

    def reply(self, listing: Listing, previews: Path) -> Item:
        """The reply's body."""
        if self.request.sort is not None:
            found = self._sorted(listing, previews)
        elif self.request.filters is not None:
            found = self._filtered(listing, previews)
        else:
            found = self._all(listing, previews)
        follows = self.request.sort is None and found.before + len(found.items) < found.total
        return {
            "results": [selected(item, self.request.select, "feature_id") for item in found.items],
            "pagination": pagination(
                found.total,
                self.size,
                found.before // self.size + 1,
                following=self._address(found.items[-1]["feature_id"]) if follows else None,
                previous=self._address(found.begins) if found.before else None,
            ),
        }

    def _all(self, listing: Listing, previews: Path) -> _Found:
        collections = self.request.collections
        return _Found(
            [self._body(row, previews) for row in listing.features(collections, self.size, self.after)],
            listing.count_features(collections),
            listing.count_features(collections, up_to=self.after),
            listing.feature_before(collections, self.after, self.size),
        )

    def _filtered(self, listing: Listing, previews: Path) -> _Found:
        fits = predicate(self.request.filters)
        every = [(row["place"], self._body(row, previews)) for row in listing.features(self.request.collections)]
        fitting = [(place, body) for place, body in every if fits(body)]
        before = sum(place <= self.after for place, _ in fitting)
        items = [body for _, body in fitting]
        begins = items[before - self.size - 1]["feature_id"] if before > self.size else None
        return _Found(items[before : before + self.size], len(items), before, begins)

    def _sorted(self, listing: Listing, previews: Path) -> _Found:
        fits = predicate(self.request.filters)
        every = (self._body(row, previews) for row in listing.features(self.request.collections))
        items = arranged((body for body in every if fits(body)), self.request.sort)
        return _Found(items[: self.size], len(items))

    def _body(self, row: sqlite3.Row, previews: Path) -> Item:
        body = feature_body(row, previews)
        return body | {"url": row["url"]} if self.request.return_urls else body

    def _address(self, after: str | None) -> str:
        offset = {} if after is None else {"offset_feature_id": after}
        return address(self.path, **offset, page_size=self.size)
