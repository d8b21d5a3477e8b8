"""`mixpeek-assets doctor`: each check says what it found, or what to fix."""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

import duckdb
from rich.console import Console

from mixpeek_assets.api.port import Account
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.chosen_api import find_style, how_style_is_known, known_per_minute, known_style
from mixpeek_assets.cli.display import labelled
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.project import dagster_instance
from mixpeek_assets.connections import local_api, open_client, open_warehouse
from mixpeek_assets.errors import UserError
from mixpeek_assets.labels import counted, money
from mixpeek_assets.local_api import missing_models
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.settings import MIXPEEK_API, PINNED, Settings, load_settings, variables_set
from mixpeek_assets.warehouse.file_store import FileStore
from mixpeek_assets.warehouse.publishing import Publisher
from mixpeek_assets.warehouse.schema import SCHEMA

_PROBE_POLICY = RetryPolicy(connect=5, read=15, whole=30, attempts=1, rate_limit=30)


_SETTINGS = {f"MIXPEEK_{field.upper()}" for field in Settings.model_fields}
_NOT_READ_FROM_DOTENV = {"MIXPEEK_MODELS", "MIXPEEK_SENSES", "MIXPEEK_SMOKE_VIDEO", "DAGSTER_HOME"}


@dataclass(frozen=True)
class Warned:
    """What a check found that works, and yet is worth a look."""

    text: str


def doctor(*, ask_again: bool = False) -> int:
    """Check everything that a run needs; returns 1 when a check fails.

    Args:
        ask_again: Whether the API is asked again which style it speaks.
    """
    console = Console()
    checks: list[tuple[str, Callable[[], str | Warned]]] = [
        ("Python", _python),
        ("environment", _environment),
        ("variables", _variables),
        ("Dagster", _dagster),
        ("data directory", _data_directory),
        ("warehouse", _warehouse),
        ("videos", _videos),
        ("models of the local API", _models),
        ("API", lambda: _api(ask_again=ask_again)),
    ]
    failed = warned = 0
    for name, check in checks:
        try:
            found = check()
        except (UserError, OSError) as error:
            failed += 1
            console.print(labelled("red", "FAIL", f"{name}: {error}"), soft_wrap=True)
        else:
            warned += isinstance(found, Warned)
            style, label, text = (
                ("yellow", "warn", found.text) if isinstance(found, Warned) else ("green", "ok  ", found)
            )
            console.print(labelled(style, label, f"{name}: {text}"), soft_wrap=True)
    verdict = f"{failed} of {len(checks)} checks failed" if failed else "All checks passed"
    console.print(f"{verdict}, with {counted(warned, 'warning')}." if warned else f"{verdict}.", highlight=False)
    return 1 if failed else 0


def _python() -> str:
    return f"{sys.version.split()[0]}, DuckDB {duckdb.__version__}"


def _environment() -> str:
    settings = load_settings()
    per_minute = known_per_minute(settings) or "no limit of"
    key = "MIXPEEK_API_KEY is set" if settings.api_key else "no MIXPEEK_API_KEY, so the local API is used"
    return f"{key}; {per_minute} requests a minute, {settings.concurrency} in flight"


def _variables() -> str | Warned:
    """Say where each variable that is set comes from; values are not shown, because some are secret."""
    load_settings()  # says what is wrong with a file `.env` that cannot be read
    exported, in_file = variables_set()
    both, ours = exported & in_file & _SETTINGS, (exported | in_file) & _SETTINGS
    said = {
        "from the environment, which wins over .env": both,
        "from the environment": exported & ours - both,
        "from .env": in_file & ours - both,
    }
    found = "; ".join(f"{', '.join(sorted(names))} {where}" for where, names in said.items() if names)
    named = {name for name in exported | in_file if name.startswith("MIXPEEK_") and not name.startswith(PINNED)}
    unknown = named - _SETTINGS - _NOT_READ_FROM_DOTENV
    flaws = [f"{name} is no setting{_meant(name)}" for name in sorted(unknown)]
    flaws += [f"{name} in .env is not read: export it" for name in sorted(in_file & _NOT_READ_FROM_DOTENV)]
    return Warned("; ".join([*flaws, *([found] if found else [])])) if flaws else found or "none is set"


def _meant(name: str) -> str:
    return "".join(f" (did you mean {known}?)" for known in get_close_matches(name, _SETTINGS, 1))


def _dagster() -> str:
    with dagster_instance() as instance:
        return f"{instance.root_directory}, {instance.get_runs_count()} runs"


def _data_directory() -> str:
    folder = load_settings().data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError as error:
        raise CommandError(
            f"{folder}: {error.strerror}; set MIXPEEK_DATA_DIR to a folder that you can write to"
        ) from None


def _warehouse() -> str:
    warehouse = open_warehouse(load_settings().model_copy(update={"warehouse_timeout": 5.0}))
    with warehouse.reader() as reader:
        counts = reader.table_counts()
    found = f"{counts['videos']:,} videos, {counts['vectors']:,} vectors"
    store = warehouse.site.store
    if isinstance(store, FileStore):
        # DuckDB names the catalog after the file, and a catalog and a schema of one name are ambiguous.
        hint = " (named like the schema: begin queries with `USE mixpeek.mixpeek`)" if store.path.stem == SCHEMA else ""
        return f"{store.path}{hint}, {found}; {_published(warehouse.publisher)}"
    attach = "\n      ".join(store.how_to_open())
    return (
        f"{store.name}, {found}; any DuckDB opens it with (the password from PGPASSWORD or ~/.pgpass):\n      {attach}"
    )


def _published(publisher: Publisher | None) -> str:
    """Say which file people read, and whether it has all that the warehouse has."""
    if publisher is None:
        return "nothing is published"
    if not publisher.path.is_file():
        return f"{publisher.path} is not published yet"
    return f"{publisher.path} is {'behind it' if publisher.is_behind() else 'up to date'}"


def _videos() -> str | Warned:
    with read_manifest(load_settings()) as manifest:
        found = f"{manifest.source}, {counted(manifest.videos_count, 'video')}"
        return Warned(f"{found}. {manifest.unusable_sentence}") if manifest.unusable else found


def _models() -> str:
    if not load_settings().uses_local_api:
        return "not needed: MIXPEEK_API_KEY is set"
    models = missing_models()
    missing = [why for why in models.values() if why]
    if missing:
        raise CommandError(" ".join(missing))
    return ", ".join(models)


def _api(*, ask_again: bool) -> str:
    settings = load_settings()
    known = known_style(settings)
    with local_api(settings) as url:
        if not url:
            find_style(settings, again=ask_again, policy=_PROBE_POLICY)
        is_new = settings.api_style == "auto" and not url and (ask_again or known is None)
        with open_client(settings, _PROBE_POLICY) as client:
            client.probe()
            account = None if url else client.account()
        answers = f"{url} (local) answers" if url else f"{settings.api_url or MIXPEEK_API} accepts the key"
        how = f"asked just now, and remembered in {settings.api_memory}" if is_new else how_style_is_known(settings)
        return "; ".join([answers, f"style `{client.style}` ({how})", *(_account(account) if account else [])])


def _account(account: Account) -> list[str]:
    left = "balance not told" if account.credit_balance is None else f"{money(account.credit_balance, None)} left"
    limits = ", ".join(f"{name} {limit:,}" for name, limit in sorted(account.per_minute.items()))
    tier = f" ({account.tier})" if account.tier else ""
    return [f"account {account.name}{tier}, {left}", f"requests a minute: {limits or 'not told'}"]
