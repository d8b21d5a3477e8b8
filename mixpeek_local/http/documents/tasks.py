"""`/v1/batches` and `/v1/tasks`: batches by their ids alone, without a namespace."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response
from starlette.types import Scope

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.documents.batch_body import batch_body, deletion_body, task_body
from mixpeek_local.http.documents.batch_requests import ListBatches
from mixpeek_local.http.documents.batches import batches_listed
from mixpeek_local.http.documents.envelope import RefusedError
from mixpeek_local.http.documents.paging import SliceAsked
from mixpeek_local.http.documents.processing import progress_of
from mixpeek_local.http.documents.route import DocumentsRoute, shared_route
from mixpeek_local.http.documents.strict import Reply
from mixpeek_local.http.replies import JSON
from mixpeek_local.store.documents.batches import Batch, batch, batch_of_task, batches, cancel_batch
from mixpeek_local.store.documents.deletion import deleted_by
from mixpeek_local.store.documents.namespaces import namespace
from mixpeek_local.store.store import Store


def routers(store: Store, config: LocalApiConfig, *, alone: bool) -> list[APIRouter]:
    """Routes about batches and their tasks; an earlier era has tasks too, unless this style is alone."""
    database = store.database
    routes = APIRouter(tags=["batches"], route_class=DocumentsRoute)

    @routes.post("/batches/list", response_model=Reply)
    def list_batches(query: SliceAsked, request: ListBatches | None = None) -> Response:
        """List the batches of all namespaces, or of one, newest first."""
        request = request or ListBatches()
        wanted = request.namespace_id and namespace(database, request.namespace_id)
        namespace_id = wanted.namespace_id if wanted else request.namespace_id
        found = batches(database, namespace_id, request.bucket_id)
        return JSON(batches_listed(database, config, found, query, request))

    @routes.get("/batches/{batch_id}", response_model=Reply)
    def get_batch(batch_id: str) -> Response:
        """Return a batch."""
        found = batch(database, batch_id)
        if found is None:
            raise RefusedError(404, f"there is no batch {batch_id!r}")
        return JSON(batch_body(progress_of(database, config, found)))

    @routes.post("/batches/{batch_id}/cancel", response_model=Reply)
    def cancel(batch_id: str) -> Response:
        """Cancel a batch; one that has ended stays as it is."""
        return JSON(_canceled(batch(database, batch_id), "batch", batch_id))

    def _canceled(found: Batch | None, kind: str, given: str) -> dict[str, Any]:
        if found is None:
            raise RefusedError(404, f"there is no {kind} {given!r}")
        if not progress_of(database, config, found).has_ended:
            cancel_batch(database, found.batch_id)
        return task_body(progress_of(database, config, batch(database, found.batch_id) or found))

    def is_ours(scope: Scope) -> bool:
        task_id = scope["path_params"]["task_id"]
        return alone or batch_of_task(database, task_id) is not None or deleted_by(database, task_id) is not None

    shared = APIRouter(tags=["tasks"], route_class=shared_route(is_ours))

    @shared.get("/tasks/{task_id}", response_model=Reply, include_in_schema=alone)
    def get_task(task_id: str) -> Response:
        """Return the task of a batch, or of a deletion."""
        if deleted := deleted_by(database, task_id):
            return JSON(deletion_body(task_id, deleted))
        found = batch_of_task(database, task_id)
        if found is None:
            raise RefusedError(404, f"there is no task {task_id!r}")
        return JSON(task_body(progress_of(database, config, found)))

    @shared.delete("/tasks/{task_id}", response_model=Reply, include_in_schema=alone)
    def cancel_task(task_id: str) -> Response:
        """Cancel the task of a batch, and with it the batch; one that has ended stays as it is."""
        if deleted := deleted_by(database, task_id):
            return JSON(_killed(deletion_body(task_id, deleted)))
        return JSON(_killed(_canceled(batch_of_task(database, task_id), "task", task_id)))

    return [routes, shared]


def _killed(task: dict[str, Any]) -> dict[str, Any]:
    return {"success": True, "message": f"Task {task['task_id']} is {task['status']}", **task}
