"""How often a run opens the warehouse: each opening is a turn in the line of all processes."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
import pytest

from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.run_requests import range_tags
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.pipeline import TODAY, add_videos, land, poll, submit
from tests.warehouse.rows import file_of

DAYS = [TODAY - timedelta(days=ago) for ago in (2, 1, 0)]


@pytest.fixture
def landed(mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three partitions of two videos each, of which everything is landed, and the manifest that names them."""
    for day in DAYS:
        add_videos([f"http://videos.test/{day}-{name}.mp4" for name in "ab"], day)
        submit(day=day)
        poll()
        land(day=day)
    rows = "".join(f"http://videos.test/{day}-{name}.mp4,{day}\n" for day in DAYS for name in "ab")
    manifest = file_of(warehouse).parent / "list.csv"
    manifest.write_text(f"url,added_at\n{rows}", encoding="utf-8")
    monkeypatch.setenv("MIXPEEK_VIDEOS", str(manifest))
    mixpeek.requests.clear()
    yield
    assert mixpeek.requests == []


def run(job: str, instance: dg.DagsterInstance, first: date, last: date) -> None:
    definition = defs().get_repository_def().get_job(job)
    assert definition.execute_in_process(instance=instance, tags=range_tags(first, last)).success


@pytest.mark.usefixtures("landed")
@pytest.mark.parametrize("first", [TODAY, DAYS[0]], ids=["one partition", "three partitions"])
def test_a_run_with_nothing_new_opens_it_nine_times_whatever_its_partitions(
    first: date, instance: dg.DagsterInstance, openings: list[bool]
) -> None:
    run("mixpeek_ingest", instance, first, TODAY)  # which remembers that the videos come from another manifest now
    openings.clear()

    run("mixpeek_ingest", instance, first, TODAY)
    ingesting, writing = len(openings), openings.count(False)
    openings.clear()
    run("mixpeek_land", instance, first, TODAY)

    # Read and add the manifest, find lost submissions, find what to submit; and a report of each table.
    assert (ingesting, writing) == (5, 2)
    # Find what to fetch, twice; and a report after each.
    assert (len(openings), openings.count(False)) == (4, 0)
