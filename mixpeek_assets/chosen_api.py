"""Which API the settings mean: its address and key, the style that it speaks, and how much it may be asked."""

import logging
from collections.abc import Callable, Mapping
from functools import partial

from pydantic import SecretStr

from mixpeek_assets import local_api
from mixpeek_assets.api import style as api_style
from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.documents.client import CATEGORIES, units_of
from mixpeek_assets.api.port import Style
from mixpeek_assets.api.rate_limit import RateLimit, SharedLimit, limit_in_folder
from mixpeek_assets.api.style import Memory, Server
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.api.units import Units
from mixpeek_assets.errors import UserError
from mixpeek_assets.settings import MIXPEEK_API, Settings, SettingsError
from mixpeek_assets.strict_json import JsonObject, read_json

ASKING = RetryPolicy(connect=5, read=15, whole=30, attempts=2, rate_limit=60)
"""How long the question which style it speaks may take."""

_LEAST_PER_MINUTE = 10
"""What a category is allowed that the API names no limit of (today's contract, 8)."""

_log = logging.getLogger(__name__)


class LocalApiDownError(UserError):
    """No key is set, and the local API is not running."""

    retryable = True


def require_api(settings: Settings) -> None:
    """Check that there is an API to call.

    Raises:
        SettingsError: a URL is set without a key.
        LocalApiDownError: no key is set, and the local API is not running.
    """
    address(settings)


def address(settings: Settings) -> tuple[str, SecretStr]:
    """Return the address and the key of the API; raises as `require_api`."""
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
    url, key = address(settings)
    found = api_style.ask(url, key, settings.api_prefix, policy or ASKING)
    _memory(settings).keep(account_of(url, key), found)
    say(f"{url} speaks the API style `{found.style}`. It is not asked again; MIXPEEK_API_STYLE sets it.")
    return found.style


def known_style(settings: Settings) -> Style | None:
    """Return which style the API speaks, as far as that is known without asking; the local API's is the guide's."""
    if settings.api_style != "auto":
        return settings.api_style
    if settings.api_key is None:
        return "assets"
    found = _memory(settings).recall(account_of(settings.api_url or MIXPEEK_API, settings.api_key))
    return None if found is None else found.style


def how_style_is_known(settings: Settings) -> str:
    """Say where `known_style` knows it from."""
    if settings.api_style != "auto":
        return "set in MIXPEEK_API_STYLE"
    if settings.api_key is None:
        return "the local API's, unless MIXPEEK_API_STYLE is set"
    found = _memory(settings).recall(account_of(settings.api_url or MIXPEEK_API, settings.api_key))
    if found is None:
        return "not known yet: the first call asks the API, and remembers it"
    return f"asked on {found.asked_at:%Y-%m-%d}, and remembered in {settings.api_memory}"


def api_name(settings: Settings) -> str:
    """Return the API as `tasks.api` records it, with its style: ids of one style mean nothing in the other."""
    return f"{settings.api_name} documents" if known_style(settings) == "documents" else settings.api_name


def extractors_of(settings: Settings) -> list[JsonObject] | None:
    """Return the extractor settings of every video; None: the API's own."""
    return read_json(settings.feature_extractors) if settings.feature_extractors else None


def known_units(settings: Settings) -> Units:
    """Return what one request is about, in the style that is known."""
    return units_of(settings.batch_videos) if known_style(settings) == "documents" else AssetsClient.units


def known_per_minute(settings: Settings) -> int:
    """Return the rate limit as far as it is known without asking: of several, the least; 0 is none."""
    told = settings.requests_per_minute is not None or settings.uses_local_api
    if told or settings.api_key is None or known_style(settings) != "documents":
        return settings.effective_requests_per_minute
    found = _memory(settings).recall(account_of(settings.api_url or MIXPEEK_API, settings.api_key))
    return min((found.per_minute if found else {}).values(), default=_LEAST_PER_MINUTE)


def limits(settings: Settings, url: str, key: SecretStr, policy: RetryPolicy) -> Mapping[str, RateLimit]:
    """Return a budget for each category, which every process shares."""
    account = account_of(url, key)
    if settings.requests_per_minute is not None or settings.uses_local_api:
        allowed = dict.fromkeys(CATEGORIES, settings.effective_requests_per_minute)
    else:
        told = _server(settings, url, key, policy).per_minute
        allowed = {category: told.get(category, _LEAST_PER_MINUTE) for category in CATEGORIES}
    return {
        category: shared_limit(settings, per_minute, f"{account} {category}")
        for category, per_minute in allowed.items()
        if per_minute
    }


def shared_limit(settings: Settings, per_minute: int, account: str) -> SharedLimit:
    """Return a budget that all processes share: those of this folder, or those of the cluster.

    Raises:
        PostgresError: the cluster's URL is none, or what it needs is not installed.
    """
    if settings.cluster is not None:
        # Nobody needs these packages for a folder.
        from mixpeek_assets.cluster.budget import PostgresBucket
        from mixpeek_assets.cluster.locks import PostgresLocks
        from mixpeek_assets.postgres import Postgres

        postgres = Postgres(settings.cluster)
        bucket = PostgresBucket(postgres, account, per_minute)
        locks = PostgresLocks(postgres, "requests")
        return SharedLimit(per_minute, bucket, partial(locks.exclusive, bucket.name), postgres.place)
    return limit_in_folder(settings.data_folder / "rate_limit", per_minute, account)


def _server(settings: Settings, url: str, key: SecretStr, policy: RetryPolicy) -> Server:
    memory, account = _memory(settings), account_of(url, key)
    found = memory.recall(account)
    if found is None or not found.is_fresh or found.style != "documents":
        found = api_style.ask_limits(url, key, policy)
        memory.keep(account, found)
    return found


def _memory(settings: Settings) -> Memory:
    return Memory(settings.api_memory)


def account_of(url: str, key: SecretStr) -> str:
    """Return what a budget, or an answer, is remembered by: only its hash is stored."""
    return f"{url} {key.get_secret_value()}"
