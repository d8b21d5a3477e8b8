"""What a tick of the task sensor costs: its requests, their order, and how often it opens the warehouse."""

import random

import dagster as dg
import pytest

from mixpeek_assets import clock
from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.defs.task_sensor import task_status_sensor
from mixpeek_assets.pipeline import poll
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import ScriptedMixpeek, Video
from tests.fakes.pipeline import add_videos, submit

URLS = [f"http://videos.test/{number}.mp4" for number in range(30)]


@pytest.fixture
def due(mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Open tasks, which became due in another order than that of their submission; they are asked for singly."""
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "1")
    mixpeek.videos.update({url: Video(["PROCESSING"]) for url in URLS})
    add_videos(URLS)
    submit()
    tasks = [row["task_id"] for row in warehouse.tasks_due(clock.now(), len(URLS))]
    random.Random(1).shuffle(tasks)
    with warehouse.database.transaction() as connection:
        for place, task_id in enumerate(tasks):
            connection.execute(
                "UPDATE mixpeek.tasks SET next_poll_at = now() - INTERVAL 1 HOUR + $place * INTERVAL 1 SECOND"
                " WHERE task_id = $task_id",
                {"place": place, "task_id": task_id},
            )
    mixpeek.requests.clear()
    return tasks


def tick(instance: dg.DagsterInstance, warehouse: Warehouse) -> None:
    resources = {"warehouse": WarehouseResource(database=str(warehouse.path)), "mixpeek": MixpeekResource()}
    with dg.build_sensor_context(
        instance=instance, resources=resources, repository_def=defs().get_repository_def()
    ) as context:
        task_status_sensor(context)


def asked_for(mixpeek: ScriptedMixpeek) -> list[str]:
    return [request.path.removeprefix("/tasks/") for request in mixpeek.requests]


def test_a_tick_asks_once_for_each_task_that_is_due_and_for_the_longest_waiting_first(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, due: list[str]
) -> None:
    tick(instance, warehouse)

    assert asked_for(mixpeek) == due


def test_what_does_not_fit_into_a_tick_comes_first_in_the_next(
    mixpeek: ScriptedMixpeek,
    warehouse: Warehouse,
    instance: dg.DagsterInstance,
    due: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(poll, "_MOST_A_TICK", 20)

    tick(instance, warehouse)
    tick(instance, warehouse)

    assert asked_for(mixpeek)[: len(URLS)] == due


def test_a_tick_opens_the_warehouse_a_few_times_however_many_tasks_are_due(
    warehouse: Warehouse, instance: dg.DagsterInstance, due: list[str], openings: list[bool]
) -> None:
    tick(instance, warehouse)
    # What is open, what is due, and what is to be landed or waited for; and one load of the answers.
    assert (openings.count(True), openings.count(False)) == (4, 1)

    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET next_poll_at = now() + INTERVAL 5 MINUTE")
    openings.clear()
    tick(instance, warehouse)
    assert (openings.count(True), openings.count(False)) == (4, 0)
