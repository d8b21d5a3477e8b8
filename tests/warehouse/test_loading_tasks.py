"""What submissions and polls tell, applied to `tasks`."""

import pytest

from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.rows import (
    DAY,
    NEXT_DAY,
    accepted,
    add_videos,
    asset_reply,
    at,
    done_task,
    event,
    feature,
    feature_reply,
    intend,
    land,
    refused_asset,
    refused_feature,
    settled,
    table,
    task,
    the_task,
    video,
    write,
)


def poll(*, seconds: float, status: str = "PROCESSING", **fields: object) -> dict[str, object]:
    told = {"state": "open", "status": status, "polled_at": at(seconds), "next_poll_at": at(seconds + 5), "polls": 1}
    return event(seconds=seconds, **{**told, **fields})


def test_an_intent_is_there_before_any_answer(warehouse: Warehouse) -> None:
    intend(warehouse, "v1", day=NEXT_DAY)
    found = the_task(warehouse)
    assert {key: value for key, value in found.items() if value is not None} == {
        "video_id": "v1",
        "attempt": 1,
        "state": "submitting",
        "why": "new",
        "polls": 0,
        "partition_date": NEXT_DAY,
        "run_id": "run-tasks",
    }


def test_an_answer_opens_the_task(warehouse: Warehouse) -> None:
    task(warehouse, "v1", accepted(seconds=3))
    found = the_task(warehouse)
    assert (found["state"], found["task_id"], found["polls"]) == ("open", "task-v1", 0)
    assert found["submitted_at"] == found["next_poll_at"] == at(3)
    assert found["settled_at"] is None


def test_an_event_without_a_field_keeps_what_was_known(warehouse: Warehouse) -> None:
    task(warehouse, "v1", accepted())
    land(warehouse, "tasks", poll(seconds=10, error={"reason": "slow"}, asset_id="a1"))
    land(warehouse, "tasks", event(seconds=20, polls=1, next_poll_at=at(50)))
    found = the_task(warehouse)
    assert (found["task_id"], found["status"], found["state"], found["asset_id"]) == (
        "task-v1",
        "PROCESSING",
        "open",
        "a1",
    )
    assert found["error"] == '{"reason":"slow"}'
    assert (found["submitted_at"], found["polled_at"], found["next_poll_at"]) == (at(0), at(10), at(50))
    assert (found["polls"], found["run_id"]) == (2, "run-tasks")


def test_the_latest_of_several_events_of_a_batch_counts_whatever_their_order_in_it(warehouse: Warehouse) -> None:
    intend(warehouse, "v1")
    events = [poll(seconds=30, status="EMBEDDING"), accepted(), poll(seconds=10, status="QUEUED")]
    land(warehouse, "tasks", *events)
    found = the_task(warehouse)
    assert (found["status"], found["polled_at"], found["next_poll_at"], found["polls"]) == (
        "EMBEDDING",
        at(30),
        at(35),
        2,
    )
    assert found["task_id"] == "task-v1"


def test_polls_are_counted_over_batches_files_and_lines(warehouse: Warehouse) -> None:
    task(warehouse, "v1", accepted())
    write(warehouse.landing_folder, "tasks", poll(seconds=1), poll(seconds=2))
    land(warehouse, "tasks", poll(seconds=3))
    land(warehouse, "tasks", poll(seconds=4))
    assert the_task(warehouse)["polls"] == 4


def test_a_settled_task_stays_settled_whatever_comes_later(warehouse: Warehouse) -> None:
    done_task(warehouse, "v1", "a1")
    before = table(warehouse, "tasks", without=())
    land(warehouse, "tasks", poll(seconds=90), settled(state="failed", seconds=95, asset_id="a2"))
    assert table(warehouse, "tasks", without=()) == before


def test_an_answer_from_before_the_end_that_is_written_after_it_does_not_open_the_task_again(
    warehouse: Warehouse,
) -> None:
    # Two pollers read a task; the one that heard "processing" notes it after the one that heard "done".
    task(warehouse, "v1", accepted())
    write(warehouse.landing_folder, "tasks", settled(seconds=60, asset_id="a1"))
    land(warehouse, "tasks", poll(seconds=61))
    found = the_task(warehouse)
    assert (found["state"], found["status"], found["asset_id"]) == ("done", "DONE", "a1")
    assert found["settled_at"] == at(60)


def test_a_task_that_is_over_is_not_due_again(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"))
    task(warehouse, "v1", accepted(), poll(seconds=10), settled(seconds=60, asset_id="a1"))
    assert the_task(warehouse)["next_poll_at"] is None
    assert ask(warehouse, lambda reader: reader.tasks_due(at(10_000), 10)) == []


@pytest.mark.parametrize("state", ["done", "failed", "skipped", "cancelled", "lost"])
def test_each_end_is_kept_with_its_reason(warehouse: Warehouse, state: str) -> None:
    task(warehouse, "v1", accepted(), settled(state=state, error={"reason": 'it\'s "so"'}))
    found = the_task(warehouse)
    assert (found["state"], found["settled_at"], found["error"]) == (state, at(60), '{"reason":"it\'s \\"so\\""}')


def test_an_intent_that_was_withdrawn_is_gone_and_no_other(warehouse: Warehouse) -> None:
    intend(warehouse, "v1", "v2", "v3")
    land(warehouse, "tasks", event("v1", state="withdrawn"), accepted("v2"))
    assert [(row["video_id"], row["state"]) for row in table(warehouse, "tasks")] == [
        ("v2", "open"),
        ("v3", "submitting"),
    ]


def test_an_event_is_of_one_attempt_of_one_video(warehouse: Warehouse) -> None:
    task(warehouse, "v1", settled(state="lost"))
    intend(warehouse, "v1", attempt=2)
    intend(warehouse, "v2")
    land(warehouse, "tasks", accepted("v1", attempt=2), event("v9", state="open"), event("v2", attempt=7, state="open"))
    assert [(row["video_id"], row["attempt"], row["state"]) for row in table(warehouse, "tasks")] == [
        ("v1", 1, "lost"),
        ("v1", 2, "open"),
        ("v2", 1, "submitting"),
    ]


def test_submissions_without_an_answer_are_lost_in_these_partitions_only(warehouse: Warehouse) -> None:
    intend(warehouse, "v1")
    intend(warehouse, "v2", day=NEXT_DAY)
    task(warehouse, "v3", accepted("v3"))
    done_task(warehouse, "v4")
    warehouse.mark_lost([DAY])
    assert {row["video_id"]: row["state"] for row in table(warehouse, "tasks")} == {
        "v1": "lost",
        "v2": "submitting",
        "v3": "open",
        "v4": "done",
    }
    lost = the_task(warehouse, "v1")
    assert lost["settled_at"] is not None
    assert "may have accepted" in lost["error"]


def landed(warehouse: Warehouse, video_id: str = "v1") -> bool:
    return the_task(warehouse, video_id)["landed_at"] is not None


def test_a_task_is_landed_once_its_asset_and_each_feature_is(warehouse: Warehouse) -> None:
    done_task(warehouse)
    assert not landed(warehouse)
    land(warehouse, "assets", asset_reply("a1", feature("f1"), feature("f2"), feature("f3")))
    assert not landed(warehouse)
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}))
    land(warehouse, "vectors", refused_feature("f2"))
    assert not landed(warehouse)
    land(warehouse, "vectors", feature_reply("f3", sparse={"words": {"indices": [1], "values": [0.5]}}))
    assert landed(warehouse)


def test_a_task_is_landed_with_an_asset_that_lists_no_feature(warehouse: Warehouse) -> None:
    done_task(warehouse)
    land(warehouse, "assets", asset_reply("a1"))
    assert landed(warehouse)


def test_a_task_is_landed_with_an_asset_that_is_refused(warehouse: Warehouse) -> None:
    done_task(warehouse)
    land(warehouse, "assets", refused_asset("a1"))
    assert landed(warehouse)


def test_a_feature_with_some_vectors_and_some_rejects_is_landed(warehouse: Warehouse) -> None:
    done_task(warehouse)
    land(warehouse, "assets", asset_reply("a1", feature("f1")))
    flaw = {"object_id": "f1", "reason": "vector 'b' is empty", "excerpt": "[]"}
    land(warehouse, "vectors", feature_reply("f1", {"a": [1]}, problems=[flaw]))
    assert landed(warehouse)


@pytest.mark.parametrize("state", ["failed", "cancelled", "lost"])
def test_a_task_that_made_nothing_is_never_landed(warehouse: Warehouse, state: str) -> None:
    task(warehouse, "v1", accepted(), settled(state=state, asset_id="a1"))
    land(warehouse, "assets", asset_reply("a1"))
    assert not landed(warehouse)


def test_a_task_of_another_asset_does_not_keep_one_from_being_landed(warehouse: Warehouse) -> None:
    done_task(warehouse, "v1", "a1")
    done_task(warehouse, "v2", "a2")
    land(warehouse, "assets", asset_reply("a1"), asset_reply("a2", feature("f2"), video_id="v2"))
    assert (landed(warehouse, "v1"), landed(warehouse, "v2")) == (True, False)


def test_a_task_whose_asset_another_video_has_landed_is_landed_as_soon_as_it_is_over(warehouse: Warehouse) -> None:
    # Nothing more is fetched for it, so no later load would say so: its partition would wait for ever.
    done_task(warehouse, "v1", "a1")
    land(warehouse, "assets", asset_reply("a1"))
    task(warehouse, "v2", accepted("v2"), settled("v2", "skipped", asset_id="a1"))
    assert landed(warehouse, "v2")
    assert ask(warehouse, Reader.partitions_to_land) == []


def test_when_a_task_was_landed_stays_when_its_asset_is_landed_again(warehouse: Warehouse) -> None:
    done_task(warehouse)
    land(warehouse, "assets", asset_reply("a1"))
    first = the_task(warehouse)["landed_at"]
    land(warehouse, "assets", asset_reply("a1", seconds=100))
    assert the_task(warehouse)["landed_at"] == first
