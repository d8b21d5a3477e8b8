"""`/v1/namespaces` of the style `documents`."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response
from starlette.types import Scope

from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.http.body_limit import body_of
from mixpeek_local.http.creation import CREATES_NAMESPACE
from mixpeek_local.http.documents import extractors
from mixpeek_local.http.documents.envelope import RefusedError
from mixpeek_local.http.documents.lists import ListBody, listed
from mixpeek_local.http.documents.paging import SliceAsked
from mixpeek_local.http.documents.route import DocumentsRoute, shared_route
from mixpeek_local.http.documents.strict import NotOffered, Reply, StrictBody, Text
from mixpeek_local.http.ingest import Metadata
from mixpeek_local.http.replies import JSON
from mixpeek_local.store.documents.deletion import delete_namespace, is_busy
from mixpeek_local.store.documents.ids import NameTakenError
from mixpeek_local.store.documents.namespaces import Namespace, create_namespace, namespace, namespaces
from mixpeek_local.store.store import Store

_PAGING = ("limit", "page_size", "offset", "page", "cursor", "next_cursor", "after", "include_total")
_SEARCHED = ("namespace_id", "namespace_name")


class ExtractorName(StrictBody):
    """An extractor that the collections of a namespace may use."""

    feature_extractor_name: Text
    version: Text
    params: Metadata | None = None


class CreateNamespace(StrictBody):
    """A namespace to create."""

    namespace_name: Annotated[str, Field(min_length=3, max_length=64, pattern=r"\S")]
    description: str | None = None
    mode: Literal["managed"] | None = None
    features: Annotated[list[Text], Field(max_length=100)] | None = None
    feature_extractors: Annotated[list[ExtractorName], Field(max_length=100)] | None = None
    payload_indexes: Annotated[list[Metadata], Field(max_length=1_000)] | None = None
    ttl_seconds: Annotated[int | None, Field(ge=60, le=10 * 366 * 24 * 3600)] = None
    auto_create_indexes: bool | None = None
    adaptive_indexing: bool | None = None
    namespace_id: NotOffered = None
    namespace_type: NotOffered = None
    scope: NotOffered = None
    vector_configs: NotOffered = None
    infrastructure: NotOffered = None
    trusted_issuers: NotOffered = None
    tiering: NotOffered = None
    spend_budget: NotOffered = None
    cost_cap_override: NotOffered = None


def routers(store: Store, *, alone: bool) -> list[APIRouter]:
    """Routes about namespaces.

    Args:
        store: The store.
        alone: Whether no earlier era has `/v1/namespaces`. If one has, its list answers a GET without paging, and
            it answers for namespaces that this style does not know.
    """
    database = store.database
    routes = APIRouter(tags=["namespaces"], route_class=DocumentsRoute)

    def is_of_today(scope: Scope) -> bool:
        return alone or body_of(scope).keys().isdisjoint(CREATES_NAMESPACE)

    new = APIRouter(tags=["namespaces"], route_class=shared_route(is_of_today))

    @new.post("/namespaces", response_model=Reply, include_in_schema=alone)
    def create(request: CreateNamespace) -> Response:
        """Create a namespace; 409 if there is one with this name."""
        named = [one.model_dump(exclude_none=True) for one in request.feature_extractors or ()]
        for one in named:
            extractors.check_offered(one["feature_extractor_name"], one["version"])
        try:
            made = create_namespace(
                database,
                request.namespace_name,
                named or list(extractors.OFFERED),
                list(request.payload_indexes or ()),
                request.ttl_seconds,
            )
        except NameTakenError as taken:
            raise RefusedError(409, str(taken), code="namespace_name_taken") from None
        return JSON(_body(made))

    @routes.post("/namespaces/list", response_model=Reply)
    def list_by_post(asked: SliceAsked, request: ListBody | None = None) -> Response:
        """List the namespaces, oldest first unless sorted."""
        return JSON(listed(map(_body, namespaces(database)), asked, request, _SEARCHED))

    def is_paged(scope: Scope) -> bool:
        return alone or any(part.partition("=")[0] in _PAGING for part in scope["query_string"].decode().split("&"))

    several = APIRouter(tags=["namespaces"], route_class=shared_route(is_paged))

    @several.get("/namespaces", response_model=Reply, include_in_schema=alone)
    def list_namespaces(asked: SliceAsked) -> Response:
        """List the namespaces, oldest first."""
        return JSON(listed(map(_body, namespaces(database)), asked, None, _SEARCHED))

    def is_known(scope: Scope) -> bool:
        return alone or namespace(database, scope["path_params"]["namespace_id"]) is not None

    one = APIRouter(tags=["namespaces"], route_class=shared_route(is_known))

    @one.get("/namespaces/{namespace_id}", response_model=Reply, include_in_schema=alone)
    def get_namespace(namespace_id: str) -> Response:
        """Return a namespace by its id or name."""
        found = namespace(database, namespace_id)
        if found is None:
            raise RefusedError(404, f"there is no namespace {namespace_id!r}")
        return JSON(_body(found))

    @routes.delete("/namespaces/{namespace_id}", response_model=Reply)
    def delete(namespace_id: str, force: bool = False) -> Response:
        """Delete a namespace with all that is in it; 409 while batches are under way, unless forced."""
        found = namespace(database, namespace_id)
        if found is None:
            raise RefusedError(404, f"there is no namespace {namespace_id!r}")
        if not force and is_busy(database, found):
            message = (
                f"batches of the namespace {found.name!r} are under way: cancel them, or delete it with force=true"
            )
            raise RefusedError(409, message, code="namespace_busy")
        body = {"task_id": delete_namespace(store, found), "status": "COMPLETED"}
        return JSON(body | {"namespace_id": found.namespace_id, "namespace_name": found.name})

    return [new, routes, several, one]


def _body(found: Namespace) -> dict[str, Any]:
    return {
        "object": "namespace",
        "namespace_id": found.namespace_id,
        "namespace_name": found.name,
        "mode": "managed",
        "feature_extractors": [
            one | {"feature_extractor_id": extractors.id_of(one["feature_extractor_name"], one["version"])}
            for one in found.extractors
        ],
        "vector_inference_map": {name: name for name in vectors_offered()},
        "payload_indexes": found.payload_indexes,
        "namespace_ready": True,
        "created_at": found.created_at,
        "updated_at": found.created_at,
        "expires_at": found.expires_at,
    }
