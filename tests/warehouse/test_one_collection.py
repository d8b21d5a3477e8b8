"""Several collections in one file: who looks at one of them sees its videos alone, and works on them alone."""

from pathlib import Path

import pytest

from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.selection import RetrySelection, SubmissionRules
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask, listed
from tests.warehouse.rows import (
    DAY,
    NOON,
    accepted,
    add_videos,
    asset_reply,
    at,
    done_task,
    feature,
    feature_reply,
    land,
    manifest,
    problem,
    refused_asset,
    settled,
    task,
    video,
)

COLLECTIONS = ("lectures", "trailers")


@pytest.fixture
def one(warehouse: Warehouse) -> dict[str, Warehouse]:
    """The same file, as each of two collections sees it."""
    return {name: Warehouse(warehouse.site, timeout=30, collection=name) for name in COLLECTIONS}


def add(warehouse: Warehouse) -> None:
    """Add a video of each collection."""
    add_videos(warehouse, *(video(name, collection=name, source=f"{name}.csv") for name in COLLECTIONS))


def land_all(warehouse: Warehouse) -> None:
    """Land a feature with a vector of each collection."""
    for name in COLLECTIONS:
        done_task(warehouse, name, f"asset-{name}")
        land(
            warehouse,
            "assets",
            asset_reply(f"asset-{name}", feature(f"feature-{name}"), video_id=name),
        )
        land(
            warehouse,
            "vectors",
            feature_reply(f"feature-{name}", {"image": [1.0, 0.0]}, asset_id=f"asset-{name}", video_id=name),
        )


def test_one_collection_is_submitted_with_its_own_settings(warehouse: Warehouse, one: dict[str, Warehouse]) -> None:
    add(warehouse)
    task(warehouse, "lectures", accepted("lectures"), settled("lectures", asset_id="a1"))
    rules = SubmissionRules(extractors='[{"interval_sec":5}]')

    assert [found.video_id for found in listed(one["trailers"].videos_to_submit(rules, [DAY]))] == ["trailers"]
    assert ask(one["trailers"], lambda reader: reader.partitions_to_submit(SubmissionRules())) == [DAY]
    assert ask(one["lectures"], lambda reader: reader.partitions_to_submit(SubmissionRules())) == []


def test_the_tasks_of_another_collection_are_neither_polled_nor_counted(
    warehouse: Warehouse, one: dict[str, Warehouse]
) -> None:
    add(warehouse)
    for name in COLLECTIONS:
        task(warehouse, name, accepted(name))

    for name in COLLECTIONS:
        assert [due.video_id for due in ask(one[name], lambda reader: reader.tasks_due(at(60), 10))] == [name]
        assert ask(one[name], Reader.open_tasks).tasks == 1
    assert ask(warehouse, Reader.open_tasks).tasks == 2


def test_what_another_collection_has_to_land_is_left_to_it(warehouse: Warehouse, one: dict[str, Warehouse]) -> None:
    add(warehouse)
    done_task(warehouse, "lectures", "a1")

    assert [found.asset_id for found in listed(one["lectures"].assets_to_fetch([DAY], refresh=False))] == ["a1"]
    assert listed(one["trailers"].assets_to_fetch([DAY], refresh=True)) == []
    assert ask(one["lectures"], Reader.partitions_to_land) == [DAY]
    assert ask(one["trailers"], Reader.partitions_to_land) == []

    land(warehouse, "assets", asset_reply("a1", feature("f1"), video_id="lectures"))
    assert [found.feature_id for found in listed(one["lectures"].features_to_fetch([DAY], refresh=False))] == ["f1"]
    assert listed(one["trailers"].features_to_fetch([DAY], refresh=True)) == []


def test_every_figure_of_a_day_is_of_the_collection(warehouse: Warehouse, one: dict[str, Warehouse]) -> None:
    add(warehouse)
    land_all(warehouse)

    for name in COLLECTIONS:
        with one[name].reader() as reader:
            assert set(reader.table_counts().values()) == {0, 1}
            assert reader.whole_progress().landed == reader.day_progress([DAY])[DAY].landed == 1
            assert [row["video"] for row in reader.previews("vectors", [DAY])[DAY]] == [
                f"https://videos.test/{name}.mp4"
            ]
            assert [row.collection for row in reader.status()] == [name]
    assert ask(warehouse, Reader.whole_progress).landed == 2


def test_a_reject_is_seen_by_the_collection_of_its_video_or_its_manifest(
    warehouse: Warehouse, one: dict[str, Warehouse], tmp_path: Path
) -> None:
    add(warehouse)
    done_task(warehouse, "lectures", "a1")
    land(warehouse, "assets", refused_asset("a1", video_id="lectures"))
    bad = manifest(
        tmp_path,
        video("trailers", collection="trailers", source="trailers.csv"),
        source="trailers.csv",
        problems=[problem("trailers.csv row 2", "has no url")],
    )
    warehouse.upsert_videos(
        bad.videos, source=bad.source, problems=bad.problems, partitions=[DAY], now=NOON, run_id="run"
    )

    assert [row.about for row in ask(one["lectures"], lambda reader: reader.problems(9))] == [
        "asset a1 of lectures.mp4"
    ]
    assert [row.about for row in ask(one["trailers"], lambda reader: reader.problems(9))] == ["trailers.csv row 2"]
    assert one["trailers"].retry(RetrySelection(), dry_run=True) == []
    assert one["trailers"].retry(RetrySelection(collections=["lectures"]), dry_run=True) == []
    assert [found.object_id for found in one["lectures"].retry(RetrySelection(), dry_run=True)] == ["a1"]


def test_an_asset_that_two_collections_share_is_landed_by_the_first(
    warehouse: Warehouse, one: dict[str, Warehouse]
) -> None:
    add(warehouse)
    done_task(warehouse, "lectures", "a1")
    land(warehouse, "assets", asset_reply("a1", feature("f1"), video_id="lectures"))
    land(warehouse, "vectors", feature_reply("f1", {"image": [1.0]}, video_id="lectures"))
    done_task(warehouse, "trailers", "a1")

    assert ask(one["trailers"], Reader.partitions_to_land) == []
    assert listed(one["trailers"].assets_to_fetch([DAY], refresh=True)) == []
    assert ask(one["trailers"], Reader.whole_progress).landed == 1
    assert ask(one["trailers"], Reader.table_counts)["features"] == 0


def test_the_next_to_open_the_file_sees_all_of_it(warehouse: Warehouse, one: dict[str, Warehouse]) -> None:
    add(warehouse)

    with pytest.raises(ZeroDivisionError), one["lectures"].reader() as reader:
        assert reader.table_counts()["videos"] == 1 / 0
    assert ask(one["lectures"], Reader.table_counts)["videos"] == 1
    assert ask(warehouse, Reader.table_counts)["videos"] == 2
