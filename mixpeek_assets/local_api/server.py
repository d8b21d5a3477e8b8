"""The application: every room of `routes/`, un-prefixed and under `/v1`, behind the key."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from mixpeek_assets.local_api import replies
from mixpeek_assets.local_api.auth import BearerAuth
from mixpeek_assets.local_api.body_limit import BodyLimit
from mixpeek_assets.local_api.config import LocalApiConfig
from mixpeek_assets.local_api.routes import assets, features, health, ingest, tasks
from mixpeek_assets.local_api.store import Store


def create_app(store: Store, api_key: str, config: LocalApiConfig) -> FastAPI:
    """Make the application that serves `store` to holders of `api_key`."""
    app = FastAPI(
        title="Local Mixpeek API",
        docs_url=None,  # both would load their scripts from the web
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(BearerAuth, api_key=api_key), Middleware(BodyLimit)],
        exception_handlers={
            HTTPException: replies.http_error,
            RequestValidationError: replies.invalid_request,
            Exception: replies.unexpected_error,
        },
    )
    app.include_router(health.router(config))
    for prefix in ("", "/v1"):
        app.include_router(ingest.router(store), prefix=prefix)
        app.include_router(tasks.router(store), prefix=prefix)
        app.include_router(assets.router(store), prefix=prefix)
        app.include_router(features.router(store), prefix=prefix)
    return app
