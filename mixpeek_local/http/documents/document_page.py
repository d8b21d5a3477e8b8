"""Pages of documents: in the order in which they were stored, filtered, or the first ones sorted."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mixpeek_local.http.documents.document_body import OUTPUTS, SHARED, TEXTS, Bodies, Body, with_vectors
from mixpeek_local.http.documents.document_cursor import DocumentCursor
from mixpeek_local.http.documents.document_requests import ListDocuments, Partition
from mixpeek_local.http.documents.paging import Slice, pagination
from mixpeek_local.http.paging import arranged, selected
from mixpeek_local.search.document_filters import Part, about, predicate
from mixpeek_local.store.documents.collections import Collection
from mixpeek_local.store.documents.documents import Documents, vectors_of
from mixpeek_local.store.store import Store

_DEFAULT_LIMIT = 10
_MOST_SORTED = 10_000

Hit = tuple[sqlite3.Row, Body]


class DocumentLists:
    """Lists the documents of collections.

    Args:
        store: Where they are.
        collections: The collections.
    """

    def __init__(self, store: Store, collections: Sequence[Collection]) -> None:
        self._store = store
        self._documents = Documents(store.database, [one.collection_id for one in collections])
        self._bodies = Bodies(collections, store.previews)
        self._shared = {*SHARED, *(name for one in collections for name in one.passthrough)} - OUTPUTS

    def page(self, request: ListDocuments, asked: Slice) -> dict[str, Any]:
        """The reply to a request for a page."""
        size = asked.limit or _DEFAULT_LIMIT
        cursor = DocumentCursor.read(asked.cursor) if asked.cursor else DocumentCursor(partition=request.partition)
        if request.sort is None:
            found = self._in_order(request, cursor, 0 if asked.cursor else asked.start(size), size)
        else:
            found = self._sorted(request, cursor, cursor.passed if asked.cursor else asked.start(size), size)
        total = self._total(request, cursor) if asked.include_total else None
        reply = {
            "results": self._written(found.hits, request),
            "pagination": pagination(size, found.start, found.following, total=total) | {"previous_page": None},
            "total_documents": total,
        }
        return reply | {"warnings": [found.warning]} if found.warning else reply

    def matching(self, filters: Part | None, after: int = 0, first: int = 500) -> Iterator[Hit]:
        """The documents that meet the filters, in the order in which they were stored."""
        if filters is None:
            rows = self._documents.after(after, first)
            return ((row, self._bodies.document(row)) for row in rows)
        of_source = about(filters, self._shared)
        assets = None if of_source is None else self._assets(of_source)
        fits = predicate(filters)
        rows = self._documents.after(after, assets=assets) if assets is None or assets else ()
        return ((row, body) for row in rows if fits(body := self._bodies.document(row)))

    def written(self, rows: Iterable[sqlite3.Row], request: ListDocuments) -> list[Body]:
        """These documents, as a list writes them."""
        return self._written([(row, self._bodies.document(row)) for row in rows], request)

    def _assets(self, filters: Part) -> list[str]:
        """The assets whose documents can meet filters that ask only for what these have in common."""
        fits = predicate(filters)
        return [row["asset_id"] for row in self._documents.sources() if fits(self._bodies.source(row))]

    def _in_order(self, request: ListDocuments, cursor: DocumentCursor, start: int, size: int) -> "_Found":
        hits = list(islice(self._hits(request, cursor, start + size + 1), start, start + size + 1))
        page = hits[:size]
        following = None
        if len(hits) > size:
            following = cursor.model_copy(update={"after": page[-1][0]["place"]}).text()
        return _Found(page, start, following)

    def _sorted(self, request: ListDocuments, cursor: DocumentCursor, start: int, size: int) -> "_Found":
        hits = list(islice(self._hits(request, cursor, _MOST_SORTED + 1), _MOST_SORTED + 1))
        rows = {body["document_id"]: row for row, body in hits[:_MOST_SORTED]}
        bodies = arranged((body for _, body in hits[:_MOST_SORTED]), request.sort)
        page = [(rows[body["document_id"]], body) for body in bodies[start : start + size]]
        more = start + size < len(bodies)
        following = cursor.model_copy(update={"passed": start + size}).text() if more else None
        cut = f"sorted are only the first {_MOST_SORTED:,} documents" if len(hits) > _MOST_SORTED else None
        return _Found(page, start, following, cut)

    def _hits(self, request: ListDocuments, cursor: DocumentCursor, first: int) -> Iterator[Hit]:
        hits = self.matching(request.filters, cursor.after, first)
        partition = cursor.partition
        if partition is not None:
            hits = (hit for hit in hits if _is_in(partition, hit[1]))
        if request.search:
            sought = request.search.casefold()
            hits = (hit for hit in hits if any(sought in str(hit[1].get(name, "")).casefold() for name in TEXTS))
        return hits

    def _total(self, request: ListDocuments, cursor: DocumentCursor) -> int:
        if request.filters is None and not request.search and cursor.partition is None:
            return self._documents.count()
        return sum(1 for _ in self._hits(request, DocumentCursor(partition=cursor.partition), 500))

    def _written(self, hits: Sequence[Hit], request: ListDocuments) -> list[Body]:
        bodies = [selected(body, request.select, "document_id", "collection_id") for _, body in hits]
        names = _vectors_wanted(request)
        if names is None:
            return bodies
        vectors = vectors_of(self._store.database, [row for row, _ in hits])
        return [
            with_vectors(body, vectors[row["feature_id"]], names) for (row, _), body in zip(hits, bodies, strict=True)
        ]


@dataclass(frozen=True)
class _Found:
    """A page: its documents, how many come before it, and the cursor of the next one."""

    hits: list[Hit]
    start: int
    following: str | None
    warning: str | None = None


def _vectors_wanted(request: ListDocuments) -> list[str] | bool | None:
    """The names of vectors to write; True is all, False only says which there are, None not even that."""
    if request.return_vectors:
        return True
    names = request.return_vector_names
    return False if names is True else names or None


def _is_in(partition: Partition, body: Body) -> bool:
    return zlib.crc32(body["document_id"].encode()) % partition.count == partition.index
