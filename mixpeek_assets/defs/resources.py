"""Thin Dagster shells over the client and the warehouse."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource
from pydantic import SecretStr

from mixpeek_assets.api.client import MixpeekClient, RetryPolicy
from mixpeek_assets.api.rate_limit import NoLimit, SharedLimit
from mixpeek_assets.settings import MIXPEEK_API, Settings, SettingsError, load_settings
from mixpeek_assets.warehouse.warehouse import SubmissionRules, Warehouse
from mixpeek_local import process

TICK_WAREHOUSE_SECONDS = 10
"""For how long a sensor waits for the warehouse: Dagster drops a tick after 60 s, and its thread would wait on."""


class LocalApiDownError(Exception):
    """No key is set, so the local API is meant, and it is not running."""


class MixpeekResource(dg.ConfigurableResource):
    """The Mixpeek API that the environment names; with no key set, the local one.

    It has no configuration of its own, so that the key stands in no run config and on no page of the UI.
    """

    @contextmanager
    def client(self, policy: RetryPolicy | None = None) -> Iterator[MixpeekClient]:
        """Open a client.

        Raises:
            SettingsError: the environment cannot be used.
            LocalApiDownError: the local API is meant, and it is not running.
        """
        with open_client(load_settings(), policy) as client:
            yield client


class WarehouseResource(DuckDBResource):
    """The DuckDB file. An asset of yours that asks for a `DuckDBResource` can be given this one."""

    def open(self, longest_wait: float = float("inf"), on_wait: Callable[[str], object] | None = None) -> Warehouse:
        """Return the warehouse with its landing zone.

        Args:
            longest_wait: Seconds to wait for the file, if that is less than what the settings say.
            on_wait: Called with a sentence when the wait is long, e.g. `context.log.warning`.
        """
        settings = load_settings()
        timeout = min(settings.warehouse_timeout, longest_wait)
        return Warehouse(Path(self.database), settings.landing_folder, timeout, settings.api_name, on_wait)

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file in turn with every other process of the project; closed even on an exception."""
        with self.open().database.connection() as connection:
            yield connection


def submission_rules(settings: Settings, **asked: Any) -> SubmissionRules:
    """Return which videos are submitted: what the settings say, and what a run was asked for."""
    rules = SubmissionRules(max_attempts=settings.max_attempts, extractors=settings.feature_extractors)
    return replace(rules, **asked)


def open_client(settings: Settings, policy: RetryPolicy | None = None) -> MixpeekClient:
    """Open a client of the API that the settings name.

    Raises:
        SettingsError: a URL is set and no key.
        LocalApiDownError: the local API is meant, and it is not running.
    """
    url, key = _address(settings)
    per_minute = settings.effective_requests_per_minute
    limit = (
        SharedLimit(settings.data_folder / "rate_limit", per_minute, f"{url} {key.get_secret_value()}")
        if per_minute
        else NoLimit()
    )
    return MixpeekClient(
        url,
        key,
        prefix=settings.api_prefix,
        namespace=settings.namespace,
        concurrency=settings.concurrency,
        limit=limit,
        policy=policy,
    )


def _address(settings: Settings) -> tuple[str, SecretStr]:
    if settings.api_key is not None:
        return settings.api_url or MIXPEEK_API, settings.api_key
    if settings.api_url is not None:
        raise SettingsError(
            "MIXPEEK_API_URL is set and MIXPEEK_API_KEY is not: set the key too, or unset the URL for the local API"
        )
    url = process.endpoint(settings.local_api_folder)
    if url is None:
        raise LocalApiDownError(
            "MIXPEEK_API_KEY is not set, so the local API is meant, and none is running for"
            f" {settings.data_folder}: start it with `make dev` or `mixpeek-assets serve-local-api`"
        )
    return url, SecretStr(process.api_key(settings.local_api_folder))
