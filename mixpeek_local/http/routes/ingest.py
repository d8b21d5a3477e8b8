"""`POST /ingest/videos/url` (guide, step 1)."""

from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_local.http.ingest import IngestRequest
from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.namespaces import NamespaceAsked
from mixpeek_local.http.payloads import ingest_body
from mixpeek_local.http.profiles import Profiles
from mixpeek_local.http.replies import JSON, found, invalid
from mixpeek_local.http.schemas import Queued
from mixpeek_local.store.store import Store, Submission


def router(store: Store, profiles: Profiles) -> APIRouter:
    """Routes that queue work."""
    routes = APIRouter(tags=["ingest"], route_class=JSONRoute)

    # Not async: a write may wait for that of a worker, so it must not run on the event loop.
    @routes.post("/ingest/videos/url", response_model=Queued)
    def ingest_video(request: IngestRequest, namespace: NamespaceAsked) -> Response:
        """Queue a video."""
        if not (profiles.takes_any_url or _is_web_address(request.url)):
            raise invalid(["body", "url"], "the URL must begin with http:// or https:// and have a host")
        submission = Submission(
            url=request.url,
            collection=request.collection,
            metadata=request.metadata or {},
            settings=request.settings,
            skip_duplicate=request.skip_duplicate is not False,
            namespace=namespace,
        )
        if request.asset_update is None:
            task_id = store.ingest(submission)
        else:
            update = request.asset_update
            task_id = found(store.update(update.asset_id, update.mode, submission), "asset")
        return JSON(profiles.reply("ingest", ingest_body(task_id, request.url)))

    return routes


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
