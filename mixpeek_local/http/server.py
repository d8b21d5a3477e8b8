"""The application: all of `routes/`, without a prefix and under `/v1`, and `documents/` under `/v1`, behind the key."""

from fastapi import Depends, FastAPI, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http import openapi, replies
from mixpeek_local.http.auth import BearerAuth
from mixpeek_local.http.body_limit import BodyLimit
from mixpeek_local.http.documents import routers as documents
from mixpeek_local.http.documents.document_search import DocumentSearch
from mixpeek_local.http.loopback import LoopbackOnly
from mixpeek_local.http.profiles import Profiles
from mixpeek_local.http.rate import RateLimit, TooManyRequestsError, refusal
from mixpeek_local.http.request_log import RequestLog
from mixpeek_local.http.routes import (
    assets,
    collections,
    features,
    health,
    ingest,
    media,
    namespaces,
    page,
    search,
    tasks,
)
from mixpeek_local.http.search_page import Search
from mixpeek_local.http.signed_links import Signing
from mixpeek_local.search.nearest import Nearest
from mixpeek_local.search.query_vectors import WordVectors
from mixpeek_local.store.store import Store


def create_app(store: Store, api_key: str, config: LocalApiConfig) -> FastAPI:
    """Make the application that serves `store` to holders of `api_key`."""
    profiles = Profiles(config.profiles)
    app = FastAPI(
        title="Local Mixpeek API",
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        docs_url=None,  # it would load its scripts from the web
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(RequestLog),
            Middleware(LoopbackOnly),
            Middleware(Signing, api_key=api_key),
            Middleware(BearerAuth, api_key=api_key),
            Middleware(BodyLimit),
        ],
    )
    app.state.database = store.database
    embed, nearest = WordVectors(), Nearest(store.database)  # one cache of vectors for both styles
    app.add_exception_handler(HTTPException, replies.http_error)
    app.add_exception_handler(RequestValidationError, replies.invalid_request)
    app.add_exception_handler(TooManyRequestsError, refusal(config.retry_after))
    app.include_router(health.router(store, config))
    app.include_router(page.files())
    app.include_router(page.router(store, config))
    app.include_router(media.router(store, config))
    routers = [
        ingest.router(store, profiles),
        tasks.router(store, profiles),
        assets.router(store, profiles),
        features.router(store),
        search.router(Search(store, embed, nearest)),
        collections.router(store),
        namespaces.router(store),
    ]
    # The scheme is for the OpenAPI document: BearerAuth has checked the key already.
    dependencies = [Security(HTTPBearer(auto_error=False)), Depends(RateLimit(config.requests_per_minute))]
    if "documents" in config.profiles:
        for router in documents.routers(store, config, DocumentSearch(store, embed, nearest)):
            app.include_router(
                router, prefix=documents.PREFIX, dependencies=dependencies, responses=openapi.DOCUMENTS_ERRORS
            )
    for prefix in profiles.prefixes:
        for router in routers:
            app.include_router(router, prefix=prefix, dependencies=dependencies, responses=openapi.ERRORS)
    return app
