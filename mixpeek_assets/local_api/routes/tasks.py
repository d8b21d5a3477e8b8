"""Tasks (guide, step 2; contract b3)."""

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_assets.local_api.payloads import task_body
from mixpeek_assets.local_api.replies import JSON, found
from mixpeek_assets.local_api.store import Store


def router(store: Store) -> APIRouter:
    """Routes about tasks."""
    routes = APIRouter(tags=["tasks"])

    @routes.get("/tasks/{task_id}")
    async def get_task(task_id: str) -> Response:
        """Tell a task's status."""
        return JSON(task_body(found(store.tasks.get(task_id), "task")))

    return routes
