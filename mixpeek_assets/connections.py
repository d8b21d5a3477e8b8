"""From settings to a client and a warehouse: one constructor each, for Dagster, the command line and notebooks."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from mixpeek_assets import local_api
from mixpeek_assets.api import style as api_style
from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.documents.client import CATEGORIES, DocumentsClient, units_of
from mixpeek_assets.api.errors import MixpeekError
from mixpeek_assets.api.port import Account, MixpeekClient, Style
from mixpeek_assets.api.rate_limit import RateLimit, SharedLimit
from mixpeek_assets.api.style import Memory, Server
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.api.units import Units
from mixpeek_assets.errors import UserError
from mixpeek_assets.settings import MIXPEEK_API, Settings, SettingsError
from mixpeek_assets.strict_json import JsonObject, read_json
from mixpeek_assets.warehouse.selection import SubmissionRules
from mixpeek_assets.warehouse.warehouse import Warehouse

_ASKING = RetryPolicy(connect=5, read=15, whole=30, attempts=2, rate_limit=60)
QUICK = RetryPolicy(connect=2, read=3, whole=4, attempts=1, rate_limit=1)
"""For what a command shows if it can be had in a moment."""

_LEAST_PER_MINUTE = 10
"""What a category is allowed that the API names no limit of (today's contract, 8)."""

_log = logging.getLogger(__name__)


class LocalApiDownError(UserError):
    """No key is set, and the local API is not running."""

    retryable = True


def open_client(settings: Settings, policy: RetryPolicy | None = None) -> MixpeekClient:
    """Open a client of the API that the settings name, of the style that it speaks.

    Raises:
        SettingsError: a URL is set without a key.
        LocalApiDownError: no key is set, and the local API is not running.
        MixpeekError: the API was asked which style it speaks, and did not say.
    """
    url, key = _address(settings)
    if find_style(settings, policy=policy) == "documents":
        return DocumentsClient(
            url,
            key,
            namespace=settings.namespace,
            extractors=extractors_of(settings),
            concurrency=settings.concurrency,
            limits=_limits(settings, url, key, policy or _ASKING),
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
        limit=_shared_limit(settings, per_minute, _account(url, key)) if per_minute else None,
        policy=policy,
    )


def open_throwaway(settings: Settings, namespace: str, ttl_seconds: int) -> DocumentsClient:
    """Open a client whose namespace is made, and lasts for so many seconds.

    Raises:
        SettingsError: the API is of a style without namespaces that expire.
        MixpeekError: the API was asked which style it speaks, and did not say.
    """
    url, key = _address(settings)
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
        limits=_limits(settings, url, key, _ASKING),
        batch_seconds=0,
        ttl_seconds=ttl_seconds,
    )


def find_style(
    settings: Settings,
    say: Callable[[str], object] = _log.info,
    *,
    again: bool = False,
    policy: RetryPolicy | None = None,
) -> Style:
    """Return which style the API speaks. It is asked once, and again when told; it is never asked where it is set.

    Args:
        settings: The address and the key.
        say: Takes the sentence with what was found, if it was asked.
        again: Whether it is asked although its answer is remembered.
        policy: How long it may take to answer.

    Raises:
        MixpeekError: it was asked, and did not say.
    """
    if (known := known_style(settings)) is not None and not (again and settings.api_style == "auto"):
        return known
    if settings.uses_local_api:
        return "assets"
    url, key = _address(settings)
    found = api_style.ask(url, key, settings.api_prefix, policy or _ASKING)
    _memory(settings).keep(_account(url, key), found)
    say(f"{url} speaks the API style `{found.style}`. It is not asked again; MIXPEEK_API_STYLE sets it.")
    return found.style


def known_style(settings: Settings) -> Style | None:
    """Return which style the API speaks, as far as that is known without asking; the local API's is the guide's."""
    if settings.api_style != "auto":
        return settings.api_style
    if settings.api_key is None:
        return "assets"
    found = _memory(settings).recall(_account(settings.api_url or MIXPEEK_API, settings.api_key))
    return None if found is None else found.style


def how_style_is_known(settings: Settings) -> str:
    """Say where `known_style` knows it from."""
    if settings.api_style != "auto":
        return "set in MIXPEEK_API_STYLE"
    if settings.api_key is None:
        return "the local API's, unless MIXPEEK_API_STYLE is set"
    found = _memory(settings).recall(_account(settings.api_url or MIXPEEK_API, settings.api_key))
    if found is None:
        return "not known yet: the first call asks the API, and remembers it"
    return f"asked on {found.asked_at:%Y-%m-%d}, and remembered in {settings.api_memory}"


def known_units(settings: Settings) -> Units:
    """Return what one request is about, in the style that is known."""
    return units_of(settings.batch_videos) if known_style(settings) == "documents" else AssetsClient.units


def known_per_minute(settings: Settings) -> int:
    """Return the rate limit as far as it is known without asking: of several, the least; 0 is none."""
    told = settings.requests_per_minute is not None or settings.uses_local_api
    if told or settings.api_key is None or known_style(settings) != "documents":
        return settings.effective_requests_per_minute
    found = _memory(settings).recall(_account(settings.api_url or MIXPEEK_API, settings.api_key))
    return min((found.per_minute if found else {}).values(), default=_LEAST_PER_MINUTE)


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


def extractors_of(settings: Settings) -> list[JsonObject] | None:
    """Return the extractor settings of every video; None: the API's own."""
    return read_json(settings.feature_extractors) if settings.feature_extractors else None


def api_name(settings: Settings) -> str:
    """Return the API as `tasks.api` records it, with its style: ids of one style mean nothing in the other."""
    return f"{settings.api_name} documents" if known_style(settings) == "documents" else settings.api_name


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
        settings: The path, and how long to wait for the file.
        path: A DuckDB file to use instead.
        longest_wait: Seconds to wait for the file, if shorter than the settings say.
        on_wait: Called with each sentence about a long wait, which is also logged.
        asks: The API may be asked which style it speaks, since its tasks are worked on; it takes what was found.
    """
    if asks:
        with suppress(MixpeekError, UserError):  # the client, which is opened next, says what is wrong
            find_style(settings, asks)
    timeout = min(settings.warehouse_timeout, longest_wait)
    file = path or settings.warehouse_path
    return Warehouse(file, timeout, api_name(settings), on_wait, collection=settings.seen_collection)


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


def _limits(settings: Settings, url: str, key: SecretStr, policy: RetryPolicy) -> Mapping[str, RateLimit]:
    """Return a budget for each category, which every process shares."""
    account = _account(url, key)
    if settings.requests_per_minute is not None or settings.uses_local_api:
        allowed = dict.fromkeys(CATEGORIES, settings.effective_requests_per_minute)
    else:
        told = _server(settings, url, key, policy).per_minute
        allowed = {category: told.get(category, _LEAST_PER_MINUTE) for category in CATEGORIES}
    return {
        category: _shared_limit(settings, per_minute, f"{account} {category}")
        for category, per_minute in allowed.items()
        if per_minute
    }


def _server(settings: Settings, url: str, key: SecretStr, policy: RetryPolicy) -> Server:
    memory, account = _memory(settings), _account(url, key)
    found = memory.recall(account)
    if found is None or not found.is_fresh or found.style != "documents":
        found = api_style.ask_limits(url, key, policy)
        memory.keep(account, found)
    return found


def _memory(settings: Settings) -> Memory:
    return Memory(settings.api_memory)


def _shared_limit(settings: Settings, per_minute: int, account: str) -> SharedLimit:
    return SharedLimit(settings.data_folder / "rate_limit", per_minute, account)


def _account(url: str, key: SecretStr) -> str:
    return f"{url} {key.get_secret_value()}"


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
