"""All routers of the style `documents`, in the order in which they are asked."""

from fastapi import APIRouter

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.documents import (
    account,
    batches,
    buckets,
    collections,
    documents,
    extractor_list,
    namespaces,
    objects,
    search,
    tasks,
)
from mixpeek_local.http.documents.document_search import DocumentSearch
from mixpeek_local.store.store import Store

PREFIX = "/v1"


def routers(store: Store, config: LocalApiConfig, finder: DocumentSearch) -> list[APIRouter]:
    """The routers; they come before those of the earlier eras and pass on what is not theirs."""
    alone = "v1" not in config.profiles
    return [
        *namespaces.routers(store, alone=alone),
        buckets.router(store),
        objects.router(store, config),
        batches.router(store, config),
        *tasks.routers(store, config, alone=alone),
        extractor_list.router(),
        *collections.routers(store, config, alone=alone),
        documents.router(store),
        *search.routers(store, finder, alone=alone),
        account.router(store, config),
    ]
