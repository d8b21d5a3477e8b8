"""Namespaces, and the named vectors (contract b6)."""

from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.http.creation import CreateNamespace
from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.replies import JSON, found
from mixpeek_local.http.schemas import Namespace, VectorIndexes
from mixpeek_local.store.database import Database
from mixpeek_local.store.listing import namespaces
from mixpeek_local.store.made import made_namespace, make_namespace
from mixpeek_local.store.store import Store


def router(store: Store) -> APIRouter:
    """Routes about namespaces."""
    routes = APIRouter(tags=["namespaces"], route_class=JSONRoute)

    @routes.get("/namespaces", response_model=list[Namespace])
    def list_namespaces() -> Response:
        """List the default namespace, and those that were created or have assets."""
        return JSON([_body(store.database, name) for name in namespaces(store.database)])

    @routes.get("/namespaces/indexes", response_model=VectorIndexes)
    @routes.get("/namespaces/models", response_model=VectorIndexes)
    def list_vectors() -> Response:
        """List the named vectors; the path and the field were renamed in January 2025."""
        vectors = {
            name: {"supported_modalities": list(kind.modalities), "vector_type": "dense", "size": kind.dimensions}
            for name, kind in vectors_offered().items()
        }
        return JSON({"vector_indexes": vectors, "embedding_models": vectors, "payload_indexes": []})

    @routes.get("/namespaces/{namespace}", response_model=Namespace)
    def get_namespace(namespace: str) -> Response:
        """Return a namespace."""
        known = namespace if namespace in namespaces(store.database) else None
        return JSON(_body(store.database, found(known, "namespace")))

    @routes.post("/namespaces", response_model=Namespace)
    def create_namespace(request: CreateNamespace) -> Response:
        """Create a namespace for some named vectors; 400 if there is one with this name."""
        name = request.namespace_name
        if name in namespaces(store.database):
            raise HTTPException(400, f"there is a namespace {name!r} already")
        make_namespace(store.database, name, request.vectors or sorted(vectors_offered()), request.payload_indexes)
        return JSON(_body(store.database, name))

    return routes


def _body(database: Database, name: str) -> dict[str, Any]:
    made = made_namespace(database, name) or {"vectors": sorted(vectors_offered()), "payload_indexes": None}
    vectors = made["vectors"]
    return {
        "namespace_id": name,
        "namespace_name": name,
        "vector_indexes": vectors,
        "embedding_models": vectors,
        "payload_indexes": made["payload_indexes"],
    }
