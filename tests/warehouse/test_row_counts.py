"""What a load says that it did with the rows of each table."""

from typing import Any

import pytest

from mixpeek_assets.warehouse.loading import Loaded
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import (
    asset_reply,
    done_task,
    feature,
    feature_reply,
    land,
    problem,
    refused_asset,
    refused_feature,
    table,
    write,
)

SPARSE = {"words": {"indices": [1, 7], "values": [0.5, 0.25]}}


def counted(loaded: Loaded) -> dict[tuple[str, str], int]:
    return {key: count for key, count in loaded.rows.items() if count}


def test_a_first_load_inserts(warehouse: Warehouse) -> None:
    assert counted(land(warehouse, "assets", asset_reply("a1", feature("f1"), feature("f2")))) == {
        ("assets", "inserted"): 1,
        ("features", "inserted"): 2,
    }
    replies = [feature_reply("f1", {"clip": [1, 2], "text": [3]}, sparse=SPARSE), feature_reply("f2", {"clip": [1]})]
    assert counted(land(warehouse, "vectors", *replies)) == {("vectors", "inserted"): 4, ("features", "unchanged"): 2}


REPLIES: dict[str, dict[str, Any]] = {
    "dense": {"dense": {"clip": [0.5, -1.25]}},
    "sparse": {"sparse": SPARSE},
    "both": {"dense": {"clip": [0.5], "text": [1, 2, 3]}, "sparse": SPARSE},
}


@pytest.mark.parametrize("vectors", REPLIES.values(), ids=REPLIES.keys())
def test_the_same_vectors_again_are_unchanged_though_written_again(
    warehouse: Warehouse, vectors: dict[str, Any]
) -> None:
    inserted = land(warehouse, "vectors", feature_reply("f1", **vectors)).rows["vectors", "inserted"]
    before = table(warehouse, "vectors")

    again = land(warehouse, "vectors", {**feature_reply("f1", **vectors, seconds=60), "run_id": "another"})

    assert counted(again) == {("vectors", "unchanged"): inserted, ("features", "unchanged"): 1}
    after = table(warehouse, "vectors")
    assert [row | {"run_id": "another"} for row in before] == after


@pytest.mark.parametrize(
    "changed",
    [{"dense": {"clip": [0.5, 1]}}, {"dense": {"clip": [0.5]}}, {"dense": {"clip": [0.5, -1]}, "modality": "video"}],
    ids=["a number", "the length", "the modality"],
)
def test_a_vector_with_other_data_is_replaced(warehouse: Warehouse, changed: dict[str, Any]) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [0.5, -1]}), feature_reply("f2", {"clip": [1]}))

    again = land(warehouse, "vectors", feature_reply("f1", seconds=60, **changed))

    assert (again.rows["vectors", "replaced"], again.rows["vectors", "unchanged"]) == (1, 0)
    assert again.rows["vectors", "inserted"] == 0


def test_a_vector_of_another_name_is_inserted_and_one_that_is_gone_replaces_nothing(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"old": [1], "same": [2]}))

    again = land(warehouse, "vectors", feature_reply("f1", {"new": [1], "same": [2]}, seconds=60))

    assert counted(again) == {
        ("vectors", "inserted"): 1,
        ("vectors", "unchanged"): 1,
        ("features", "unchanged"): 1,
    }
    assert {row["vector_name"] for row in table(warehouse, "vectors")} == {"new", "same"}


def test_assets_and_features_that_come_again_are_replaced_or_unchanged(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1")), asset_reply("a2", feature("f2"), video_id="v2"))

    again = land(
        warehouse,
        "assets",
        asset_reply("a1", feature("f1", text="EXIT"), feature("f3"), seconds=60),
        asset_reply("a2", feature("f2"), video_id="v2", seconds=60),
    )

    assert counted(again) == {
        ("assets", "replaced"): 1,  # it lists one feature more
        ("assets", "unchanged"): 1,
        ("features", "inserted"): 1,
        ("features", "replaced"): 1,
        ("features", "unchanged"): 1,
    }
    assert len(table(warehouse, "assets")) == 2


def test_the_newest_of_two_replies_counts(warehouse: Warehouse) -> None:
    replies = [feature_reply("f1", {"clip": [number]}, seconds=number) for number in range(3)]
    assert land(warehouse, "vectors", *replies).rows["vectors", "inserted"] == 1


def test_what_is_rejected_is_counted_as_it_stands_in_rejects(warehouse: Warehouse) -> None:
    done_task(warehouse)
    first = land(
        warehouse,
        "assets",
        asset_reply("a1", feature("f1"), problems=[problem("a1")]),
        refused_asset("a2", video_id="v2"),
        asset_reply("a3", feature("f1"), video_id="v3", seconds=60),  # a feature of another asset
    )
    second = land(
        warehouse, "vectors", refused_feature("f1"), feature_reply("f2", {"a": [1]}, problems=[problem("f2")] * 2)
    )

    assert first.rows["assets", "rejected"] == 3
    assert second.rows["vectors", "rejected"] == 3
    assert len(table(warehouse, "rejects")) == 6


def test_a_run_counts_its_own_rows_alone_though_it_loads_those_of_others(warehouse: Warehouse) -> None:
    for number, run in enumerate(("mine", "another")):
        asset = asset_reply(f"a{number}", feature(f"f{number}"), problems=[problem(f"a{number}")])
        write(warehouse.landing_folder, "assets", {**asset, "run_id": run})
        reply = feature_reply(f"f{number}", {"clip": [1]}, asset_id=f"a{number}", problems=[problem(f"f{number}")])
        write(warehouse.landing_folder, "vectors", {**reply, "run_id": run})

    loaded = warehouse.load_pending("mine")

    assert loaded.files == 4
    assert counted(loaded) == {
        ("assets", "inserted"): 1,
        ("assets", "rejected"): 1,
        ("features", "inserted"): 1,
        ("features", "unchanged"): 1,
        ("vectors", "inserted"): 1,
        ("vectors", "rejected"): 1,
    }
    assert len(table(warehouse, "vectors")) == 2


def test_the_rows_of_a_good_file_count_beside_a_broken_one(warehouse: Warehouse) -> None:
    write(warehouse.landing_folder, "vectors", feature_reply("f1", {"clip": [1]}))
    (warehouse.landing_folder / "vectors-20261101T000000.000000-00000000.ndjson").write_bytes(b"nonsense\n")

    loaded = warehouse.load_pending()

    assert (loaded.files, len(loaded.quarantined)) == (1, 1)
    assert loaded.rows["vectors", "inserted"] == 1


def test_loads_add_up(warehouse: Warehouse) -> None:
    first = land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}))
    both = first + land(warehouse, "vectors", feature_reply("f2", {"clip": [1]}))

    assert (both.files, both.rows["vectors", "inserted"]) == (2, 2)
    assert both.seconds > first.seconds > 0
