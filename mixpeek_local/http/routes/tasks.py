"""Tasks (guide, step 2; contract b3)."""

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.namespaces import NamespaceAsked
from mixpeek_local.http.paging import PageAsked
from mixpeek_local.http.payloads import task_body
from mixpeek_local.http.profiles import Profiles
from mixpeek_local.http.replies import JSON, found
from mixpeek_local.http.schemas import Cancelled, Task, TaskList
from mixpeek_local.store.listing import Listing
from mixpeek_local.store.removal import cancel
from mixpeek_local.store.store import ENDED, Store


def router(store: Store, profiles: Profiles) -> APIRouter:
    """Routes about tasks."""
    routes = APIRouter(tags=["tasks"], route_class=JSONRoute)

    @routes.get("/tasks", response_model=TaskList)
    def list_active_tasks(namespace: NamespaceAsked, page: PageAsked) -> Response:
        """List the tasks that have not ended, oldest first."""
        listing = Listing(store.database, namespace)
        tasks = listing.active_tasks(page.size, page.offset)
        results = [profiles.reply("task", task_body(task)) for task in tasks]
        return JSON({"results": results, "pagination": page.pagination(listing.count_active_tasks())})

    @routes.get("/tasks/{task_id}", response_model=Task)
    async def get_task(task_id: str) -> Response:
        """Return a task."""
        return JSON(profiles.reply("task", task_body(found(store.tasks.get(task_id), "task"))))

    @routes.delete("/tasks/{task_id}", response_model=Cancelled)
    def cancel_task(task_id: str) -> Response:
        """Cancel a task for good; one that has ended stays as it is."""
        before = found(cancel(store, task_id), "task")["status"]
        if before in ENDED:
            message, status = f"Task {task_id} had ended already", before
        else:
            message, status = f"Task {task_id} has been successfully canceled", "CANCELLED"
        return JSON({"message": message, "task_id": task_id, "status": status})

    return routes
