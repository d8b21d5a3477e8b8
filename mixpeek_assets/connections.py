"""From settings to a client and a warehouse: one constructor each, for Dagster, the command line and notebooks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from mixpeek_assets import local_api
from mixpeek_assets.api.client import MixpeekClient, RetryPolicy
from mixpeek_assets.api.rate_limit import NoLimit, SharedLimit
from mixpeek_assets.errors import UserError
from mixpeek_assets.settings import MIXPEEK_API, Settings, SettingsError
from mixpeek_assets.warehouse.selection import SubmissionRules
from mixpeek_assets.warehouse.warehouse import Warehouse


class LocalApiDownError(UserError):
    """No key is set, and the local API is not running."""

    retryable = True


def open_client(settings: Settings, policy: RetryPolicy | None = None) -> MixpeekClient:
    """Open a client of the API that the settings name.

    Raises:
        SettingsError: a URL is set without a key.
        LocalApiDownError: no key is set, and the local API is not running.
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


def open_warehouse(
    settings: Settings,
    *,
    path: Path | None = None,
    longest_wait: float = float("inf"),
    on_wait: Callable[[str], object] | None = None,
) -> Warehouse:
    """Return the warehouse of the settings.

    Args:
        settings: The path, and how long to wait for the file.
        path: A DuckDB file to use instead.
        longest_wait: Seconds to wait for the file, if shorter than the settings say.
        on_wait: Called with each sentence about a long wait, which is also logged.
    """
    timeout = min(settings.warehouse_timeout, longest_wait)
    file = path or settings.warehouse_path
    return Warehouse(file, timeout, settings.api_name, on_wait, collection=settings.seen_collection)


def require_api(settings: Settings) -> None:
    """Check that there is an API to call.

    Raises:
        SettingsError: a URL is set without a key.
        LocalApiDownError: no key is set, and the local API is not running.
    """
    _address(settings)


def submission_rules(settings: Settings, **asked: Any) -> SubmissionRules:
    """Return the rules for submissions, from the settings and a run's own options."""
    rules = SubmissionRules(max_attempts=settings.max_attempts, extractors=settings.feature_extractors)
    return replace(rules, **asked)


def _address(settings: Settings) -> tuple[str, SecretStr]:
    if settings.api_key is not None:
        return settings.api_url or MIXPEEK_API, settings.api_key
    if settings.api_url is not None:
        raise SettingsError(
            f"MIXPEEK_API_URL is set and {settings.key_variable} is not: set the key too, or unset the URL (in YAML,"
            " `api_url`) for the local API"
        )
    url = local_api.endpoint(settings.local_api_folder)
    if url is None:
        raise LocalApiDownError(
            f"{settings.key_variable} is not set, so the local API is meant, and none is running for"
            f" {settings.data_folder}: start it with `make dev` or `mixpeek-assets serve-local-api`"
        )
    return url, SecretStr(local_api.api_key(settings.local_api_folder))
