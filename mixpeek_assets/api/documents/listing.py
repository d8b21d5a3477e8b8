"""The documents of some videos with their vectors, in pages: no call for each (today's contract, 6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mixpeek_assets.api.documents.batches import read_objects
from mixpeek_assets.api.documents.calls import Calls
from mixpeek_assets.api.documents.paging import items, next_cursor, one_of
from mixpeek_assets.api.documents.records import asset_row, is_uncertain, owner_of, read_document
from mixpeek_assets.api.documents.site import Site
from mixpeek_assets.api.errors import ABORTS_RUN, MixpeekError, NotYetVisibleError, PermanentError
from mixpeek_assets.api.port import AssetReply, FeatureReply, Problem, Wanted
from mixpeek_assets.api.values import excerpt, number, text
from mixpeek_assets.strict_json import JsonObject

PAGE = 100
"""Documents of a page: with vectors, 5 to 9 MB."""

_DELETED_AT_ONCE = 1_000

_PATH = "/collections/{id}/documents/list"

WAYS = ("video_key", "_internal.lineage.root_object_id", None)
"""The fields by which documents are asked for, the surest first; None asks for all of the collection.

Which of them a filter may name is not documented, so an empty answer is never taken for "no documents".
"""


@dataclass
class _Asset:
    """An asset of the list: its object, and its documents as they come."""

    wanted: Wanted
    item: JsonObject | None
    features: dict[str, JsonObject] = field(default_factory=dict[str, Any])
    problems: list[Problem] = field(default_factory=list[Problem])
    documents: float | None = None
    error: MixpeekError | None = None


class Listing:
    """Lists the documents of assets of one site.

    Args:
        calls: Sends the calls.
        site: Where they are.
        first_way: The place in `WAYS` to begin with.

    Attributes:
        way: Where the next listing should begin: at the first way that found anything.
    """

    def __init__(self, calls: Calls, site: Site, first_way: int) -> None:
        self._calls, self._site, self.way = calls, site, first_way

    def run(self, wanted: Sequence[Wanted]) -> Iterator[tuple[Wanted, AssetReply | FeatureReply | MixpeekError]]:
        """Yield documents as they come, and at last each asset, or why it cannot be read; raises one of `ABORTS_RUN`.

        The assets of a page that makes no sense are read by halves, so that at last only those fail that bring it.
        """
        try:
            yield from self._run(wanted)
        except ABORTS_RUN:
            raise
        except PermanentError as error:
            if len(wanted) == 1:
                yield wanted[0], error
                return
            half = len(wanted) // 2
            yield from self.run(wanted[:half])
            yield from self.run(wanted[half:])
        except MixpeekError as error:
            yield from ((one, error) for one in wanted)

    def _run(self, wanted: Sequence[Wanted]) -> Iterator[tuple[Wanted, AssetReply | FeatureReply | MixpeekError]]:
        items = read_objects(self._calls, self._site.bucket_id, [one.asset_id for one in wanted])
        assets = {one.asset_id: _Asset(one, items.get(one.asset_id)) for one in wanted}
        empty = list(assets.values())
        for way in range(self.way, len(WAYS)):
            yield from self._walk(WAYS[way], {one.wanted.asset_id: one for one in empty})
            if len(empty) == len(assets) and any(one.features for one in empty):
                self.way = way
            empty = [one for one in empty if not one.features and self._may_have_documents(one)]
            if not empty:
                break
        for one in assets.values():
            yield one.wanted, self._result(one)

    def delete(self, wanted: Wanted) -> None:
        """Delete the documents of an asset, then the asset; what is gone already is no error."""
        for way in WAYS[self.way :]:
            listed = self._documents(way, [wanted], vectors=False)
            mine = [text(one.get("document_id")) for one in listed if owner_of(one)[0] == wanted.asset_id]
            if found := [document_id for document_id in mine if document_id]:
                for start in range(0, len(found), _DELETED_AT_ONCE):
                    ids = found[start : start + _DELETED_AT_ONCE]
                    self._calls.delete(
                        "/collections/{id}/documents/batch", self._site.collection_id, body={"document_ids": ids}
                    )
                break
        self._calls.delete("/buckets/{bucket}/objects/{id}", wanted.asset_id, ids={"bucket": self._site.bucket_id})

    def _walk(
        self, way: str | None, assets: dict[str, _Asset]
    ) -> Iterator[tuple[Wanted, AssetReply | FeatureReply | MixpeekError]]:
        """Read every page of a way; yield the documents of these assets, and note them."""
        by_key = {one.wanted.video_id: one for one in assets.values()}
        for document in self._documents(way, [one.wanted for one in assets.values()]):
            object_id, key = owner_of(document)
            # The filter may be ignored, or find what another submission of the same video has made.
            owner = by_key.get(key or "") if object_id is None else assets.get(object_id)
            if owner is None:
                continue
            document_id = text(document.get("document_id"))
            if document_id is None:
                reason = "a document has no document_id"
                owner.problems.append(Problem(owner.wanted.asset_id, reason, excerpt(sorted(document))))
                continue
            reply = read_document(document, document_id, self._site.vector_names)
            owner.features[document_id] = reply.feature
            # A vector that is missing here may exist: it is read again, on its own.
            if not is_uncertain(document):
                yield owner.wanted, reply

    def _documents(self, way: str | None, assets: Sequence[Wanted], *, vectors: bool = True) -> Iterator[JsonObject]:
        values = [one.video_id if way == "video_key" else one.asset_id for one in assets]
        filters = {} if way is None else {"filters": one_of(way, values)}
        cursor, seen = None, set[str]()
        while True:
            body: JsonObject = {**filters, "limit": PAGE, "return_vectors": vectors}
            if cursor is not None:
                body["cursor"] = cursor
            page = self._calls.post(_PATH, body, self._site.collection_id)
            yield from items(page, f"POST {_PATH}")
            cursor = next_cursor(page, seen, f"POST {_PATH}")
            if cursor is None:
                return

    def _may_have_documents(self, one: _Asset) -> bool:
        """Ask the object how many documents it has; not knowing is not having none."""
        if one.documents is None and one.error is None:
            try:
                one.item = self._object(one.wanted.asset_id)
                one.documents = number(one.item.get("document_count"))
            except ABORTS_RUN:
                raise
            except MixpeekError as error:
                one.error = error
        return one.error is None and one.documents != 0

    def _result(self, one: _Asset) -> AssetReply | MixpeekError:
        asset_id = one.wanted.asset_id
        if not one.features and one.documents != 0:
            reason = "it has documents, and no page shows them yet"
            return one.error or NotYetVisibleError(f"POST {_PATH}", reason, asset_id)
        try:
            item = one.item or self._object(asset_id)
        except ABORTS_RUN:
            raise
        except MixpeekError as error:
            return error
        row = {**asset_row(item, asset_id), "collection_id": self._site.collection_id}
        return AssetReply(row, list(one.features.values()), one.problems)

    def _object(self, asset_id: str) -> JsonObject:
        return self._calls.get(
            "/buckets/{bucket}/objects/{id}",
            asset_id,
            ids={"bucket": self._site.bucket_id},
            query="include_document_count=true",
        )
