"""From settings to a client and a warehouse: one constructor each, for Dagster, the command line and notebooks."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.documents.client import DocumentsClient
from mixpeek_assets.api.errors import MixpeekError
from mixpeek_assets.api.port import Account, MixpeekClient
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.chosen_api import (
    ASKING,
    account_of,
    address,
    api_name,
    extractors_of,
    find_style,
    known_style,
    limits,
    shared_limit,
)
from mixpeek_assets.errors import UserError
from mixpeek_assets.landing_command import landing_command
from mixpeek_assets.local_api import running
from mixpeek_assets.locks import FolderLeases, Leases
from mixpeek_assets.manifest.sources import reachable_hosts, readable_folders
from mixpeek_assets.settings import Settings, SettingsError
from mixpeek_assets.warehouse.publishing import published_path
from mixpeek_assets.warehouse.selection import SubmissionRules
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse

QUICK = RetryPolicy(connect=2, read=3, whole=4, attempts=1, rate_limit=1)
"""For what a command shows if it can be had in a moment."""

_log = logging.getLogger(__name__)


def open_client(settings: Settings, policy: RetryPolicy | None = None) -> MixpeekClient:
    """Open a client of the API that the settings name, of the style that it speaks.

    Raises:
        SettingsError: a URL is set without a key.
        LocalApiDownError: no key is set, and the local API is not running.
        MixpeekError: the API was asked which style it speaks, and did not say.
    """
    url, key = address(settings)
    if find_style(settings, policy=policy) == "documents":
        return DocumentsClient(
            url,
            key,
            namespace=settings.namespace,
            extractors=extractors_of(settings),
            concurrency=settings.concurrency,
            limits=limits(settings, url, key, policy or ASKING),
            videos_per_batch=settings.batch_videos,
            batch_seconds=settings.batch_seconds,
            policy=policy,
        )
    per_minute = settings.effective_requests_per_minute
    return AssetsClient(
        url,
        key,
        prefix=settings.api_prefix,
        namespace=settings.namespace,
        concurrency=settings.concurrency,
        limit=shared_limit(settings, per_minute, account_of(url, key)) if per_minute else None,
        policy=policy,
    )


@contextmanager
def local_api(settings: Settings) -> Iterator[str | None]:
    """Run the local API while the block lasts; with a key set, none is needed.

    Raises:
        LocalApiError: it is not installed, does not start, or may not read the videos.
    """
    if not settings.uses_local_api:
        yield None
        return
    folders, hosts = readable_folders(settings), reachable_hosts(settings)
    landing = landing_command(settings)
    with running(settings.local_api_folder, folders=folders, hosts=hosts, landing=landing) as url:
        yield url


def open_throwaway(settings: Settings, namespace: str, ttl_seconds: int) -> DocumentsClient:
    """Open a client whose namespace is made, and lasts for so many seconds.

    Raises:
        SettingsError: the API is of a style without namespaces that expire.
        MixpeekError: the API was asked which style it speaks, and did not say.
    """
    url, key = address(settings)
    if find_style(settings) != "documents":
        raise SettingsError(
            f"{settings.api_name} speaks the API style `assets`, which has no namespaces that expire: this is for the"
            " style `documents`"
        )
    return DocumentsClient(
        url,
        key,
        namespace=namespace,
        extractors=extractors_of(settings),
        concurrency=settings.concurrency,
        limits=limits(settings, url, key, ASKING),
        batch_seconds=0,
        ttl_seconds=ttl_seconds,
    )


def read_account(settings: Settings) -> Account | None:
    """Read the key's account, if it can be had in a moment; None: it cannot, or there is none.

    A style that is not known is not asked for, and the local API has no account.
    """
    if settings.uses_local_api or known_style(settings) is None:
        return None
    try:
        with open_client(settings, QUICK) as client:
            return client.account()
    except UserError as error:
        _log.info("the account cannot be read: %s", error)
        return None


def open_warehouse(
    settings: Settings,
    *,
    path: Path | None = None,
    longest_wait: float = float("inf"),
    on_wait: Callable[[str], object] | None = None,
    asks: Callable[[str], object] | None = None,
) -> Warehouse:
    """Return the warehouse of the settings.

    Args:
        settings: The file, or the cluster, and how long to wait for it.
        path: A DuckDB file to use instead.
        longest_wait: Seconds to wait for the store, if shorter than the settings say.
        on_wait: Called with each sentence about a long wait, which is also logged.
        asks: The API may be asked which style it speaks, since its tasks are worked on; it takes what was found.
    """
    if asks:
        with suppress(MixpeekError, UserError):  # the client, which is opened next, says what is wrong
            find_style(settings, asks)
    timeout = min(settings.warehouse_timeout, longest_wait)
    return Warehouse(
        Site.of_file(path) if path else open_site(settings),
        timeout,
        api_name(settings),
        on_wait,
        collection=settings.seen_collection,
        lag=settings.publish_seconds,
    )


def open_site(settings: Settings) -> Site:
    """Return the site of the settings: a folder, or a cluster.

    Raises:
        PostgresError: the packages of a cluster are not installed.
    """
    if settings.cluster is None or settings.lake is None:
        return Site.of_file(settings.warehouse_path)
    # Nobody needs these packages for a folder.
    from mixpeek_assets.cluster.locks import PostgresLocks
    from mixpeek_assets.postgres import Postgres
    from mixpeek_assets.warehouse.lake_store import LakeStore

    postgres = Postgres(settings.cluster)
    locks = PostgresLocks(postgres, settings.lake)
    store = LakeStore(postgres, settings.lake, locks)
    # A folder for each lake that this machine has worked with.
    landing = settings.data_folder / "landing" / f"lake-{hashlib.sha256(store.name.encode()).hexdigest()[:16]}"
    return Site(store, locks, landing)


def readable_name(settings: Settings) -> str:
    """Return what people open: the published file, unless nothing is published; or the lake."""
    if settings.lake is not None:
        return settings.lake
    return str(published_path(settings.warehouse_path) if settings.publish_seconds else settings.warehouse_path)


def open_leases(settings: Settings, folder: Path) -> Leases:
    """Return the leases of the settings: locked files in a folder of this machine, or those of the cluster.

    Raises:
        PostgresError: the cluster's URL is none.
    """
    if settings.cluster is None:
        return FolderLeases(folder)
    # Nobody needs these packages for a folder.
    from mixpeek_assets.cluster.leases import PostgresLeases
    from mixpeek_assets.postgres import Postgres

    return PostgresLeases(Postgres(settings.cluster))


def submission_rules(settings: Settings, **asked: Any) -> SubmissionRules:
    """Return the rules for submissions, from the settings and a run's own options."""
    rules = SubmissionRules(max_attempts=settings.max_attempts, extractors=settings.feature_extractors)
    return replace(rules, **asked)
