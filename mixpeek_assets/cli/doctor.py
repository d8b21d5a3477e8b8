"""`mixpeek-assets doctor`: each check says what it found, or what to fix."""

import sys
import tempfile
from collections.abc import Callable

import duckdb
from rich.console import Console

from mixpeek_assets.api.client import RetryPolicy
from mixpeek_assets.cli.display import labelled
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.project import dagster_instance, local_api
from mixpeek_assets.connections import open_client, open_warehouse
from mixpeek_assets.errors import UserError
from mixpeek_assets.local_api import missing_models
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.schema import SCHEMA

_PROBE_POLICY = RetryPolicy(connect=5, read=15, whole=30, attempts=1, rate_limit=30)


def doctor() -> int:
    """Check everything that a run needs; returns 1 when a check fails."""
    console = Console()
    checks: list[tuple[str, Callable[[], str]]] = [
        ("Python", _python),
        ("environment", _environment),
        ("Dagster", _dagster),
        ("data directory", _data_directory),
        ("warehouse", _warehouse),
        ("videos", _videos),
        ("models of the local API", _models),
        ("API", _api),
    ]
    failed = 0
    for name, check in checks:
        try:
            console.print(labelled("green", "ok", f"   {name}: {check()}"), soft_wrap=True)
        except (UserError, OSError) as error:
            failed += 1
            console.print(labelled("red", "FAIL", f" {name}: {error}"), soft_wrap=True)
    console.print("All checks passed." if not failed else f"{failed} of {len(checks)} checks failed.")
    return 1 if failed else 0


def _python() -> str:
    return f"{sys.version.split()[0]}, DuckDB {duckdb.__version__}"


def _environment() -> str:
    settings = load_settings()
    per_minute = settings.effective_requests_per_minute or "no limit of"
    key = "MIXPEEK_API_KEY is set" if settings.api_key else "no MIXPEEK_API_KEY, so the local API is used"
    return f"{key}; {per_minute} requests a minute, {settings.concurrency} in flight"


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
    # DuckDB names the catalog after the file, and a catalog and a schema of one name are ambiguous.
    hint = " (named like the schema: begin queries with `USE mixpeek.mixpeek`)" if warehouse.path.stem == SCHEMA else ""
    return f"{warehouse.path}{hint}, {counts['videos']:,} videos, {counts['vectors']:,} vectors"


def _videos() -> str:
    with read_manifest(load_settings()) as manifest:
        bad = (
            f", {manifest.unusable} rows cannot be used: {manifest.problems[0]['reason']}" if manifest.unusable else ""
        )
        return f"{manifest.source}, {manifest.videos_count} videos{bad}"


def _models() -> str:
    if not load_settings().uses_local_api:
        return "not needed: MIXPEEK_API_KEY is set"
    models = missing_models()
    missing = [why for why in models.values() if why]
    if missing:
        raise CommandError(" ".join(missing))
    return ", ".join(models)


def _api() -> str:
    settings = load_settings()
    with local_api(settings) as url, open_client(settings, _PROBE_POLICY) as client:
        client.probe()
        return f"{url} (local) answers" if url else f"{settings.api_url or 'https://api.mixpeek.com'} accepts the key"
