"""Named vectors: dense, sparse, many, odd, replaced."""

from typing import Any

import orjson
import pytest

from mixpeek_assets.warehouse import loading
from mixpeek_assets.warehouse.landing_files import LandingFile
from mixpeek_assets.warehouse.views import view_name
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import (
    DAY,
    FEATURES_ENDPOINT,
    asset_reply,
    feature,
    feature_reply,
    land,
    problem,
    query,
    refused_feature,
    table,
    write,
)

HOSTILE_NAMES = [
    "text",
    "Text",
    "TEXT",
    "it's",
    'say "hi"',
    "'; DROP TABLE mixpeek.vectors; --",
    "*/ $1 ${x} {0} %s \\",
    "a.b/c d\te\nf",
    "n" * 200,
    "🎬 film",
    "🎬",
    "ünïcödé",
    "nul\0byte",
    " ",
    "",
]


def vectors(warehouse: Warehouse) -> dict[tuple[str, str], Any]:
    rows = table(warehouse, "vectors")
    return {(row["feature_id"], row["vector_name"]): row["embedding"] or row["sparse"] for row in rows}


def as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def names(warehouse: Warehouse, feature_id: str = "f1") -> set[str]:
    return {name for id_, name in vectors(warehouse) if id_ == feature_id}


def test_a_dense_vector_is_landed_with_its_dimensions(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [0.5, -1, 3e38]}))
    [found] = table(warehouse, "vectors")
    assert as_list(found.pop("embedding")) == [0.5, -1, pytest.approx(3e38, rel=1e-6)]
    assert found == {
        "feature_id": "f1",
        "vector_name": "clip",
        "asset_id": "a1",
        "video_id": "v1",
        "modality": "image",
        "dimensions": 3,
        "sparse": None,
        "partition_date": DAY,
        "run_id": "run-vectors",
    }


def test_a_sparse_vector_is_landed_in_a_column_of_its_own(warehouse: Warehouse) -> None:
    sparse = {"words": {"indices": [7, 2_147_483_647], "values": [0.25, 2]}}
    land(warehouse, "vectors", feature_reply("f1", sparse=sparse))
    [found] = table(warehouse, "vectors")
    assert {name: as_list(value) for name, value in found["sparse"].items()} == {
        "indices": [7, 2_147_483_647],
        "values": [0.25, 2.0],
    }
    assert (found["embedding"], found["dimensions"]) == (None, None)


def test_a_feature_has_as_many_named_vectors_as_its_reply(warehouse: Warehouse) -> None:
    dense, sparse = {"clip": [1, 0], "audio": [1]}, {"words": {"indices": [1], "values": [1]}}
    land(warehouse, "vectors", feature_reply("f1", dense, sparse=sparse), feature_reply("f2", {"clip": [0, 1]}))
    assert sorted(vectors(warehouse)) == [("f1", "audio"), ("f1", "clip"), ("f1", "words"), ("f2", "clip")]


def test_each_vector_stays_with_its_reply_in_a_batch_of_many_files(warehouse: Warehouse) -> None:
    for number in range(10):
        replies = [feature_reply(f"f{number}-{item}", {"clip": [number, item]}) for item in range(20)]
        write(warehouse.landing_folder, "vectors", *replies)
    assert warehouse.load_pending().files == 10
    assert {key: as_list(value) for key, value in vectors(warehouse).items()} == {
        (f"f{number}-{item}", "clip"): [number, item] for number in range(10) for item in range(20)
    }


def test_a_vector_may_be_called_anything(warehouse: Warehouse) -> None:
    replies = [
        feature_reply(f"f{number}", {name: [1, 0]}, sparse={f"{name} sparse": {"indices": [1], "values": [1]}})
        for number, name in enumerate(HOSTILE_NAMES)
    ]
    assert land(warehouse, "vectors", *replies).quarantined == ()
    assert set(vectors(warehouse)) == {
        (f"f{number}", called) for number, name in enumerate(HOSTILE_NAMES) for called in (name, f"{name} sparse")
    }


def test_names_that_differ_only_by_case_or_by_signs_are_different_vectors_with_views_of_their_own(
    warehouse: Warehouse,
) -> None:
    dense = {name: [float(number), 1] for number, name in enumerate(HOSTILE_NAMES)}
    assert land(warehouse, "vectors", feature_reply("f1", dense)).quarantined == ()
    assert names(warehouse) == set(HOSTILE_NAMES)
    views = dict(
        query(warehouse, "SELECT view_name, comment FROM duckdb_views() WHERE starts_with(view_name, 'vectors_')")
    )
    # A zero byte cannot stand in a view; the vector itself is landed.
    viewed = [name for name in HOSTILE_NAMES if "\0" not in name]
    assert set(views) == {view_name(name) for name in viewed}
    assert len(views) == len(viewed) == len({view.lower() for view in views})
    for name in viewed:
        quoted = view_name(name).replace('"', '""')
        [(found, first)] = query(warehouse, f'SELECT vector_name, embedding[1] FROM mixpeek."{quoted}"')
        assert (found, first) == (name, dense[name][0])


def test_vectors_are_replaced_by_those_of_the_next_reply(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0], "old": [1]}), feature_reply("f2", {"clip": [5, 5]}))
    sparse = {"words": {"indices": [1], "values": [1]}}
    land(warehouse, "vectors", feature_reply("f1", {"clip": [0, 1]}, sparse=sparse, seconds=9))
    assert sorted(vectors(warehouse)) == [("f1", "clip"), ("f1", "words"), ("f2", "clip")]
    assert as_list(vectors(warehouse)["f1", "clip"]) == [0, 1]


def test_the_newest_of_a_features_replies_counts(warehouse: Warehouse) -> None:
    write(warehouse.landing_folder, "vectors", feature_reply("f1", {"clip": [2, 2]}, seconds=20, text="new"))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 1], "other": [1]}, seconds=10, text="old"))
    assert {key: as_list(value) for key, value in vectors(warehouse).items()} == {("f1", "clip"): [2, 2]}
    assert [row["text"] for row in table(warehouse, "features")] == ["new"]


def test_a_reply_that_is_kept_twice_is_landed_once(warehouse: Warehouse) -> None:
    sparse = {"words": {"indices": [1], "values": [1]}}
    reply = feature_reply("f1", {"clip": [1, 1]}, sparse=sparse)
    write(warehouse.landing_folder, "vectors", reply, reply, feature_reply("f2", {"clip": [1, 0]}))
    assert land(warehouse, "vectors", reply).rows["vectors", "inserted"] == 3
    assert sorted(vectors(warehouse)) == [("f1", "clip"), ("f1", "words"), ("f2", "clip")]


def test_lines_of_an_older_version_are_landed_with_those_of_this_one(warehouse: Warehouse) -> None:
    # They had no tab before the embeddings, which were in the middle.
    older = feature_reply("f1", {"clip": [1, 0]}, text="old")
    with LandingFile(warehouse.landing_folder, "vectors") as file:
        file.append(older)
    land(warehouse, "vectors", feature_reply("f2", {"clip": [0, 1]}, text="new"))
    assert [(row["feature_id"], row["text"]) for row in table(warehouse, "features")] == [("f1", "old"), ("f2", "new")]
    assert {key: as_list(value) for key, value in vectors(warehouse).items()} == {
        ("f1", "clip"): [1, 0],
        ("f2", "clip"): [0, 1],
    }


def test_a_text_that_looks_like_the_end_of_a_line_is_landed(warehouse: Warehouse) -> None:
    text = '"\t,"dense":{"clip":[9]}}\n\r\\'
    land(warehouse, "vectors", feature_reply("f1", {text: [1, 0]}, text=text, payload={"dense": {text: text}}))
    assert names(warehouse) == {text}
    [found] = table(warehouse, "features")
    assert (found["text"], orjson.loads(found["payload"])) == (text, {"dense": {text: text}})


def test_a_line_may_be_longer_than_those_that_are_read_together(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_LONGEST_LINE", 10_000)
    write(warehouse.landing_folder, "vectors", feature_reply("f1", {"clip": [0.5] * 10_000}))
    write(warehouse.landing_folder, "vectors", feature_reply("f2", {"clip": [0.5]}, text="word " * 10_000))
    loaded = land(warehouse, "vectors", feature_reply("f3", {"clip": [1]}))
    assert (loaded.files, loaded.quarantined, loaded.rows["vectors", "inserted"]) == (3, (), 3)


BROKEN = {
    "no JSON": b"nonsense\n",
    "no object": b"[1, 2]\n",
    "no number": b'{"feature_id":"f2"\t,"dense":{"clip":["x"]}}\n',
    "no list": b'{"feature_id":"f2"\t,"dense":{"clip":1}}\n',
    "no text": b'{"feature_id":"\xff\xfe"\t,"dense":{"clip":[1]}}\n',
    "no date": b'{"feature_id":"f2","partition_date":"soon"\t,"dense":{"clip":[1]}}\n',
    "its end is lost": b'{"feature_id":"f2"\t,"dense":{"clip":[1\n',
    "its middle is lost": b'{"feature_id":"f2"\t{"feature_id":"f3"\t,"dense":{"clip":[1]}}\n',
    "binary": bytes(range(256)) * 10 + b"\n",
}


def test_a_file_without_lines_stops_no_other(warehouse: Warehouse) -> None:
    write(warehouse.landing_folder, "vectors", feature_reply("f1")).write_bytes(b"")
    assert land(warehouse, "vectors", feature_reply("f2", {"clip": [1]})).files == 2
    assert names(warehouse, "f2") == {"clip"}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_with_a_broken_line_is_set_aside_and_the_others_are_landed(warehouse: Warehouse, content: bytes) -> None:
    broken = write(warehouse.landing_folder, "vectors", feature_reply("f2", {"clip": [1]}))
    broken.write_bytes(broken.read_bytes() + content)
    loaded = land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}))
    assert (loaded.files, loaded.quarantined) == (1, (broken.with_suffix(".bad"),))
    assert sorted(vectors(warehouse)) == [("f1", "clip")]
    assert [row["feature_id"] for row in table(warehouse, "features")] == ["f1"]
    assert [row["endpoint"] for row in table(warehouse, "rejects")] == ["landing"]


def test_a_reply_without_a_sound_vector_deletes_none(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}))
    before = table(warehouse, "vectors", without=())
    empty = problem("f1", "the reply holds no vectors")
    land(warehouse, "vectors", feature_reply("f1", problems=[empty], seconds=9))
    land(warehouse, "vectors", refused_feature("f1", seconds=10))
    assert table(warehouse, "vectors", without=()) == before


def test_a_reply_with_neither_vectors_nor_payload_is_landed(warehouse: Warehouse) -> None:
    bare = feature_reply("f1", payload=None)
    land(warehouse, "vectors", bare, feature_reply("f2", {"clip": [1]}, payload={}))
    land(warehouse, "vectors", bare, feature_reply("f2", {"clip": [1]}, payload={"a": 1}))
    assert [(row["feature_id"], row["payload"]) for row in table(warehouse, "features")] == [
        ("f1", None),
        ("f2", '{"a":1}'),
    ]
    assert names(warehouse, "f2") == {"clip"}


def test_a_refused_feature_stays_as_its_asset_listed_it(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1", text="EXIT")))
    before = table(warehouse, "features", without=())
    land(warehouse, "vectors", refused_feature("f1"))
    assert table(warehouse, "features", without=()) == before
    [reject] = table(warehouse, "rejects")
    assert (reject["endpoint"], reject["object_id"], reject["reason"]) == (FEATURES_ENDPOINT, "f1", "404: it is gone")


def test_a_refused_feature_that_is_not_known_makes_no_feature(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", refused_feature("f1"))
    assert table(warehouse, "features") == []
    assert len(table(warehouse, "rejects")) == 1


def test_rejects_go_when_the_feature_lands(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", refused_feature("f1"), refused_feature("f2"))
    land(warehouse, "vectors", refused_feature("f1", seconds=5, reason="410: gone for good"))
    assert [row["reason"] for row in table(warehouse, "rejects") if row["object_id"] == "f1"] == ["410: gone for good"]
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}, seconds=9))
    assert [row["object_id"] for row in table(warehouse, "rejects")] == ["f2"]


def test_a_vector_has_the_modality_of_its_feature_where_the_list_gave_none(warehouse: Warehouse) -> None:
    reply = feature_reply("f1", {"clip": [1]})
    land(warehouse, "vectors", {**reply, "modality": None, "feature": {"modality": "audio", "payload": {}}})
    assert [row["modality"] for row in table(warehouse, "vectors")] == ["audio"]
