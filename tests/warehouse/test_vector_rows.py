"""A day's vectors as sinks are sent them."""

from datetime import date
from typing import Any

import pyarrow as pa

from mixpeek_assets.sinks.rows import SCHEMA
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import DAY, NEXT_DAY, add_videos, feature_reply, land, video


def rows_of(warehouse: Warehouse, day: date = DAY) -> list[dict[str, Any]]:
    with warehouse.vector_rows(day) as kept:
        rows = [row for batch in kept.batches() for row in batch.to_pylist()]
    assert len(rows) == kept.rows
    return rows


def digests(warehouse: Warehouse) -> dict[str, int]:
    return {f"{row['feature_id']} {row['vector_name']}": row["digest"] for row in rows_of(warehouse)}


def test_a_row_has_its_moment_and_its_video(warehouse: Warehouse) -> None:
    add_videos(warehouse, video(metadata='{"title":"A"}', collection="films"))
    told = {"start_time": 2.0, "end_time": 4.5, "transcription": "hello", "metadata": {"shot": 3}}
    sparse = {"words": {"indices": [3, 7], "values": [0.5, 0.25]}}
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1.0, 0.5]}, sparse=sparse, **told))

    with warehouse.vector_rows(DAY) as kept:
        table = pa.Table.from_batches(list(kept.batches()))

    assert table.schema.equals(SCHEMA)
    clip, words = table.to_pylist()
    assert {name: value for name, value in clip.items() if name != "digest"} == {
        "feature_id": "f1",
        "vector_name": "clip",
        "embedding": [1.0, 0.5],
        "sparse": None,
        "dimensions": 2,
        "partition_date": DAY,
        "collection": "films",
        "video_id": "v1",
        "url": "https://videos.test/v1.mp4",
        "asset_id": "a1",
        "modality": "image",
        "start_time": 2.0,
        "end_time": 4.5,
        "text": None,
        "transcription": "hello",
        "description": None,
        "metadata": '{"shot":3}',
        "video_metadata": '{"title":"A"}',
    }
    assert (words["vector_name"], words["embedding"]) == ("words", None)
    assert words["sparse"] == {"indices": [3, 7], "values": [0.5, 0.25]}


def test_rows_come_in_the_order_of_their_keys_and_of_one_day(warehouse: Warehouse) -> None:
    add_videos(warehouse, video())
    vectors = {"clip": [1.0], "a": [1.0]}
    land(warehouse, "vectors", *(feature_reply(name, vectors) for name in ("f2", "f10", "f1")))
    land(warehouse, "vectors", feature_reply("f3", vectors, day=NEXT_DAY))

    keys = [(row["feature_id"], row["vector_name"]) for row in rows_of(warehouse)]

    assert keys == [("f1", "a"), ("f1", "clip"), ("f10", "a"), ("f10", "clip"), ("f2", "a"), ("f2", "clip")]
    assert rows_of(warehouse, date(2000, 1, 1)) == []


def test_a_digest_changes_with_what_a_row_says_and_with_nothing_else(warehouse: Warehouse) -> None:
    add_videos(warehouse, video())
    land(warehouse, "vectors", feature_reply("f1", {"a": [1.0, 2.0], "b": [1.0, 2.0]}, text="x"))
    first = digests(warehouse)

    land(warehouse, "vectors", feature_reply("f1", {"a": [1.0, 2.0], "b": [1.0, 2.0]}, text="x", seconds=9))
    again = digests(warehouse)
    land(warehouse, "vectors", feature_reply("f1", {"a": [1.0, 2.0], "b": [2.0, 1.0]}, text="x", seconds=18))
    turned = digests(warehouse)
    land(warehouse, "vectors", feature_reply("f1", {"a": [1.0, 2.0], "b": [2.0, 1.0]}, text="y", seconds=27))
    said = digests(warehouse)

    assert first["f1 a"] != first["f1 b"]
    assert again == first
    assert {name for name in first if turned[name] != first[name]} == {"f1 b"}
    assert {name for name in first if said[name] != turned[name]} == {"f1 a", "f1 b"}


def test_the_named_vectors_are_told_with_their_dimensions(warehouse: Warehouse) -> None:
    land(
        warehouse,
        "vectors",
        feature_reply("f1", {"clip": [1.0, 2.0]}, sparse={"words": {"indices": [1], "values": [1]}}),
    )
    land(warehouse, "vectors", feature_reply("f2", {"clip": [1.0]}))

    with warehouse.reader() as reader:
        found = [(one.vector_name, one.dimensions, one.vectors) for one in reader.vector_kinds()]

    assert found == [("clip", 1, 1), ("clip", 2, 1), ("words", None, 1)]
