import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mixpeek_assets.api.errors import ServerUnreachableError
from mixpeek_assets.pipeline.poll import next_wait
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import Waiting
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import Answer, ScriptedMixpeek, Video, scripted_mixpeek
from tests.fakes.pipeline import add_videos, land, let_pass, poll, project_warehouse, submit
from tests.warehouse.asking import ask

GET = "GET /tasks/"
URL = "http://videos.test/a.mp4"


def task(warehouse: Warehouse, column: str) -> object:
    with warehouse.database.connection(read_only=True) as connection:
        row = connection.execute(f"SELECT {column} FROM mixpeek.tasks ORDER BY attempt DESC").fetchone()
    assert row is not None
    return row[0]


def submitted(mixpeek: ScriptedMixpeek, *statuses: str, count: int = 1) -> None:
    urls = [URL, *(f"http://videos.test/{number}.mp4" for number in range(1, count))]
    for url in urls:
        mixpeek.videos[url] = Video(list(statuses), {"video": [mixpeek.feature("video", url)]})
    add_videos(urls)
    submit()


def make_due(warehouse: Warehouse) -> None:
    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET next_poll_at = now() WHERE state = 'open'")


def test_waits_grow_by_half_up_to_half_a_minute_then_to_minutes() -> None:
    fresh = timedelta(minutes=1)
    waits = [next_wait(polls, fresh).total_seconds() for polls in range(12)]

    assert waits[:3] == [1.0, 1.5, 2.25]
    assert waits == sorted(waits)
    assert waits[-1] == 30
    assert next_wait(100_000, fresh).total_seconds() == 30
    assert next_wait(5, timedelta(hours=2)) > timedelta(minutes=1)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("DONE", "done"),
        ("done", "done"),
        ("COMPLETED", "done"),
        ("COMPLETED_WITH_ERRORS", "done"),
        ("FAILED", "failed"),
        ("SKIPPED", "skipped"),
        ("CANCELLED", "cancelled"),
        ("CANCELED", "cancelled"),
    ],
)
def test_every_final_status_of_every_era_settles_a_task(
    status: str, state: str, mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    submitted(mixpeek, status)

    polled = poll()

    assert sum(polled.settled.values()) == 1
    assert (task(warehouse, "state"), task(warehouse, "status")) == (state, status)
    assert task(warehouse, "settled_at") is not None
    assert task(warehouse, "next_poll_at") is None


@pytest.mark.parametrize("status", ["QUEUED", "processing", "UPLOADING", "CONVERTING", "something new"])
def test_any_other_status_keeps_a_task_open_until_it_is_due_again(
    status: str, mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    submitted(mixpeek, status)

    poll()
    poll()

    assert (task(warehouse, "state"), task(warehouse, "status"), task(warehouse, "polls")) == ("open", status, 1)
    assert len(mixpeek.asked(GET)) == 1, "it was not due the second time"
    make_due(warehouse)
    poll()
    assert task(warehouse, "polls") == 2


def test_a_task_that_the_server_has_forgotten_is_lost_and_not_sent_again(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    submitted(mixpeek, "QUEUED")
    mixpeek.tasks.clear()
    let_pass(hours=25)

    poll()

    assert task(warehouse, "state") == "lost"
    assert "404" in str(task(warehouse, "error"))
    assert submit().accepted == 0, "it was accepted once, and may have been paid for"


def test_a_task_that_does_not_end_within_a_day_is_lost(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    submitted(mixpeek, "PROCESSING")
    let_pass(hours=25)

    poll()

    assert (task(warehouse, "state"), task(warehouse, "status")) == ("lost", "PROCESSING")
    assert "still PROCESSING 25.0 hours after it was submitted" in str(task(warehouse, "error"))


@pytest.mark.parametrize("answer", [Answer([]), Answer({"detail": "no"}, 400), Answer(b"oops", 500)])
def test_a_task_that_cannot_be_read_is_due_again_later_and_lost_at_its_deadline(
    answer: Answer, mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    submitted(mixpeek, "DONE")
    mixpeek.script(GET, answer, for_ever=True)

    assert len(poll().errors) == 1
    assert poll().errors == [], "it is not due at once"
    assert task(warehouse, "state") == "open"

    let_pass(hours=25)
    make_due(warehouse)
    poll()
    assert task(warehouse, "state") == "lost"


def test_a_task_that_is_not_visible_at_first_stays_open(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    submitted(mixpeek, "DONE")
    missing = {"success": False, "status": 404, "error": {"message": "not found", "type": "NotFound"}}
    mixpeek.script(GET, Answer(missing, 404))

    poll()
    assert (task(warehouse, "state"), task(warehouse, "error")) == ("open", None)

    make_due(warehouse)
    poll()
    assert task(warehouse, "state") == "done"


def test_an_unknown_status_is_kept_and_warned_of_once(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    submitted(mixpeek, "WARMING_UP", count=3)

    (warning,) = poll().warnings()
    assert "3 tasks have the status 'WARMING_UP'" in warning
    assert (task(warehouse, "state"), task(warehouse, "status")) == ("open", "WARMING_UP")

    make_due(warehouse)
    again = poll()
    assert (again.polled, again.warnings()) == (3, [])


@pytest.mark.parametrize("by", [timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_jumps_loses_no_task_and_is_warned_of(
    by: timedelta, mixpeek: ScriptedMixpeek, warehouse: Warehouse, jump: Callable[[timedelta], None]
) -> None:
    submitted(mixpeek, "PROCESSING", "PROCESSING", "DONE")

    jump(by)
    (warning,) = poll().warnings()

    assert "this machine's clock is 1 day" in warning or "this machine's clock is 23:59:5" in warning
    assert task(warehouse, "state") == "open"
    jump(timedelta(0))
    make_due(warehouse)
    assert poll().warnings() == []
    make_due(warehouse)
    poll()
    assert task(warehouse, "state") == "done"


def test_a_poll_that_was_planned_by_a_clock_that_was_ahead_is_due(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, jump: Callable[[timedelta], None]
) -> None:
    submitted(mixpeek, "PROCESSING", "DONE")
    jump(timedelta(days=1))
    poll()

    jump(timedelta(0))

    assert poll().polled == 1
    assert task(warehouse, "state") == "done"


@pytest.mark.parametrize(
    "error",
    [
        "duplicate: asset {} has the same content",
        {"message": "This file already exists", "existing_asset_id": "{}"},
        {"message": "Duplicate file", "details": {"duplicate_of": "{}"}},
    ],
)
def test_an_error_that_names_the_asset_which_is_there_leads_to_it(
    error: Any, mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    """Contract b8: one of the three answers to a duplicate."""
    submitted(mixpeek, "DONE", count=2)
    first, second = mixpeek.tasks
    shared = mixpeek.tasks[first][0]
    named = json.loads(json.dumps(error).replace("{}", shared))
    mixpeek.script(GET + second, Answer({"task_id": second, "status": "FAILED", "error": named}))

    poll()
    land()

    with warehouse.database.connection(read_only=True) as connection:
        found = connection.execute("SELECT state, asset_id FROM mixpeek.tasks WHERE task_id = ?", [second]).fetchall()
    assert found == [("skipped", shared)]
    assert ask(warehouse, Reader.table_counts)["assets"] == 1
    assert ask(warehouse, Reader.partitions_to_land) == []


def test_a_task_of_another_api_is_left_alone_until_that_is_spoken_to_again(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(mixpeek, "DONE")
    with scripted_mixpeek() as other:
        monkeypatch.setenv("MIXPEEK_API_URL", other.url)
        assert poll().polled == 0
        assert other.requests == []
        assert ask(project_warehouse(), Reader.waiting) == [Waiting("api", mixpeek.url, 1)]
    monkeypatch.setenv("MIXPEEK_API_URL", mixpeek.url)
    assert poll().polled == 1
    assert ask(project_warehouse(), Reader.waiting) == []


def test_the_reason_of_a_failure_is_kept(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    mixpeek.videos[URL] = Video(["FAILED"], error="the file is no video")
    add_videos([URL])
    submit()

    poll()

    assert task(warehouse, "error ->> '$'") == "the file is no video"
    assert land()[0].fetched == 0


def test_an_asset_that_hides_in_outputs_or_must_be_looked_up_is_found(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    submitted(mixpeek, "DONE", count=2)
    first, second = mixpeek.tasks
    asset_of = {task_id: asset_id for task_id, (asset_id, _, _) in mixpeek.tasks.items()}
    outputs = {"task_id": first, "status": "DONE", "inputs": [], "outputs": [{"asset_id": asset_of[first]}]}
    mixpeek.script(GET + first, Answer(outputs))
    mixpeek.script(GET + second, Answer({"task_id": second, "status": "DONE"}))
    mixpeek.script("POST /assets", Answer({"results": [{"asset_id": asset_of[second]}]}))

    poll()

    assert land()[0].fetched == 2


@pytest.mark.parametrize("answer", [Answer({"results": []}), Answer({"detail": "Not Found"}, 404)])
def test_a_task_that_is_done_without_an_asset_fails_and_says_so(
    answer: Answer, mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    submitted(mixpeek, "DONE")
    mixpeek.script(GET, Answer({"status": "DONE"}))
    mixpeek.script("POST /assets", answer)

    poll()

    assert task(warehouse, "state") == "failed"
    assert "names no asset" in str(task(warehouse, "error"))


def test_one_poll_that_fails_stops_no_other_and_is_tried_again_later(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    submitted(mixpeek, "DONE", count=5)
    mixpeek.script(GET + next(iter(mixpeek.tasks)), Answer(b"oops", 500), for_ever=True)

    polled = poll()

    assert (polled.polled, len(polled.errors)) == (4, 1)
    assert poll().polled == 0, "it is not asked for again at once"
    mixpeek.unscript()
    make_due(warehouse)
    assert poll().polled == 1


def test_a_server_that_is_away_settles_nothing(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_mixpeek() as server:
        monkeypatch.setenv("MIXPEEK_API_URL", server.url)
        submitted(server, "DONE")

    with pytest.raises(ServerUnreachableError):
        poll()

    assert task(warehouse, "state") == "open"


def test_the_longest_waiting_tasks_are_read_first_when_time_is_short(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    submitted(mixpeek, "QUEUED", count=6)
    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET next_poll_at = now() - INTERVAL 1 MINUTE")
        connection.execute(
            "UPDATE mixpeek.tasks SET next_poll_at = now() - INTERVAL 1 HOUR"
            " WHERE video_id = (SELECT video_id FROM mixpeek.videos WHERE url LIKE '%/5.mp4')"
        )

    due = ask(warehouse, lambda reader: reader.tasks_due(datetime.now(UTC), 3))

    assert len(due) == 3
    starved = due[0].video_id
    with warehouse.database.connection(read_only=True) as connection:
        row = connection.execute("SELECT url FROM mixpeek.videos WHERE video_id = ?", [starved]).fetchone()
    assert row == ("http://videos.test/5.mp4",)


def test_two_videos_may_share_an_asset(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    """Contract b8: a duplicate may come back as SKIPPED with the asset of the first."""
    submitted(mixpeek, "DONE", count=2)
    first, second = mixpeek.tasks
    shared = mixpeek.tasks[first][0]
    mixpeek.script(GET + second, Answer({"task_id": second, "asset_id": shared, "status": "SKIPPED"}))

    poll()
    land()

    assert ask(warehouse, Reader.table_counts)["assets"] == 1
    assert ask(warehouse, Reader.partitions_to_land) == []
