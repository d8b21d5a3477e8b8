"""Assets and their features: what a reply says is landed, and what it does not say is not erased."""

from typing import Any

import orjson
import pytest

from mixpeek_assets.warehouse.schema import TABLE
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import (
    ASSETS_ENDPOINT,
    DAY,
    FEATURES_ENDPOINT,
    Row,
    all_tables,
    asset_reply,
    at,
    feature,
    feature_reply,
    land,
    problem,
    query,
    refused_asset,
    refused_feature,
    table,
    write,
)

FULL: Row = {
    "collection_id": "col_1",
    "modality": "video",
    "start_time": 1.5,
    "end_time": 4.25,
    "text": "EXIT",
    "transcription": "hello\nthere",
    "description": "a door",
    "metadata": {"scene": 3, "tags": ["a", None]},
    "created_at": "2026-10-31T08:00:00",
    "payload": {"feature_id": "f1", "text": "EXIT", "extra": {"deep": [1, {"x": None}]}},
}


def the_feature(warehouse: Warehouse, feature_id: str = "f1") -> Row:
    [found] = [row for row in table(warehouse, "features") if row["feature_id"] == feature_id]
    return found


def feature_ids(warehouse: Warehouse) -> list[str]:
    return [row["feature_id"] for row in table(warehouse, "features")]


def parsed(row: Row, *names: str) -> dict[str, Any]:
    return {name: None if row[name] is None else orjson.loads(row[name]) for name in names}


def test_every_field_of_an_asset_has_its_column(warehouse: Warehouse) -> None:
    fields = {
        "collection_id": "col_1",
        "modality": "video",
        "url": "https://cdn.test/a.mp4?sig=1",
        "metadata": {"title": "It's \u2603"},
        "error": {"message": "none"},
        "file_hash": "abc",
        "duplicate_of": "a0",
        "score": 0.25,
        "created_at": "2026-11-01T08:00:00",
        "updated_at": "2026-11-01T08:00:00+02:00",
        "payload": {"asset_id": "a1", "unknown": [1, 2]},
    }
    land(warehouse, "assets", asset_reply("a1", feature("f1"), **fields))
    [found] = table(warehouse, "assets")
    json = parsed(found, "metadata", "error", "payload")
    assert json == {name: fields[name] for name in json}
    assert {name: found[name] for name in found if name not in json} == {
        "asset_id": "a1",
        "video_id": "v1",
        "task_id": "task-v1",
        "collection_id": "col_1",
        "status": "DONE",
        "modality": "video",
        "url": "https://cdn.test/a.mp4?sig=1",
        "file_hash": "abc",
        "duplicate_of": "a0",
        "score": 0.25,
        "feature_count": 1,
        "created_at": at(-4 * 3600),  # without a zone: UTC
        "updated_at": at(-6 * 3600),
        "partition_date": DAY,
        "run_id": "run-assets",
    }


def test_every_field_of_a_feature_has_its_column(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1", **FULL)))
    found = the_feature(warehouse)
    assert parsed(found, "metadata", "payload") == {"metadata": FULL["metadata"], "payload": FULL["payload"]}
    plain = ("collection_id", "modality", "start_time", "end_time", "text", "transcription", "description")
    assert {name: found[name] for name in plain} == {name: FULL[name] for name in plain}
    assert (found["asset_id"], found["video_id"], found["partition_date"]) == ("a1", "v1", DAY)
    assert found["created_at"] == at(-28 * 3600)


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01", "", "2026-11-01T25:00:00Z"])
def test_a_time_that_is_none_is_null_and_costs_nothing_else(warehouse: Warehouse, moment: str) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1", created_at=moment), created_at=moment, updated_at=moment))
    [asset] = table(warehouse, "assets")
    assert (asset["created_at"], asset["updated_at"], the_feature(warehouse)["created_at"]) == (None, None, None)


def test_the_newest_of_an_assets_replies_counts(warehouse: Warehouse) -> None:
    write(warehouse.landing_folder, "assets", asset_reply("a1", feature("f1"), seconds=20, status="NEW"))
    land(warehouse, "assets", asset_reply("a1", feature("f2"), seconds=10, status="OLD"))
    assert [row["status"] for row in table(warehouse, "assets")] == ["NEW"]
    assert feature_ids(warehouse) == ["f1"]


def test_landing_the_same_replies_twice_gives_the_same_rows(warehouse: Warehouse) -> None:
    asset = asset_reply("a1", feature("f1", **FULL), feature("f2", payload={"a": None}), problems=[problem("a1")])
    detail = feature_reply("f1", {"clip": [1, 0]}, **{**FULL, "payload": {"deep": {"x": None}, "n": 1.5}})
    land(warehouse, "assets", asset)
    land(warehouse, "vectors", detail)
    before = all_tables(warehouse)
    land(warehouse, "assets", asset)
    land(warehouse, "vectors", detail)
    assert all_tables(warehouse) == before


def test_fields_that_a_reply_lacks_are_not_erased(warehouse: Warehouse) -> None:
    assert set(FULL) == {column.name for column in TABLE["features"].columns if column.sent}
    land(warehouse, "assets", asset_reply("a1", feature("f1", **FULL)))
    before = the_feature(warehouse)
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}, modality=None))
    assert the_feature(warehouse) == before


def test_fields_that_a_reply_gives_as_null_are_not_erased(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1", **FULL)))
    before = the_feature(warehouse)
    nothing: dict[str, Any] = dict.fromkeys(FULL)
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}, **nothing))
    assert the_feature(warehouse) == before
    nulls = {**nothing, "payload": {"feature_id": "f1", "text": None, "extra": None}}
    land(warehouse, "assets", asset_reply("a1", feature("f1", **nulls), seconds=9))
    assert the_feature(warehouse) == before


def test_fields_that_a_reply_gives_replace_and_add_to_what_was_known(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1", **FULL)))
    told = {"text": "ENTER", "metadata": {"scene": 4}, "payload": {"text": "ENTER", "extra": {"flat": 1}, "new": True}}
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}, **told))
    found = the_feature(warehouse)
    assert (found["text"], found["description"], found["run_id"]) == ("ENTER", "a door", "run-vectors")
    assert parsed(found, "metadata", "payload") == {
        "metadata": {"scene": 4},
        "payload": {"feature_id": "f1", "text": "ENTER", "extra": {"flat": 1}, "new": True},
    }


KNOWN: Row = {"a": 1, "b": {"x": 1}}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({"c": 1, "b": {"y": 2}, "a": 2}, {"a": 2, "b": {"y": 2}, "c": 1}),
        ({"a": 2, "b": {}}, {"a": 2, "b": {"x": 1}}),
        ({"a": [], "b": 1, "c": ""}, {"a": 1, "b": 1, "c": ""}),
        ({"a": "", "b": 1}, {"a": 1, "b": 1}),
        ({"a": None, "b": 1}, {"a": 1, "b": 1}),
        ({"a": 2, "b": {"y": None}}, {"a": 2, "b": {"y": None}}),
        ({"a": 2, "b": {"a": ""}}, {"a": 2, "b": {"a": ""}}),
        ({"b": 2}, {"a": 1, "b": 2}),
        ({"a": '"b":{}', "b": 2, "c": {}}, {"a": '"b":{}', "b": 2, "c": {}}),
    ],
)
def test_a_payload_is_merged_field_by_field_and_what_is_empty_erases_nothing(
    warehouse: Warehouse, reply: Row, expected: Row
) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1", payload=KNOWN)))
    for _ in range(2):
        land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}, payload=reply))
        assert parsed(the_feature(warehouse), "payload") == {"payload": expected}


def test_a_field_whose_name_has_quotes_is_not_erased_by_an_empty_one(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1", payload={'say "hi"': 1})))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}, payload={'say "hi"': ""}))
    assert parsed(the_feature(warehouse), "payload") == {"payload": {'say "hi"': 1}}


def test_a_features_own_reply_may_come_before_its_assets(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}, text="seen"))
    land(warehouse, "assets", asset_reply("a1", feature("f1", description="a door")))
    found = the_feature(warehouse)
    assert (found["text"], found["description"]) == ("seen", "a door")


def test_features_that_are_no_longer_listed_go_with_their_vectors_and_rejects(warehouse: Warehouse) -> None:
    listed = [feature(name) for name in ("f1", "f2", "f3")]
    land(warehouse, "assets", asset_reply("a1", *listed), asset_reply("a2", feature("g1"), video_id="v2"))
    replies = [feature_reply(name, {"clip": [1, 0]}, asset_id="a2" if name == "g1" else "a1") for name in ("f1", "g1")]
    land(warehouse, "vectors", *replies, refused_feature("f2"), refused_feature("f3"))
    land(warehouse, "assets", asset_reply("a1", feature("f3"), seconds=50))
    assert feature_ids(warehouse) == ["f3", "g1"]
    assert [row["feature_id"] for row in table(warehouse, "vectors")] == ["g1"]
    assert [row["object_id"] for row in table(warehouse, "rejects")] == ["f3"]


def test_an_empty_list_is_not_taken_for_there_is_nothing(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1")))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}))
    land(warehouse, "assets", asset_reply("a1", seconds=50, status="AGAIN"))
    assert [(row["status"], row["feature_count"]) for row in table(warehouse, "assets")] == [("AGAIN", 0)]
    assert feature_ids(warehouse) == ["f1"]
    assert len(table(warehouse, "vectors")) == 1


def test_a_reply_that_is_only_a_problem_leaves_the_asset_alone(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1")))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}))
    before = all_tables(warehouse, without=())
    land(warehouse, "assets", refused_asset("a1", seconds=50))
    after = all_tables(warehouse, without=())
    assert [(row["object_id"], row["reason"]) for row in after.pop("rejects")] == [("a1", "404: it is gone")]
    assert after == {name: rows for name, rows in before.items() if name != "rejects"}


def test_what_an_asset_lists_and_what_is_wrong_with_it_are_counted_together(warehouse: Warehouse) -> None:
    flaws = [problem("a1", "a listed image has no feature_id"), problem("a1", "another has none")]
    land(warehouse, "assets", asset_reply("a1", feature("f1"), problems=flaws))
    assert [row["feature_count"] for row in table(warehouse, "assets")] == [3]
    assert [(row["endpoint"], row["object_id"], row["video_id"], row["reason"], row["partition_date"])
            for row in table(warehouse, "rejects")] == [
        (ASSETS_ENDPOINT, "a1", "v1", "a listed image has no feature_id", DAY),
        (ASSETS_ENDPOINT, "a1", "v1", "another has none", DAY),
    ]  # fmt: skip


def test_rejects_are_replaced_by_those_of_the_next_reply_and_go_when_it_is_sound(warehouse: Warehouse) -> None:
    land(warehouse, "assets", refused_asset("a1"), refused_asset("a2"))
    land(warehouse, "vectors", refused_feature("a1"))
    land(warehouse, "assets", asset_reply("a1", problems=[problem("a1", "half of it")], seconds=1))
    rejects = [(row["endpoint"], row["object_id"], row["reason"]) for row in table(warehouse, "rejects")]
    others = [(ASSETS_ENDPOINT, "a2", "404: it is gone"), (FEATURES_ENDPOINT, "a1", "404: it is gone")]
    assert rejects == sorted([(ASSETS_ENDPOINT, "a1", "half of it"), *others])
    land(warehouse, "assets", asset_reply("a1", feature("f1"), seconds=2))
    rejects = [(row["endpoint"], row["object_id"], row["reason"]) for row in table(warehouse, "rejects")]
    assert rejects == sorted(others)


@pytest.mark.file
def test_a_line_larger_than_duckdb_takes_by_default_is_landed(warehouse: Warehouse) -> None:
    long = "x" * (33 << 20)
    land(warehouse, "assets", asset_reply("a1", feature("f1", text=long)), asset_reply("a2", feature("f2")))
    land(warehouse, "vectors", feature_reply("f2", {"clip": [1]}, asset_id="a2", text=long))
    lengths = "SELECT feature_id, length(text) FROM mixpeek.features ORDER BY feature_id"
    assert query(warehouse, lengths) == [("f1", len(long)), ("f2", len(long))]
