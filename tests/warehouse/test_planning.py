"""What is missing: videos to submit, tasks to poll, partitions, assets and vectors to land."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import DueTask, FeatureToFetch, VideoToSubmit
from mixpeek_assets.warehouse.warehouse import SubmissionRules, Warehouse
from tests.fakes.videos import upsert
from tests.warehouse.asking import ask, listed
from tests.warehouse.rows import (
    DAY,
    NEXT_DAY,
    Row,
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
    manifest,
    problem,
    refused_asset,
    refused_feature,
    settled,
    table,
    task,
    video,
)

DAY_BEFORE = date(2026, 10, 31)


def add_listed(
    warehouse: Warehouse, folder: Path, *videos: dict[str, object], partitions: list[date], day: date
) -> int:
    now = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)
    return upsert(warehouse, manifest(folder, *videos), partitions, now, "run-videos")


def days(warehouse: Warehouse) -> dict[str, date]:
    return {row["video_id"]: row["partition_date"] for row in table(warehouse, "videos")}


def dated(video_id: str, moment: str) -> dict[str, object]:
    return video(video_id, added_at=datetime.fromisoformat(moment))


def test_a_dated_video_joins_the_utc_day_of_its_date(warehouse: Warehouse, tmp_path: Path) -> None:
    listed = [
        dated("v1", "2026-10-31T23:59:59+00:00"),
        dated("v2", "2026-11-01T00:00:00+00:00"),
        dated("v3", "2026-11-01T00:30:00+01:00"),
    ]
    add_listed(warehouse, tmp_path, *listed, partitions=[DAY_BEFORE, DAY, NEXT_DAY], day=NEXT_DAY)
    assert days(warehouse) == {"v1": DAY_BEFORE, "v2": DAY, "v3": DAY_BEFORE}
    assert [row["added_at"] for row in table(warehouse, "videos")][1] == at(-12 * 3600)


def test_a_run_adds_the_videos_of_its_own_partitions_only(warehouse: Warehouse, tmp_path: Path) -> None:
    listed = [dated("v1", "2026-10-31T12:00:00+00:00"), dated("v2", "2026-11-01T12:00:00+00:00"), video("v3")]
    assert add_listed(warehouse, tmp_path, *listed, partitions=[DAY], day=NEXT_DAY) == 1
    assert days(warehouse) == {"v2": DAY}


def test_an_undated_video_joins_todays_partition_and_never_a_past_one(warehouse: Warehouse, tmp_path: Path) -> None:
    assert add_listed(warehouse, tmp_path, video("v1"), partitions=[DAY], day=NEXT_DAY) == 0
    assert add_listed(warehouse, tmp_path, video("v1"), partitions=[DAY, NEXT_DAY], day=NEXT_DAY) == 1
    assert days(warehouse) == {"v1": NEXT_DAY}
    [row] = table(warehouse, "videos")
    assert row["added_at"] == datetime(2026, 11, 2, 23, 59, tzinfo=UTC)


def test_a_video_that_is_known_keeps_its_day(warehouse: Warehouse, tmp_path: Path) -> None:
    add_listed(warehouse, tmp_path, video("v1"), dated("v2", "2026-11-01T12:00:00+00:00"), partitions=[DAY], day=DAY)
    later = [dated("v1", "2026-11-02T12:00:00+00:00"), video("v2")]
    assert add_listed(warehouse, tmp_path, *later, partitions=[DAY, NEXT_DAY], day=NEXT_DAY) == 0
    assert days(warehouse) == {"v1": DAY, "v2": DAY}
    assert [row["added_at"].day for row in table(warehouse, "videos")] == [1, 1]


def test_a_known_videos_metadata_follows_the_manifest(warehouse: Warehouse, tmp_path: Path) -> None:
    add_videos(warehouse, video("v1", metadata='{"a": 1}'), video("v2"))
    untouched = table(warehouse, "videos", without=())[1]
    changed = video("v1", metadata='{"a": 2}', source="other.csv")
    assert add_listed(warehouse, tmp_path, changed, video("v2"), partitions=[DAY], day=NEXT_DAY) == 0
    first, second = table(warehouse, "videos", without=())
    assert (first["metadata"], first["source"]) == ('{"a": 2}', "other.csv")
    assert second == untouched


def test_a_video_that_is_no_longer_listed_stays(warehouse: Warehouse, tmp_path: Path) -> None:
    add_videos(warehouse, video("v1"))
    add_listed(warehouse, tmp_path, video("v2"), partitions=[DAY], day=DAY)
    assert set(days(warehouse)) == {"v1", "v2"}


def test_a_manifest_that_is_read_again_adds_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    listed = [video("v1"), video("v2", metadata='{"a": 1}')]
    assert add_listed(warehouse, tmp_path, *listed, partitions=[DAY], day=DAY) == 2
    before = table(warehouse, "videos", without=())
    assert add_listed(warehouse, tmp_path, *listed, partitions=[DAY], day=DAY) == 0
    assert table(warehouse, "videos", without=()) == before


def test_a_manifests_problems_replace_its_earlier_ones_and_no_others(warehouse: Warehouse, tmp_path: Path) -> None:
    def read(source: str, *rows: int) -> None:
        problems = [problem(f"{source} row {row}", "has no url") for row in rows]
        found = manifest(tmp_path, video("v1"), source=source, problems=problems)
        upsert(warehouse, found, [DAY], at(0), "run-videos")

    read("a.csv", 1, 2)
    read("a", 7)
    assert len(table(warehouse, "rejects")) == 3
    read("b.csv", 3)
    read("a.csv", 2)
    rejects = table(warehouse, "rejects")
    assert [row["object_id"] for row in rejects] == ["a row 7", "a.csv row 2", "b.csv row 3"]
    assert {(row["endpoint"], row["partition_date"]) for row in rejects} == {("manifest", DAY)}
    read("a.csv")
    assert [row["object_id"] for row in table(warehouse, "rejects")] == ["a row 7", "b.csv row 3"]


def test_the_partitions_of_a_manifest_are_those_of_its_videos(warehouse: Warehouse, tmp_path: Path) -> None:
    add_videos(warehouse, video("v1"))
    add_videos(warehouse, video("v2"), day=NEXT_DAY)

    def known(*videos: Row) -> list[date]:
        return ask(warehouse, lambda reader: reader.manifest_partitions(manifest(tmp_path, *videos).videos))

    assert known(video("v2"), video("v9")) == [NEXT_DAY]
    assert known(video("v2"), video("v1")) == [DAY, NEXT_DAY]


def test_new_partitions_are_those_of_videos_that_are_new_and_not_of_tomorrow(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    add_videos(warehouse, dated("v1", "2026-10-31T12:00:00+00:00"), day=DAY_BEFORE)
    listed = manifest(
        tmp_path,
        dated("v1", "2026-10-31T12:00:00+00:00"),
        dated("v2", "2026-10-30T12:00:00+00:00"),
        dated("v3", "2026-11-02T12:00:00+00:00"),
        video("v4"),
    )
    found = ask(warehouse, lambda reader: reader.new_partitions(listed.videos, DAY))
    assert found == [date(2026, 10, 30), DAY]


def planned(warehouse: Warehouse, *, day: date = DAY, **rules: Any) -> list[VideoToSubmit]:
    return listed(warehouse.videos_to_submit(SubmissionRules(**rules), [day]))


def to_submit(warehouse: Warehouse, **rules: Any) -> list[tuple[str, int, bool]]:
    """Each video with its attempt, and whether it is sent so that a repetition costs nothing."""
    rows = planned(warehouse, **rules)
    return [(row.video_id, row.attempt, row.skip_duplicate is True) for row in rows]


def partitions_to_submit(warehouse: Warehouse, **rules: Any) -> list[date]:
    return ask(warehouse, lambda reader: reader.partitions_to_submit(SubmissionRules(**rules)))


def test_a_video_that_was_never_submitted_is_to_be(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"), video("v2"))
    add_videos(warehouse, video("v3"), day=NEXT_DAY)
    assert to_submit(warehouse) == [("v1", 1, False), ("v2", 1, False)]
    assert partitions_to_submit(warehouse) == [DAY, NEXT_DAY]
    [row, _] = planned(warehouse)
    assert (row.url, row.collection, row.partition_date) == ("https://videos.test/v1.mp4", "default", DAY)


@pytest.mark.parametrize("state", ["open", "done", "skipped"])
def test_a_video_whose_task_is_open_or_done_is_never_submitted_again(warehouse: Warehouse, state: str) -> None:
    add_videos(warehouse, video("v1"))
    over = [] if state == "open" else [settled(state=state, asset_id="a1")]
    task(warehouse, "v1", accepted(), *over)
    assert to_submit(warehouse, max_attempts=9, resubmit_failed=True) == []
    assert partitions_to_submit(warehouse, max_attempts=9) == []


def test_a_video_that_is_being_submitted_is_not_another_runs_but_its_partition_is_not_done(
    warehouse: Warehouse,
) -> None:
    add_videos(warehouse, video("v1"))
    intend(warehouse, "v1")
    assert to_submit(warehouse, max_attempts=9, resubmit_failed=True) == []
    assert partitions_to_submit(warehouse) == [DAY]


def test_a_video_whose_answer_was_lost_is_submitted_again_as_one_that_may_be_a_repetition(
    warehouse: Warehouse,
) -> None:
    add_videos(warehouse, video("v1"))
    for attempt in (1, 2, 3):
        intend(warehouse, "v1", attempt=attempt)
        warehouse.mark_lost([DAY])
        assert to_submit(warehouse) == [("v1", attempt + 1, True)]
        assert partitions_to_submit(warehouse) == [DAY]


@pytest.mark.parametrize("state", ["failed", "cancelled", "lost"])
def test_a_video_whose_task_came_to_nothing_is_submitted_as_often_as_is_allowed(
    warehouse: Warehouse, state: str
) -> None:
    add_videos(warehouse, video("v1"))
    may_repeat = state == "lost"
    for attempt in (1, 2):
        task(warehouse, "v1", accepted(), settled(state=state), attempt=attempt)
        assert to_submit(warehouse, max_attempts=attempt) == []
        assert partitions_to_submit(warehouse, max_attempts=attempt) == []
        assert to_submit(warehouse, max_attempts=attempt + 1) == [("v1", attempt + 1, may_repeat)]
        assert partitions_to_submit(warehouse, max_attempts=attempt + 1) == [DAY]
        assert to_submit(warehouse, max_attempts=1, resubmit_failed=True) == [("v1", attempt + 1, may_repeat)]


def test_an_answer_that_was_lost_does_not_count_as_a_failure(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"))
    intend(warehouse, "v1")
    warehouse.mark_lost([DAY])
    task(warehouse, "v1", accepted(), settled(state="failed"), attempt=2)
    assert to_submit(warehouse, max_attempts=1) == []
    assert to_submit(warehouse, max_attempts=2) == [("v1", 3, True)]


def test_a_video_whose_last_answer_was_lost_is_submitted_again_however_often_it_failed_before(
    warehouse: Warehouse,
) -> None:
    add_videos(warehouse, video("v1"))
    task(warehouse, "v1", accepted(), settled(state="failed"), attempt=1)
    intend(warehouse, "v1", attempt=2)
    warehouse.mark_lost([DAY])
    assert to_submit(warehouse, max_attempts=1) == [("v1", 3, True)]
    assert partitions_to_submit(warehouse, max_attempts=1) == [DAY]


def test_a_video_whose_first_attempt_failed_and_second_is_open_is_not_submitted_again(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"))
    task(warehouse, "v1", accepted(), settled(state="failed"), attempt=1)
    task(warehouse, "v1", accepted(seconds=100), attempt=2)
    assert to_submit(warehouse, max_attempts=9, resubmit_failed=True) == []


def test_a_submission_that_was_withdrawn_never_was(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"))
    task(warehouse, "v1", event(state="withdrawn"))
    assert to_submit(warehouse) == [("v1", 1, False)]


def test_open_tasks_are_due_from_their_time_on_the_longest_waiting_first(warehouse: Warehouse) -> None:
    waits = {"v1": 30, "v2": 10, "v3": 20, "v4": 40}
    add_videos(warehouse, *(video(name) for name in [*waits, "v5", "v6"]))
    intend(warehouse, *waits, "v5", "v6")
    told = [accepted(name, next_poll_at=at(seconds)) for name, seconds in waits.items()]
    land(warehouse, "tasks", *told, accepted("v5"), settled("v5"))

    def due(now: datetime, limit: int) -> list[str]:
        return [task.video_id for task in ask(warehouse, lambda reader: reader.tasks_due(now, limit))]

    assert due(at(30), 10) == ["v2", "v3", "v1"]
    assert due(at(100), 2) == ["v2", "v3"]
    assert due(at(9), 10) == []


def test_a_task_that_says_no_time_is_due_at_once_and_first(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"), video("v2"))
    intend(warehouse, "v1", "v2")
    land(warehouse, "tasks", accepted("v1", next_poll_at=at(-10)), accepted("v2", next_poll_at=None))
    due = ask(warehouse, lambda reader: reader.tasks_due(at(0), 10))
    assert [task.video_id for task in due] == ["v2", "v1"]
    assert due[0] == DueTask("v2", 1, "task-v2", 0, at(0), at(24 * 3600), None, DAY, "default")


def test_a_partition_is_to_be_landed_while_a_task_that_is_over_is_not_landed(warehouse: Warehouse) -> None:
    def partitions() -> list[date]:
        return ask(warehouse, Reader.partitions_to_land)

    task(warehouse, "v1", accepted("v1"))
    task(warehouse, "v2", accepted("v2"), settled("v2", "failed", asset_id="a2"), day=NEXT_DAY)
    assert partitions() == []
    done_task(warehouse, "v3", "a3")
    done_task(warehouse, "v4", "a4", day=NEXT_DAY)
    done_task(warehouse, "v5", "a5", day=NEXT_DAY)
    assert partitions() == [DAY, NEXT_DAY]
    land(warehouse, "assets", asset_reply("a4", video_id="v4", day=NEXT_DAY))
    assert partitions() == [DAY, NEXT_DAY]
    land(warehouse, "assets", asset_reply("a3", feature("f3"), video_id="v3"))
    assert partitions() == [DAY, NEXT_DAY]
    land(warehouse, "vectors", feature_reply("f3", {"clip": [1]}))
    land(warehouse, "assets", refused_asset("a5", video_id="v5"))
    assert partitions() == []


def assets_to_fetch(warehouse: Warehouse, *partitions: date, refresh: bool = False) -> list[str]:
    return [asset.asset_id for asset in listed(warehouse.assets_to_fetch(partitions or [DAY], refresh=refresh))]


def test_assets_to_land_are_those_of_tasks_that_are_over_the_longest_settled_first(warehouse: Warehouse) -> None:
    task(warehouse, "v1", accepted("v1"), settled("v1", asset_id="a1", seconds=90))
    task(warehouse, "v2", accepted("v2"), settled("v2", "skipped", asset_id="a2", seconds=60))
    task(warehouse, "v3", accepted("v3"), settled("v3", "failed", asset_id="a3"))
    task(warehouse, "v4", accepted("v4", asset_id="a4"))
    done_task(warehouse, "v5", "a5", day=NEXT_DAY)
    assert assets_to_fetch(warehouse) == ["a2", "a1"]


def test_an_asset_that_is_landed_or_rejected_is_not_to_be_landed_unless_all_are(warehouse: Warehouse) -> None:
    for number in (1, 2, 3):
        done_task(warehouse, f"v{number}", f"a{number}")
    land(warehouse, "assets", asset_reply("a1"), refused_asset("a2", video_id="v2"))
    assert assets_to_fetch(warehouse) == ["a3"]
    assert sorted(assets_to_fetch(warehouse, refresh=True)) == ["a1", "a2", "a3"]


def test_an_asset_of_two_videos_is_landed_once_for_the_first(warehouse: Warehouse) -> None:
    task(warehouse, "v2", accepted("v2"), settled("v2", "skipped", asset_id="a1", seconds=90))
    task(warehouse, "v1", accepted("v1"), settled("v1", asset_id="a1", seconds=60))
    [row] = listed(warehouse.assets_to_fetch([DAY], refresh=False))
    assert (row.asset_id, row.video_id, row.partition_date) == ("a1", "v1", DAY)
    land(warehouse, "assets", asset_reply("a1", video_id="v1"))
    [row] = listed(warehouse.assets_to_fetch([DAY], refresh=True))
    assert row.video_id == "v1"


def test_an_asset_stays_with_the_video_that_landed_it(warehouse: Warehouse) -> None:
    done_task(warehouse, "v1", "a1")
    land(warehouse, "assets", asset_reply("a1", video_id="v1"))
    task(warehouse, "v0", accepted("v0"), settled("v0", "skipped", asset_id="a1", seconds=1), day=NEXT_DAY)
    assert assets_to_fetch(warehouse, NEXT_DAY) == []
    assert assets_to_fetch(warehouse, NEXT_DAY, refresh=True) == []
    assert assets_to_fetch(warehouse, DAY, refresh=True) == ["a1"]


def features_to_fetch(warehouse: Warehouse, day: date = DAY, *, refresh: bool = False) -> list[str]:
    return [feature.feature_id for feature in listed(warehouse.features_to_fetch([day], refresh=refresh))]


def test_vectors_to_land_are_those_of_features_with_neither_vectors_nor_a_reject(warehouse: Warehouse) -> None:
    listed = [feature(f"f{number}", start_time=float(9 - number)) for number in range(1, 5)]
    land(warehouse, "assets", asset_reply("a1", *listed))
    land(warehouse, "assets", asset_reply("b1", feature("g1"), day=NEXT_DAY))
    assert features_to_fetch(warehouse) == ["f4", "f3", "f2", "f1"]
    assert features_to_fetch(warehouse, NEXT_DAY) == ["g1"]
    land(warehouse, "vectors", feature_reply("f4", {"clip": [1]}), refused_feature("f3"))
    flaw = problem("f2", "the reply holds no vectors")
    land(warehouse, "vectors", feature_reply("f2", problems=[flaw]))
    assert features_to_fetch(warehouse) == ["f1"]
    assert features_to_fetch(warehouse, refresh=True) == ["f4", "f3", "f2", "f1"]


def test_a_feature_to_land_says_whose_it_is(warehouse: Warehouse) -> None:
    done_task(warehouse)
    land(warehouse, "assets", asset_reply("a1", feature("f1")))
    found = listed(warehouse.features_to_fetch([DAY], refresh=False))
    assert found == [FeatureToFetch("f1", "a1", "v1", "image", DAY, at(60))]


def test_rows_are_counted_by_partition(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}))
    land(warehouse, "vectors", feature_reply("f2", {"clip": [0.125] * 500}))
    land(warehouse, "vectors", feature_reply("f3", {"clip": [1]}, day=NEXT_DAY))
    with warehouse.reader() as reader:
        counts = reader.partition_counts("vectors", [DAY, NEXT_DAY, DAY_BEFORE])
    assert counts == {DAY: 2, NEXT_DAY: 1}
