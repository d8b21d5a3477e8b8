"""Sinks as assets: what a run writes and says, what it is requested over, and how far a sink is."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from mixpeek_assets.definitions import build_definitions
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.sink_state import SinkState, sink_state
from mixpeek_assets.settings import load_settings
from mixpeek_assets.sinks.chosen import ChosenSink
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.shelf import Shelf
from tests.warehouse.rows import DAY, NEXT_DAY, add_videos, feature_reply, land, video

VECTORS, SHELF = dg.AssetKey(["mixpeek", "vectors"]), dg.AssetKey(["mixpeek", "shelf_vectors"])


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def definitions(*sinks: Shelf) -> dg.Definitions:
    settings = load_settings(first_partition=DAY.isoformat())
    return dg.Definitions.merge(
        build_definitions(settings, sinks=sinks), dg.Definitions(executor=dg.in_process_executor)
    )


def land_vectors(warehouse: Warehouse, *names: str, day: date = DAY) -> None:
    """Land a feature with two vectors for each name."""
    add_videos(warehouse, video(f"of {day}"), day=day)
    replies = [
        feature_reply(name, {"clip": [1.0, 2.0], "text": [0.5]}, video_id=f"of {day}", day=day) for name in names
    ]
    land(warehouse, "vectors", *replies)


def write(shelf: Shelf, instance: dg.DagsterInstance, *days: date) -> dg.ExecuteInProcessResult:
    """Run the job over days that follow each other."""
    tags = {
        "dagster/asset_partition_range_start": min(days).isoformat(),
        "dagster/asset_partition_range_end": max(days).isoformat(),
    }
    job = definitions(shelf).resolve_job_def("mixpeek_sinks")
    return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)


def figures(result: dg.ExecuteInProcessResult) -> dict[str | None, tuple[object, ...]]:
    """Return what was written, unchanged and removed of each day that was materialized."""
    return {
        one.partition: tuple(one.metadata[name].value for name in ("written", "unchanged", "removed"))
        for one in (event.materialization for event in result.get_asset_materialization_events())
    }


def failure(result: dg.ExecuteInProcessResult) -> str | None:
    [event] = [event for event in result.all_events if event.is_step_failure]
    said = event.step_failure_data.user_failure_data
    return said.description if said else None


def state(shelf: Shelf, warehouse: Warehouse, instance: dg.DagsterInstance) -> SinkState:
    return sink_state(instance, AssetGroup(DAY, ""), warehouse, ChosenSink.of(shelf))


def test_a_run_of_several_days_says_of_each_what_it_wrote(
    warehouse: Warehouse, instance: dg.DagsterInstance, shelf: Shelf
) -> None:
    land_vectors(warehouse, "a", "b")
    land_vectors(warehouse, "c", day=NEXT_DAY)

    assert figures(write(shelf, instance, DAY, NEXT_DAY)) == {str(DAY): (4, 0, 0), str(NEXT_DAY): (2, 0, 0)}

    land_vectors(warehouse, "d", day=NEXT_DAY)
    assert figures(write(shelf, instance, DAY, NEXT_DAY)) == {str(DAY): (0, 4, 0), str(NEXT_DAY): (2, 2, 0)}
    assert [(one.name, one.dimensions, one.vectors) for one in shelf.prepared[-1]] == [("clip", 2, 4), ("text", 1, 4)]
    assert shelf.indexed == 2


def test_what_a_landing_has_removed_is_removed(
    warehouse: Warehouse, instance: dg.DagsterInstance, shelf: Shelf
) -> None:
    land_vectors(warehouse, "a", "b")
    write(shelf, instance, DAY)
    with warehouse.database.transaction() as connection:
        connection.execute("DELETE FROM mixpeek.vectors WHERE feature_id = 'b'")

    assert figures(write(shelf, instance, DAY)) == {str(DAY): (0, 2, 2)}


def test_the_check_compares_what_the_store_has_with_what_the_warehouse_has(
    warehouse: Warehouse, instance: dg.DagsterInstance, shelf: Shelf
) -> None:
    land_vectors(warehouse, "a")
    [written] = write(shelf, instance, DAY).get_asset_check_evaluations()
    shelf.rows[DAY].popitem()

    executed = (
        definitions(shelf)
        .resolve_implicit_global_asset_job_def()
        .get_subset(asset_check_selection={dg.AssetCheckKey(SHELF, "same_count")}, asset_selection=set())
    )
    [counted] = executed.execute_in_process(
        instance=instance, partition_key=DAY.isoformat()
    ).get_asset_check_evaluations()

    assert (written.passed, written.description) == (True, "2 rows there, 2 vectors in the warehouse")
    assert (counted.passed, counted.description) == (False, "1 row there, 2 vectors in the warehouse")


def test_a_day_that_the_store_refuses_stops_no_other(
    warehouse: Warehouse, instance: dg.DagsterInstance, shelf: Shelf
) -> None:
    land_vectors(warehouse, "a")
    land_vectors(warehouse, "b", day=NEXT_DAY)
    shelf.refuses = {DAY}

    result = write(shelf, instance, DAY, NEXT_DAY)

    assert failure(result) == f"1 of 2 days are not written: the shelf takes nothing of {DAY}: make room"
    assert figures(result) == {str(NEXT_DAY): (2, 0, 0)}
    assert state(shelf, warehouse, instance).error == f"the shelf takes nothing of {DAY}: make room"
    shelf.refuses.clear()
    assert write(shelf, instance, DAY, NEXT_DAY).success
    assert state(shelf, warehouse, instance).error is None


def test_a_store_that_does_not_answer_fails_the_run_and_nothing_else(
    warehouse: Warehouse, instance: dg.DagsterInstance, shelf: Shelf
) -> None:
    land_vectors(warehouse, "a")
    shelf.is_down = True

    result = write(shelf, instance, DAY)

    assert failure(result) == "the shelf does not answer: is it there?"
    assert figures(result) == {}
    found = state(shelf, warehouse, instance)
    assert (found.vectors, found.held, found.error) == (2, None, "the shelf does not answer: is it there?")


def test_a_day_without_vectors_is_not_materialized(
    warehouse: Warehouse, instance: dg.DagsterInstance, shelf: Shelf
) -> None:
    add_videos(warehouse, video())
    result = write(shelf, instance, DAY)
    assert result.success
    assert figures(result) == {}


def test_another_warehouse_empties_no_day(warehouse: Warehouse, instance: dg.DagsterInstance, shelf: Shelf) -> None:
    shelf.rows = {DAY: {("a", "clip"): 1}}

    result = write(shelf, instance, DAY)

    assert "a shelf has 1 row of 2026-11-01, of which" in (failure(result) or "")
    assert shelf.rows == {DAY: {("a", "clip"): 1}}


def test_a_sink_is_behind_with_what_it_lacks_and_with_what_has_landed_since(
    warehouse: Warehouse, instance: dg.DagsterInstance, shelf: Shelf
) -> None:
    land_vectors(warehouse, "a")
    land_vectors(warehouse, "b", "c", day=NEXT_DAY)
    landed(instance, DAY, NEXT_DAY)
    before = state(shelf, warehouse, instance)
    write(shelf, instance, DAY, NEXT_DAY)
    written = state(shelf, warehouse, instance)
    landed(instance, DAY)
    shelf.rows[NEXT_DAY].popitem()
    after = state(shelf, warehouse, instance)

    assert (before.behind, before.held, before.written_at) == ({DAY: 2, NEXT_DAY: 4}, 0, None)
    assert (written.behind, written.held, written.vectors) == ({}, 6, 6)
    assert written.written_at is not None
    assert after.behind == {DAY: 2, NEXT_DAY: 1}


def landed(instance: dg.DagsterInstance, *days: date) -> None:
    """Say that the vectors of some days have landed."""
    for day in days:
        instance.report_runless_asset_event(dg.AssetMaterialization(VECTORS, partition=day.isoformat()))


class Automation:
    """The sensor of the sinks, tick by tick."""

    def __init__(self, instance: dg.DagsterInstance, shelf: Shelf) -> None:
        self._instance, self._definitions = instance, definitions(shelf)
        self._cursor = None

    def tick(self, later: timedelta = timedelta()) -> set[str]:
        """Return the days that are requested, now or later."""
        result = dg.evaluate_automation_conditions(
            self._definitions,
            self._instance,
            asset_selection=dg.AssetSelection.assets(SHELF),
            evaluation_time=datetime.now(UTC) + later,
            cursor=self._cursor,
        )
        self._cursor = result.cursor
        return {str(day) for day in result.get_requested_partitions(SHELF)}


def strings(*days: date) -> set[str]:
    return {day.isoformat() for day in days}


@pytest.fixture
def automation(warehouse: Warehouse, instance: dg.DagsterInstance, shelf: Shelf) -> Automation:
    """The sensor of a sink that is new, with a day that has landed."""
    land_vectors(warehouse, "a")
    landed(instance, DAY)
    return Automation(instance, shelf)


def test_days_are_requested_after_they_have_landed_and_once(
    automation: Automation, instance: dg.DagsterInstance, shelf: Shelf
) -> None:

    requested: Sequence[set[str]] = [automation.tick()]
    write(shelf, instance, DAY)
    requested.append(automation.tick())
    landed(instance, DAY, NEXT_DAY)
    requested.append(automation.tick())
    write(shelf, instance, DAY, NEXT_DAY)
    requested.append(automation.tick())

    # A sink that is new gets what has landed before it.
    assert requested == [strings(DAY), set(), strings(DAY, NEXT_DAY), set()]


def test_what_lands_while_a_day_is_written_is_written_by_the_next_run(
    automation: Automation, instance: dg.DagsterInstance, shelf: Shelf
) -> None:
    automation.tick()
    landed(instance, DAY)
    write(shelf, instance, DAY)

    assert automation.tick() == strings(DAY)


def test_a_day_that_failed_is_requested_again_each_quarter_of_an_hour(
    automation: Automation, instance: dg.DagsterInstance, shelf: Shelf
) -> None:
    automation.tick()
    shelf.is_down = True
    write(shelf, instance, DAY)

    assert automation.tick(timedelta(seconds=1)) in (set(), strings(DAY))  # a quarter of an hour may begin just now
    assert automation.tick(timedelta(seconds=2)) == set()
    assert automation.tick(timedelta(minutes=16)) == strings(DAY)
