"""The pipeline's steps without Dagster, on the project that the environment names."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.connections import open_client, open_warehouse, submission_rules
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.pipeline.fetch import FetchResult, fetch_assets, fetch_vectors
from mixpeek_assets.pipeline.poll import PollResult, poll_due_tasks
from mixpeek_assets.pipeline.submit import SubmitResult, submit_videos
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.videos import upsert

TODAY = datetime.now(UTC).date()
QUICK = RetryPolicy(connect=10, read=30, attempts=2, rate_limit=5)
"""Few attempts, with time enough for each on a busy machine."""


def project_warehouse() -> Warehouse:
    """The warehouse that the environment names."""
    return open_warehouse(load_settings(), longest_wait=30)


def add_videos(urls: list[str], day: date = TODAY) -> None:
    """Put videos into the warehouse, by way of a manifest."""
    rows = "".join(f"{url},{day}\n" for url in urls)
    manifest = load_settings().data_folder.parent / "manifest.csv"
    manifest.write_text(f"url,added_at\n{rows}", encoding="utf-8")
    with read_manifest(load_settings(), str(manifest)) as read:
        upsert(project_warehouse(), read, [day], datetime.now(UTC), "test")


def let_pass(hours: float) -> None:
    """Make all that has happened to tasks so many hours older."""
    with project_warehouse().database.transaction() as connection:
        connection.execute(
            "UPDATE mixpeek.tasks SET submitted_at = submitted_at - $past, give_up_at = give_up_at - $past,"
            " settled_at = settled_at - $past",
            {"past": timedelta(hours=hours)},
        )


def make_due(warehouse: Warehouse) -> None:
    """Make every open task due now."""
    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET next_poll_at = now() WHERE state = 'open'")


def submit(*, day: date = TODAY, **asked: Any) -> SubmitResult:
    """Submit what needs it, and what is asked for (`refresh=True` and the like), as a run of its own."""
    settings = load_settings()
    with open_client(settings, QUICK) as client:
        rules = submission_rules(settings, **asked)
        return submit_videos(client, project_warehouse(), [day], run_id=uuid.uuid4().hex, rules=rules)


def poll() -> PollResult:
    """Read the tasks that are due."""
    with open_client(load_settings(), QUICK) as client:
        return poll_due_tasks(client, project_warehouse(), 10)


def land(*, refresh: bool = False, day: date = TODAY) -> tuple[FetchResult, FetchResult]:
    """Land assets, then vectors."""
    with open_client(load_settings(), QUICK) as client:
        assets = fetch_assets(client, project_warehouse(), [day], run_id="test", refresh=refresh)
        return assets, fetch_vectors(client, project_warehouse(), [day], run_id="test", refresh=refresh)
