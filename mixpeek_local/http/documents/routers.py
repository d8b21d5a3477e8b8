"""All routers of the style `documents`, in the order in which they are asked."""

from fastapi import APIRouter

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.documents import documents
from mixpeek_local.store.store import Store

PREFIX = "/v1"


def routers(store: Store, _config: LocalApiConfig) -> list[APIRouter]:
    """The routers; they come before those of the earlier eras and pass on what is not theirs."""
    return [documents.router(store)]
