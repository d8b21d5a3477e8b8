"""The routes of the Mixpeek API, un-prefixed and under `/v1`."""

import hmac
import logging
import os
from importlib.metadata import version
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mixpeek_assets.local_api.config import LocalApiConfig
from mixpeek_assets.local_api.ingest import IngestRequest, InvalidBodyError, read_ingest_request
from mixpeek_assets.local_api.payloads import asset_body, feature_body, features_body, task_body
from mixpeek_assets.local_api.store import Store

MAX_BODY_BYTES = 1 << 20
_OPEN_PATHS = ("/", "/health")
_TYPES = {
    400: "BadRequest",
    401: "Unauthorized",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "PayloadTooLarge",
    500: "InternalServerError",
}


def create_app(store: Store, api_key: str, config: LocalApiConfig) -> Starlette:
    """Make the application that serves `store` to holders of `api_key`."""
    routes = Routes(store, config)
    paths = [
        ("/ingest/videos/url", routes.ingest_video, "POST"),
        ("/tasks/{task_id}", routes.get_task, "GET"),
        ("/assets/{asset_id}/features", routes.get_asset_with_features, "GET"),
        ("/features/{feature_id}", routes.get_feature, "GET"),
    ]
    app = Starlette(
        routes=[
            Route("/", routes.welcome),
            Route("/health", routes.health),
            *(
                Route(prefix + path, endpoint, methods=[method])
                for prefix in ("", "/v1")
                for path, endpoint, method in paths
            ),
        ],
        middleware=[Middleware(BearerAuth, api_key=api_key)],
        exception_handlers={
            HTTPException: _http_error,
            InvalidBodyError: _invalid_body,
            Exception: _unexpected_error,
        },
    )
    app.router.redirect_slashes = False
    return app


class JSON(Response):
    """A JSON reply; vectors are written as the shortest decimals that give the same float32."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Serialise `content`, in which vectors may be NumPy arrays."""
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


class Routes:
    """The endpoints. Short reads run on the event loop: they take well under a millisecond and wait for nobody."""

    def __init__(self, store: Store, config: LocalApiConfig) -> None:
        self._store = store
        self._config = config

    async def welcome(self, _request: Request) -> Response:
        """Say what this is."""
        return PlainTextResponse("The local Mixpeek API of mixpeek_assets. It needs its key; GET /health does not.\n")

    async def health(self, _request: Request) -> Response:
        """Tell callers whether this server suits them."""
        return JSON(
            {
                "status": "ok",
                "version": version("mixpeek-assets"),
                "pid": os.getpid(),
                "allowed_folders": [str(folder.resolve()) for folder in self._config.allowed_folders],
            }
        )

    async def ingest_video(self, request: Request) -> Response:
        """Queue a video (guide, step 1)."""
        ingest = read_ingest_request(await _body(request))
        # A write may wait for a worker's, so not on the event loop.
        task_id = await run_in_threadpool(self._queue, ingest)
        return JSON({"message": "Video URL processing queued", "task_id": task_id})

    async def get_task(self, request: Request) -> Response:
        """Tell a task's status (guide, step 2)."""
        task = _found(self._store.tasks.get(request.path_params["task_id"]), "task")
        return JSON(task_body(task))

    async def get_asset_with_features(self, request: Request) -> Response:
        """List an asset's features (guide, step 3); the body that the guide sends along is not read."""
        asset = _found(self._store.asset(request.path_params["asset_id"]), "asset")
        features = await run_in_threadpool(self._store.features, asset["asset_id"])
        return JSON({"asset": asset_body(asset), "features": features_body(features)})

    async def get_feature(self, request: Request) -> Response:
        """Give a feature, with its vectors when asked (guide, step 4; the reference calls it `return_vectors`)."""
        feature = _found(self._store.feature(request.path_params["feature_id"]), "feature")
        wanted = any(_is_true(request, name) for name in ("include_vectors", "return_vectors"))
        return JSON(feature_body(feature, self._store.vectors(feature["feature_id"]) if wanted else None))

    def _queue(self, ingest: IngestRequest) -> str:
        settings: dict[str, Any] = {
            "url": ingest.url,
            "metadata": ingest.metadata or {},
            "interval_sec": ingest.interval_sec,
            "skip_duplicate": ingest.skip_duplicate is not False,
        }
        if ingest.asset_update is None:
            return self._store.ingest(collection=ingest.collection, **settings)
        update = ingest.asset_update
        return _found(self._store.update(update.asset_id, update.mode, **settings), "asset")


class BearerAuth:
    """Lets requests through that carry the key."""

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        self._app = app
        self._expected = f"Bearer {api_key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, or pass the request on (contract b1)."""
        if scope["type"] != "http" or scope["path"] in _OPEN_PATHS or self._authorised(scope):
            await self._app(scope, receive, send)
            return
        await _error(401, "give the API key as 'Authorization: Bearer <key>'")(scope, receive, send)

    def _authorised(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._expected)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, f"the body is larger than {MAX_BODY_BYTES:,} bytes")
    return bytes(body)


def _found(row: Any, kind: str) -> Any:
    if row is None:
        raise HTTPException(404, f"there is no {kind} with this id")
    return row


def _is_true(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("true", "1", "yes")


def _error(status: int, message: str, headers: Any = None) -> Response:
    """The envelope of contract b7."""
    error = {"message": message, "type": _TYPES.get(status, "Error")}
    return JSON({"success": False, "status": status, "error": error}, status_code=status, headers=headers)


async def _http_error(_request: Request, error: Any) -> Response:
    return _error(error.status_code, error.detail, error.headers)


async def _invalid_body(_request: Request, error: Any) -> Response:
    return JSON({"detail": error.detail}, status_code=422)


async def _unexpected_error(request: Request, _error_logged_by_the_server: Exception) -> Response:
    logging.getLogger(__name__).error("%s %s failed", request.method, request.url.path)
    return _error(500, "the local API failed; its log says why")
