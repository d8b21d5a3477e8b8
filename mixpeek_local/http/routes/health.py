"""The state of the server, without a key."""

import os
from importlib.metadata import version

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.replies import JSON
from mixpeek_local.http.schemas import Health
from mixpeek_local.models.capabilities import capabilities
from mixpeek_local.senses import senses
from mixpeek_local.store.spaces import elsewhere
from mixpeek_local.store.store import Store


def router(store: Store, config: LocalApiConfig) -> APIRouter:
    """Routes that need no key."""
    routes = APIRouter(tags=["server"])

    @routes.get("/health", response_model=Health)
    @routes.get("/healthcheck", response_model=Health)
    def health() -> Response:
        """Report what this server may read and what it lacks; the vendor's SDKs use /healthcheck."""
        missing = [*capabilities().values(), elsewhere(store.database.connection())]
        return JSON(
            {
                "status": "ok",
                "version": version("mixpeek-assets"),
                "pid": os.getpid(),
                "allowed_folders": [str(folder.resolve()) for folder in config.allowed_folders],
                "allowed_hosts": list(config.allowed_hosts),
                "senses": senses(),
                "missing": [why for why in missing if why],
            }
        )

    return routes
