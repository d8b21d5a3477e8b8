"""The search for documents, and a retriever that does the same.

Their replies have an extension, `score_floors`: below the floor of its modality, a document is nothing like the words.
"""

import secrets
import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response
from starlette.types import Scope

from mixpeek_local.http.body_limit import body_of
from mixpeek_local.http.documents.chosen import chosen_collections
from mixpeek_local.http.documents.document_body import Body
from mixpeek_local.http.documents.document_search import DocumentSearch, Sought
from mixpeek_local.http.documents.namespace import DocumentsNamespace
from mixpeek_local.http.documents.route import DocumentsRoute, shared_route
from mixpeek_local.http.documents.search_requests import ExecuteRetriever, SearchFeatures
from mixpeek_local.http.documents.strict import Reply
from mixpeek_local.http.replies import JSON
from mixpeek_local.store.documents.namespaces import Namespace
from mixpeek_local.store.store import Store


def routers(store: Store, search: DocumentSearch, *, alone: bool) -> list[APIRouter]:
    """Routes that search.

    Args:
        store: The store.
        search: Searches it.
        alone: Whether no earlier era has `/v1/features/search`; else the key `collection_identifiers` tells.
    """

    def found(namespace: Namespace, names: list[str] | None, sought: Sought) -> list[Body]:
        chosen, _ = chosen_collections(store, namespace, names)
        return search.found(namespace.namespace_id, chosen, sought)

    def is_ours(scope: Scope) -> bool:
        return alone or "collection_identifiers" in body_of(scope)

    shared = APIRouter(tags=["search"], route_class=shared_route(is_ours))

    # Not async: a model computes, and vectors are read from the disk.
    @shared.post("/features/search", response_model=Reply, include_in_schema=alone)
    def search_features(request: SearchFeatures, namespace: DocumentsNamespace) -> Response:
        """Find the documents nearest to words, a vector or another document, in one vector index."""
        started = time.perf_counter()
        sought = Sought(request.feature_uri, request.query, request.top_k, [request.filters])
        documents = found(namespace, request.collection_identifiers, sought)
        return JSON(_reply("search", sought, documents, request.top_k, started))

    routes = APIRouter(tags=["search"], route_class=DocumentsRoute)

    @routes.post("/retrievers/execute", response_model=Reply)
    def execute(request: ExecuteRetriever, namespace: DocumentsNamespace) -> Response:
        """Execute a retriever of one stage, `feature_search`, and forget it."""
        started = time.perf_counter()
        parameters = request.stages[0].config.parameters
        one = parameters.searches[0]
        sought = Sought(
            one.feature_uri,
            one.query,
            min(one.top_k, parameters.final_top_k),
            [request.filters, request.pre_filters, parameters.pre_filters, one.filters],
            one.min_score,
            request.inputs or {},
            ("body", "stages", 0, "config", "parameters", "searches", 0),
        )
        names = one.collection_identifiers or request.collection_identifiers or request.collection_ids
        documents = found(namespace, names, sought)
        size = request.limit or request.page_size or parameters.final_top_k
        return JSON(_reply(request.stages[0].stage_name, sought, documents, size, started))

    return [shared, routes]


def _reply(stage: str, sought: Sought, documents: Sequence[Body], size: int, started: float) -> dict[str, Any]:
    page = documents[:size]
    milliseconds = round(1_000 * (time.perf_counter() - started), 1)
    return {
        "execution_id": f"exec_{secrets.token_hex(12)}",
        "status": "completed",
        "documents": page,
        "pagination": {
            "method": "offset",
            "page_number": 1,
            "page_size": size,
            "returned": len(page),
            "total": len(documents),
            "has_next": size < len(documents),
        },
        "stage_statistics": {
            "stages": {stage: {"duration_ms": milliseconds, "input_count": 0, "output_count": len(documents)}}
        },
        "budget": {"credits_used": 0, "time_used_ms": milliseconds},
        "warnings": [],
        "score_floors": sought.floors,
    }
