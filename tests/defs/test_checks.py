"""What the asset checks find, asked over a warehouse and not through a run."""

from datetime import date

import dagster as dg
import pytest

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.checks import broken, day_check, standing_check
from tests.warehouse.rows import (
    DAY,
    NEXT_DAY,
    accepted,
    add_videos,
    asset_reply,
    done_task,
    feature,
    feature_reply,
    land,
    settled,
    task,
    video,
)

UNTOUCHED = date(2020, 1, 1)


@pytest.mark.parametrize(("day", "found"), [(DAY, 1), (NEXT_DAY, 1), (UNTOUCHED, 0)])
def test_a_key_that_occurs_in_two_partitions_is_found_in_either(warehouse: Warehouse, day: date, found: int) -> None:
    add_videos(warehouse, video())
    done_task(warehouse)
    land(warehouse, "assets", asset_reply("a1", feature("f1"), feature("f2")))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}), feature_reply("f2", {"clip": [1]}))
    with warehouse.database.transaction() as connection:
        connection.execute(
            "INSERT INTO mixpeek.vectors SELECT * REPLACE ($day AS partition_date) FROM mixpeek.vectors"
            " WHERE feature_id = 'f1'",
            {"day": NEXT_DAY},
        )
    sound = day_check(warehouse, "vectors", "sound", day)
    assert len([row for row in broken(sound) if row["state"] == "not unique"]) == found
    assert sound.passed == (not found)


def test_a_key_that_lacks_a_part_is_one_too(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}))
    with warehouse.database.transaction() as connection:
        connection.execute("INSERT INTO mixpeek.vectors SELECT * REPLACE (NULL AS vector_name) FROM mixpeek.vectors")
        connection.execute("INSERT INTO mixpeek.vectors FROM mixpeek.vectors WHERE vector_name IS NULL")
    assert "not unique" in {row["state"] for row in broken(day_check(warehouse, "vectors", "sound", DAY))}


def failed_video(warehouse: Warehouse, video_id: str, reason: str, day: date = DAY) -> None:
    add_videos(warehouse, video(video_id, url=f"https://videos.test/{video_id}.mp4?signature=secret"), day=day)
    task(warehouse, video_id, accepted(video_id), settled(video_id, "failed", error={"reason": reason}), day=day)


def test_a_failed_video_is_told_with_its_file_its_reason_and_what_to_do(warehouse: Warehouse) -> None:
    failed_video(warehouse, "broken", "no video that FFmpeg can read")
    add_videos(warehouse, video("good"))

    found = day_check(warehouse, "tasks", "succeeded", DAY)

    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.WARN
    assert found.description == "1 of 2 failed: broken.mp4: no video that FFmpeg can read"
    (row,) = broken(found)
    assert (row["video"], row["state"], row["reason"]) == ("broken.mp4", "failed", "no video that FFmpeg can read")
    assert "retry_failed" in row["what to do"]


def test_a_failed_day_stays_failed_in_the_standing_check_whatever_day_is_looked_at(warehouse: Warehouse) -> None:
    failed_video(warehouse, "broken", "it is empty", day=DAY)
    add_videos(warehouse, video("good"), day=NEXT_DAY)

    assert day_check(warehouse, "tasks", "succeeded", NEXT_DAY).passed
    standing = standing_check(warehouse, "tasks_succeeded")

    assert not standing.passed
    assert standing.description == "1 of 2 failed: broken.mp4: it is empty"


def test_a_day_says_how_far_it_is(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("open"), video("new"))
    task(warehouse, "open", accepted("open"))
    failed_video(warehouse, "broken", "it is empty")

    found = day_check(warehouse, "vectors", "landed", DAY)

    assert not found.passed
    assert found.description is not None
    assert found.description.startswith("0 of 3 landed; 1 open, the oldest for ")
    assert found.description.endswith("; 1 not submitted; 1 failed")
    assert {row["video"]: row["state"] for row in broken(found)}["broken.mp4"] == "failed"


def test_a_day_without_videos_says_so(warehouse: Warehouse) -> None:
    found = day_check(warehouse, "vectors", "landed", UNTOUCHED)
    assert found.passed
    assert found.description == "0 videos"


def test_more_rows_than_are_shown_are_counted(warehouse: Warehouse) -> None:
    for number in range(25):
        failed_video(warehouse, f"v{number:02}", "it is empty")

    for found in (day_check(warehouse, "tasks", "succeeded", DAY), standing_check(warehouse, "tasks_succeeded")):
        assert found.metadata["failing_rows"].value == 25
        assert len(broken(found)) == 20


def test_a_task_that_nobody_polls_is_told(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"))
    task(warehouse, "v1", accepted("v1"))
    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET next_poll_at = now() + INTERVAL 5 MINUTE")
    assert standing_check(warehouse, "polled_in_time").passed
    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET next_poll_at = now() - INTERVAL 11 MINUTE")

    found = standing_check(warehouse, "polled_in_time")

    assert not found.passed
    assert found.description is not None
    assert found.description.startswith("1 open task: ")


def test_orphans_of_any_day_are_told(warehouse: Warehouse) -> None:
    assert standing_check(warehouse, "no_orphans").passed
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}))
    with warehouse.database.transaction() as connection:
        connection.execute("DELETE FROM mixpeek.features")
    found = standing_check(warehouse, "no_orphans")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)


def test_a_row_of_a_manifest_that_is_rejected_breaks_the_standing_check(warehouse: Warehouse) -> None:
    with warehouse.database.transaction() as connection:
        connection.execute(
            "INSERT INTO mixpeek.rejects BY NAME SELECT 'manifest' AS endpoint, 'list.csv row 2' AS object_id,"
            " 'has no url' AS reason, $day AS partition_date",
            {"day": DAY},
        )
    found = standing_check(warehouse, "none_rejected")
    assert (found.passed, found.description) == (False, "1 row: list.csv row 2: has no url")
