"""What a server says of itself to anyone."""

import os
from importlib.metadata import version

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from mixpeek_assets.local_api.config import LocalApiConfig
from mixpeek_assets.local_api.replies import JSON


def router(config: LocalApiConfig) -> APIRouter:
    """Routes that need no key."""
    routes = APIRouter(tags=["server"])

    @routes.get("/", include_in_schema=False)
    async def welcome() -> Response:
        """Say what this is."""
        return PlainTextResponse("The local Mixpeek API of mixpeek_assets. It needs its key; GET /health does not.\n")

    @routes.get("/health")
    async def health() -> Response:
        """Tell callers whether this server suits them."""
        return JSON(
            {
                "status": "ok",
                "version": version("mixpeek-assets"),
                "pid": os.getpid(),
                "allowed_folders": [str(folder.resolve()) for folder in config.allowed_folders],
            }
        )

    return routes
