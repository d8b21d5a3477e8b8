"""`mixpeek-assets smoke`: one short video through the real API, in a namespace that is thrown away."""

import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from mixpeek_assets import clock
from mixpeek_assets.api.documents.client import DocumentsClient
from mixpeek_assets.api.port import Wanted
from mixpeek_assets.chosen_api import extractors_of
from mixpeek_assets.cli.display import labelled, plain
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.tables import Column, show_table
from mixpeek_assets.connections import local_api, open_throwaway, open_warehouse, submission_rules
from mixpeek_assets.errors import UserError
from mixpeek_assets.labels import money
from mixpeek_assets.local_api import sample_manifest
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.pipeline.fetch import fetch_assets, fetch_vectors
from mixpeek_assets.pipeline.poll import poll_due_tasks
from mixpeek_assets.pipeline.progress import Say
from mixpeek_assets.pipeline.submit import submit_videos
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse.warehouse import Warehouse

PUBLIC_VIDEO = "https://interactive-examples.mdn.mozilla.net/media/cc0-videos/flower.mp4"
"""Five seconds, in the public domain."""

_COLLECTION = "smoke"
_TTL_SECONDS = 21_600
_LONGEST = 1_800.0
"""Seconds that the API may work on the video: a batch has a cold start of minutes."""

_FOUND = """
SELECT vector.vector_name, count(*) AS vectors, min(vector.dimensions) AS dimensions,
    min(feature.start_time) AS "from", max(feature.end_time) AS "to", any_value(feature.text) AS text
FROM mixpeek.vectors AS vector
JOIN mixpeek.features AS feature USING (feature_id)
GROUP BY vector.vector_name
ORDER BY vector.vector_name
"""


def smoke(settings: Settings, video: str | None, *, yes: bool) -> int:
    """Submit, poll and fetch one video for real, show what landed, and clean up; returns 1 where something is wrong."""
    console, namespace = Console(), f"mixpeek_smoke_{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="mixpeek-smoke-") as folder:
        tried = _tried(settings, video, Path(folder))
        with local_api(tried), open_throwaway(tried, namespace, _TTL_SECONDS) as client:
            console.print(plain(f"{tried.api_name}: {tried.videos}"), soft_wrap=True)
            for sentence in client.prepare({_COLLECTION: 1}, extractors_of(tried)).sentences():
                console.print(plain(sentence), soft_wrap=True)
            if not yes and not click.confirm("Submit it?"):
                console.print("Nothing was made or submitted.")
                return 1
            warehouse = open_warehouse(tried)
            with _cleaned_up(client, warehouse, tried, namespace, console):
                _land(client, warehouse, tried, console)
                return _show(warehouse, console)


def _tried(settings: Settings, video: str | None, folder: Path) -> Settings:
    """Return the settings with a project of its own."""
    own = {
        "data_dir": folder,
        "warehouse": None,
        "videos": video or (str(sample_manifest().parent / "harbour.mp4") if settings.uses_local_api else PUBLIC_VIDEO),
        "collection": _COLLECTION,
        "only_collection": False,
        "first_partition": None,
        # The local API speaks both.
        "api_style": "documents" if settings.uses_local_api else settings.api_style,
    }
    return settings.model_copy(update=own)


def _land(client: DocumentsClient, warehouse: Warehouse, settings: Settings, console: Console) -> None:
    """Take the video through the pipeline, with its own steps.

    Raises:
        CommandError: the API does not end.
    """
    run_id, today = uuid.uuid4().hex, clock.now().date()

    def say(sentence: str) -> None:
        console.print(plain(sentence), soft_wrap=True)

    with read_manifest(settings) as manifest:
        if not manifest.videos_count:
            raise CommandError(f"{settings.videos} is no video that can be used. {manifest.unusable_sentence or ''}")
        warehouse.upsert_videos(
            manifest.videos,
            source=manifest.source,
            problems=manifest.problems,
            partitions=[today],
            now=clock.now(),
            run_id=run_id,
        )
    submitted = submit_videos(client, warehouse, [today], run_id=run_id, rules=submission_rules(settings), say=say)
    for error in submitted.lost:
        raise error
    _wait(client, warehouse, say)
    fetched = fetch_assets(client, warehouse, [today], run_id=run_id, say=say)
    vectors = fetch_vectors(client, warehouse, [today], run_id=run_id, say=say)
    for error in [*fetched.unfinished, *vectors.unfinished]:
        raise error


def _wait(client: DocumentsClient, warehouse: Warehouse, say: Say) -> None:
    began, told = time.monotonic(), ""
    while True:
        polled = poll_due_tasks(client, warehouse, 10)
        for error in polled.errors:
            say(str(error))
        with warehouse.reader() as reader:
            still_open = reader.open_tasks().tasks
            rows = reader.connection.execute("SELECT status FROM mixpeek.latest_tasks").fetchall()
        status = ", ".join(str(status) for (status,) in rows)
        if status != told:
            say(f"{time.monotonic() - began:.0f} s: {status}")
            told = status
        if not still_open:
            return
        if time.monotonic() - began > _LONGEST:
            raise CommandError(f"the video is still {status} after {_LONGEST / 60:.0f} minutes")
        time.sleep(0.5)


def _show(warehouse: Warehouse, console: Console) -> int:
    """Print what landed, and what is wrong with it."""
    with warehouse.reader() as reader:
        counts, problems, spent = reader.table_counts(), reader.problems(20), reader.costs()
        cursor = reader.connection.execute(_FOUND)
        header, rows = [column[0] for column in cursor.description or []], cursor.fetchall()
    show_table(console, [Column(name, right=name not in ("vector_name", "text")) for name in header], rows)
    console.print("Rows: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()), highlight=False)
    for cost in spent:
        console.print(plain(f"Cost: {money(cost.credits, cost.cost_usd)}."), soft_wrap=True)
    for problem in problems:
        console.print(labelled("red", problem.kind, f"{problem.about}: {problem.reason}"), soft_wrap=True)
    missing = [name for name in ("videos", "tasks", "assets", "features", "vectors") if not counts[name]]
    if missing or problems:
        console.print(labelled("red", "FAIL", f"no row in {', '.join(missing)}" if missing else "see above"))
        return 1
    console.print(labelled("green", "ok", "the video was submitted, polled and landed"))
    return 0


@contextmanager
def _cleaned_up(
    client: DocumentsClient, warehouse: Warehouse, settings: Settings, namespace: str, console: Console
) -> Iterator[None]:
    """Delete at the end, also after an error or Ctrl-C, all that was made."""
    try:
        yield
    finally:
        hours = _TTL_SECONDS // 3600
        left = f"the namespace {namespace} is still there: it expires by itself after {hours} hours"
        try:
            for asset_id, video_id in _objects(warehouse):
                client.discard(Wanted(asset_id, video_id, _COLLECTION, extractors_of(settings)))
            gone = client.remove(_COLLECTION)
            said = plain(f"Deleted what was made, with the namespace {namespace}." if gone else f"Note: {left}.")
        except UserError as error:
            said = labelled("yellow", "note", f"{left} ({error})")
        console.print(said, soft_wrap=True)


def _objects(warehouse: Warehouse) -> list[tuple[str, str]]:
    warehouse.load_pending()
    with warehouse.reader() as reader:
        found = "SELECT asset_id, video_id FROM mixpeek.tasks WHERE asset_id IS NOT NULL"
        return reader.connection.execute(found).fetchall()
