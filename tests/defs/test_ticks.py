"""What a tick of the task sensor costs: its requests, their order, and how often it opens the warehouse."""

import random

import dagster as dg
import pytest

from mixpeek_assets import clock
from mixpeek_assets.definitions import defs
from mixpeek_assets.pipeline import poll
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.defs.test_sensors import tick
from tests.fakes.mixpeek import ScriptedMixpeek, Video
from tests.fakes.pipeline import add_videos, submit
from tests.warehouse.asking import ask

URLS = [f"http://videos.test/{number}.mp4" for number in range(30)]


@pytest.fixture
def due(mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Open tasks, which became due in another order than that of their submission; they are asked for singly."""
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "1")
    mixpeek.videos.update({url: Video(["PROCESSING"]) for url in URLS})
    add_videos(URLS)
    submit()
    tasks = [task.task_id for task in ask(warehouse, lambda reader: reader.tasks_due(clock.now(), len(URLS)))]
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


def asked_for(mixpeek: ScriptedMixpeek) -> list[str]:
    return [request.path.removeprefix("/tasks/") for request in mixpeek.requests]


def test_a_tick_asks_once_for_each_task_that_is_due_and_for_the_longest_waiting_first(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, due: list[str]
) -> None:
    tick("task_status_sensor", instance, warehouse)

    assert asked_for(mixpeek) == due


def test_what_does_not_fit_into_a_tick_comes_first_in_the_next(
    mixpeek: ScriptedMixpeek,
    warehouse: Warehouse,
    instance: dg.DagsterInstance,
    due: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(poll, "_MAX_TASKS_PER_TICK", 20)

    tick("task_status_sensor", instance, warehouse)
    tick("task_status_sensor", instance, warehouse)

    assert asked_for(mixpeek)[: len(URLS)] == due


def test_a_tick_opens_the_warehouse_a_few_times_however_many_tasks_are_due(
    warehouse: Warehouse, instance: dg.DagsterInstance, due: list[str], openings: list[bool]
) -> None:
    defs()  # the code location looks up its first partition, once
    openings.clear()
    tick("task_status_sensor", instance, warehouse)
    # What is due, what is to be landed or waited for, and what is published; and one load of the answers.
    assert (openings.count(True), openings.count(False)) == (3, 1)

    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET next_poll_at = now() + INTERVAL 5 MINUTE")
    openings.clear()
    tick("task_status_sensor", instance, warehouse)
    assert (openings.count(True), openings.count(False)) == (3, 0)
