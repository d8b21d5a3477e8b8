"""Collections (contract b2): they are created, or come to be with their first asset."""

import sqlite3
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mixpeek_local.http.creation import CreateCollection
from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.namespaces import NamespaceAsked
from mixpeek_local.http.paging import PageAsked
from mixpeek_local.http.replies import JSON, found
from mixpeek_local.http.schemas import Collection, CollectionDeleted, CollectionList
from mixpeek_local.store.listing import Listing
from mixpeek_local.store.made import change_collection, make_collection
from mixpeek_local.store.removal import delete_collection
from mixpeek_local.store.store import Store


def router(store: Store) -> APIRouter:
    """Routes about collections."""
    routes = APIRouter(tags=["collections"], route_class=JSONRoute)

    @routes.get("/collections", response_model=CollectionList)
    def list_collections(namespace: NamespaceAsked, page: PageAsked) -> Response:
        """List the collections by name."""
        every = [_body(row, namespace) for row in Listing(store.database, namespace).collections()]
        return JSON({"results": page.of(every), "pagination": page.pagination(len(every))})

    @routes.get("/collections/{collection}", response_model=Collection)
    @routes.get("/collections/{collection}/details", response_model=Collection)
    def get_collection(collection: str, namespace: NamespaceAsked) -> Response:
        """Return a collection."""
        return JSON(_one(store, namespace, collection))

    @routes.post("/collections", response_model=Collection)
    def create_collection(request: CreateCollection, namespace: NamespaceAsked) -> Response:
        """Create an empty collection; 400 if there is one with this name."""
        name = request.collection_name
        _refuse_taken(store, namespace, name)
        make_collection(store.database, namespace, name, request.metadata or {})
        return JSON(_one(store, namespace, name))

    @routes.put("/collections/{collection}", response_model=Collection)
    def update_collection(collection: str, request: CreateCollection, namespace: NamespaceAsked) -> Response:
        """Give a collection another name, which is its id too, and other metadata."""
        _one(store, namespace, collection)
        if request.collection_name != collection:
            _refuse_taken(store, namespace, request.collection_name)
        change_collection(store.database, namespace, collection, request.collection_name, request.metadata)
        return JSON(_one(store, namespace, request.collection_name))

    @routes.delete("/collections/{collection}", response_model=CollectionDeleted)
    def delete(collection: str, namespace: NamespaceAsked) -> Response:
        """Delete a collection's assets and everything they have; the task in the reply is done already."""
        task_id = found(delete_collection(store, namespace, collection), "collection")
        return JSON({"message": f"Collection {collection} has been deleted", "task_id": task_id})

    return routes


def _one(store: Store, namespace: str, collection: str) -> dict[str, Any]:
    rows = Listing(store.database, namespace).collections(collection)
    return _body(found(rows[0] if rows else None, "collection"), namespace)


def _refuse_taken(store: Store, namespace: str, name: str) -> None:
    if Listing(store.database, namespace).collections(name):
        raise HTTPException(400, f"there is a collection {name!r} already")


def _body(row: sqlite3.Row, namespace: str) -> dict[str, Any]:
    return {
        "collection_id": row["collection_id"],
        "collection_name": row["collection_id"],
        "namespace_id": namespace,
        "metadata": orjson.loads(row["metadata"]),
        "preview_url": None,
        "count": row["count"],
        "size_bytes": row["size_bytes"],
        "created_at": row["created_at"],
        "last_updated": row["last_updated"],
    }
