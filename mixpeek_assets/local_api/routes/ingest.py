"""`POST /ingest/videos/url` (guide, step 1)."""

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_assets.local_api.ingest import IngestRequest
from mixpeek_assets.local_api.replies import JSON, found
from mixpeek_assets.local_api.store import Store, Submission


def router(store: Store) -> APIRouter:
    """Routes that queue work."""
    routes = APIRouter(tags=["ingest"])

    # Not async: a write may wait for a worker's, so it must not be on the event loop.
    @routes.post("/ingest/videos/url")
    def ingest_video(request: IngestRequest) -> Response:
        """Queue a video."""
        submission = Submission(
            url=request.url,
            collection=request.collection,
            metadata=request.metadata or {},
            settings=request.settings,
            skip_duplicate=request.skip_duplicate is not False,
        )
        if request.asset_update is None:
            task_id = store.ingest(submission)
        else:
            update = request.asset_update
            task_id = found(store.update(update.asset_id, update.mode, submission), "asset")
        return JSON({"message": "Video URL processing queued", "task_id": task_id})

    return routes
