"""Documents: lists of them, one of them, their deletion."""

import json
from typing import Any

from tests.fakes.today.errors import invalid, not_found
from tests.fakes.today.filters import test_of
from tests.fakes.today.places import collection_named
from tests.fakes.today.routes import Call, paged, route
from tests.fakes.today.world import Collection, Document, World

_LISTED = (
    "filters cursor limit page_size offset page next_cursor after return_vectors return_vector_names select"
    " return_presigned_urls include_total sort search group_by expand partition"
)
_MOST_DELETED = 1_000


def documents_of(world: World, collection: Collection, filters: dict[str, Any] | None) -> list[Document]:
    """Return the documents of a collection that pass, as far as filters work here."""
    here = [found for found in world.documents.values() if found.collection_id == collection.collection_id]
    passes = test_of(filters, world.filter_paths)
    kept = [found for found in here if passes(found.fields)]
    return here if world.filters_ignored else kept


def _collection(world: World, call: Call) -> Collection:
    return collection_named(world, call.namespace, call.parts["collection"])


@route("POST", "/collections/{collection}/documents/list", _LISTED)
def list_documents(world: World, call: Call) -> Any:
    return _list(world, call, call.body)


@route("GET", "/collections/{collection}/documents")
def list_documents_by_query(world: World, call: Call) -> Any:
    said: dict[str, Any] = dict(call.query)
    said["filters"] = json.loads(said.get("filters") or "{}")
    said["return_vectors"] = call.flag("return_vectors")
    return _list(world, call, said)


def _list(world: World, call: Call, said: dict[str, Any]) -> dict[str, Any]:
    found = documents_of(world, _collection(world, call), said.get("filters"))
    if world.empty_reads > 0:
        world.empty_reads -= 1
        found = []
    page, pagination = paged(call, found, default=10)
    rows = [_reply(one, vectors=bool(said.get("return_vectors"))) for one in page]
    if said.get("return_vector_names"):
        rows = [{**row, "_vectors": list(one.vectors)} for row, one in zip(rows, page, strict=True)]
    if selected := said.get("select"):
        names = {"document_id", "collection_id", *(name.partition(".")[0] for name in selected)}
        rows = [{name: value for name, value in row.items() if name in names} for row in rows]
    return {"results": rows, "pagination": pagination, "total_documents": None, "warnings": None, "stats": None}


@route("GET", "/collections/{collection}/documents/count")
def count_documents(world: World, call: Call) -> Any:
    collection = _collection(world, call)
    return {"collection_id": collection.collection_id, "count": len(documents_of(world, collection, None))}


@route("GET", "/collections/{collection}/documents/{document}")
def get_document(world: World, call: Call) -> Any:
    collection, found = _collection(world, call), world.documents.get(call.parts["document"])
    if found is None or found.collection_id != collection.collection_id:
        raise not_found(f"Document {call.parts['document']}")
    return _reply(found, vectors=call.flag("return_vectors"))


@route("DELETE", "/collections/{collection}/documents/batch", "document_ids filters reason", writes=True)
def delete_documents(world: World, call: Call) -> Any:
    here = documents_of(world, _collection(world, call), call.body.get("filters"))
    asked = call.body.get("document_ids")
    if not asked and not call.body.get("filters"):
        raise invalid("missing", ["body", "document_ids"], "document_ids or filters are required")
    if asked and len(asked) > _MOST_DELETED:
        raise invalid("too_long", ["body", "document_ids"], f"List should have at most {_MOST_DELETED} items")
    gone = [one.document_id for one in here if not asked or one.document_id in asked]
    for document_id in gone:
        del world.documents[document_id]
    results = [{"document_id": document_id, "success": True, "error": None} for document_id in gone]
    return {"status": "COMPLETED", "deleted_count": len(gone), "failed_count": 0, "results": results}


def _reply(found: Document, *, vectors: bool) -> dict[str, Any]:
    if not vectors:
        return found.fields
    if found.unhydrated_reads > 0:
        found.unhydrated_reads -= 1
        there = dict(list(found.vectors.items())[:-1])
        return {**found.fields, **there, "vector_hydration_incomplete": True}
    return {**found.fields, **found.vectors}
