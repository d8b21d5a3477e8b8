"""Namespaces, and the named vectors (contract b6)."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.replies import JSON, found
from mixpeek_local.http.schemas import Namespace, VectorIndexes
from mixpeek_local.store.listing import namespaces
from mixpeek_local.store.store import Store


def router(store: Store) -> APIRouter:
    """Routes about namespaces."""
    routes = APIRouter(tags=["namespaces"], route_class=JSONRoute)

    @routes.get("/namespaces", response_model=list[Namespace])
    def list_namespaces() -> Response:
        """List the default namespace and those that have assets."""
        return JSON([_body(name) for name in namespaces(store.database)])

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
        return JSON(_body(found(namespace if namespace in namespaces(store.database) else None, "namespace")))

    return routes


def _body(name: str) -> dict[str, Any]:
    vectors = sorted(vectors_offered())
    return {
        "namespace_id": name,
        "namespace_name": name,
        "vector_indexes": vectors,
        "embedding_models": vectors,
        "payload_indexes": None,
    }
