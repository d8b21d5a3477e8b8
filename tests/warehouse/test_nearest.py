"""Search by similarity in SQL: what is nearest, with which filters, and what a search that cannot be is told."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.stores import Stores
from tests.warehouse.rows import DAY, NEXT_DAY, add_videos, feature_reply, file_of, land, query, video
from tests.warehouse.searching import found, names, near, search_warehouse


@pytest.fixture
def searched(tmp_path: Path, stores: Stores) -> Iterator[Warehouse]:
    with stores.warehouse(tmp_path / "warehouse.duckdb", search_warehouse) as filled:
        yield filled


def test_the_nearest_features_come_first_with_their_similarity(searched: Warehouse) -> None:
    assert found(searched, "mixpeek.nearest('clip', [2, 0])") == [
        ("east", near(1)),
        ("north-east", near(0.7071)),
        ("north", near(0)),
        ("west", near(-1)),
        ("nowhere", None),
    ]


def test_a_search_finds_vectors_of_its_name_and_dimensions_only(searched: Warehouse) -> None:
    assert names(searched, "mixpeek.nearest('clip', [1, 0, 0])") == ["elsewhere"]
    assert [similarity for _, similarity in found(searched, "mixpeek.nearest('Other', [1, 1])")] == [near(1)] * 6


def test_nothing_is_near_to_a_vector_of_zeros(searched: Warehouse) -> None:
    assert names(searched, "mixpeek.nearest('clip', [1, 0.5], k := 3)") == ["north-east", "east", "north"]
    assert "nowhere" not in names(searched, "mixpeek.similar('north', 'clip', k := 3)")
    assert {similarity for _, similarity in found(searched, "mixpeek.nearest('clip', [0, 0])")} == {None}


def test_as_many_are_found_as_are_asked_for(searched: Warehouse) -> None:
    assert names(searched, "mixpeek.nearest('clip', [1, 0], k := 1)") == ["east"]
    assert len(names(searched, "mixpeek.nearest('Other', [1, 0])")) == 6
    land(searched, "vectors", *(feature_reply(f"more-{number}", {"Other": [1, number]}) for number in range(20)))
    assert len(names(searched, "mixpeek.nearest('Other', [1, 0])")) == 10
    assert len(names(searched, "mixpeek.nearest('Other', [1, 0], k := 15)")) == 15
    assert len(names(searched, "mixpeek.nearest('Other', [1, 0], k := 1000000)")) == 26
    assert len(names(searched, "mixpeek.similar('more-3', 'Other', k := 12)")) == 12


def test_a_found_feature_tells_where_it_is(searched: Warehouse) -> None:
    rows = query(
        searched,
        "SELECT feature_id, modality, start_time, end_time, url, collection, asset_id, video_id"
        " FROM mixpeek.nearest('clip', [0, 1], k := 1)",
    )
    assert rows == [("north", "image", 2.0, 3.0, "https://videos.test/v2.mp4", "films", "a1", "v2")]


def test_what_is_similar_to_a_feature_is_not_the_feature_itself(searched: Warehouse) -> None:
    similar = found(searched, "mixpeek.similar('north', 'clip', k := 2)")
    assert similar == [("north-east", near(0.7071)), ("east", near(0))]
    assert names(searched, "mixpeek.similar('elsewhere', 'clip')") == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("collections := ['films']", ["north", "west", "nowhere"]),
        ("collections := ['default', 'films']", ["east", "north-east", "north", "west", "nowhere"]),
        ("modalities := ['image', 'text']", ["east", "north-east", "north", "west", "nowhere"]),
        ("modalities := ['text']", []),
        (f"since := DATE '{DAY}'", ["east", "north-east", "north", "west", "nowhere"]),
        (f"since := DATE '{NEXT_DAY}'", []),
        (f"until := DATE '{DAY}'", ["east", "north-east", "north", "west", "nowhere"]),
        (f"until := DATE '{DAY - timedelta(days=1)}'", []),
        ("among := ['west', 'east', 'unknown']", ["east", "west"]),
        ("among := (SELECT list(feature_id) FROM mixpeek.features WHERE start_time > 1)", ["north", "west", "nowhere"]),
        ("among := []", []),
        ("collections := ['films'], among := ['west', 'east']", ["west"]),
        ("k := 1, collections := ['films']", ["north"]),
    ],
)
def test_filters_choose_what_is_searched(searched: Warehouse, filters: str, expected: list[str]) -> None:
    assert names(searched, f"mixpeek.nearest('clip', [1, 0], {filters})") == expected
    similar = names(searched, f"mixpeek.similar('east', 'clip', {filters})")
    assert similar[: len(expected)] == [name for name in expected if name != "east"][: len(similar)]


def test_an_embedding_may_come_from_a_query_a_value_or_an_array(searched: Warehouse) -> None:
    of_north = "(SELECT embedding FROM mixpeek.vectors WHERE feature_id = 'north' AND vector_name = 'clip')"
    assert names(searched, f"mixpeek.nearest('clip', {of_north}, k := 1)") == ["north"]
    assert names(searched, "mixpeek.nearest('clip', [0, 1]::FLOAT[2], k := 1)") == ["north"]
    bound = query(
        searched,
        "SELECT feature_id FROM mixpeek.nearest($name, $v, k := $k)",
        {"name": "clip", "v": [0.0, 1.0], "k": 1},
    )
    assert bound == [("north",)]
    column = "(SELECT 'cl' || 'ip')"
    assert names(searched, f"mixpeek.nearest({column}, [0, 1], k := (SELECT 1))") == ["north"]


def test_a_name_with_quotes_is_searched_like_any_other(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {'it\'s "one"': [1, 0], "plain": [1]}))
    assert names(warehouse, "mixpeek.nearest('it''s \"one\"', [1, 0])") == ["f1"]
    with pytest.raises(duckdb.Error, match="There is no named vector 'it''s': there is"):
        names(warehouse, "mixpeek.nearest('it''''s', [1, 0])")


def test_a_feature_whose_video_is_not_known_is_found_too(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}, video_id="gone"))
    assert query(warehouse, "SELECT feature_id, url FROM mixpeek.nearest('clip', [1, 0])") == [("f1", None)]


def test_new_names_and_dimensions_are_found_at_once(searched: Warehouse) -> None:
    land(searched, "vectors", feature_reply("new", {"new": [1, 2, 3], "Other": [1]}))
    assert names(searched, "mixpeek.nearest('new', [1, 2, 3])") == ["new"]
    assert names(searched, "mixpeek.nearest('Other', [1])") == ["new"]
    land(searched, "vectors", feature_reply("new", {"Other": [1, 2]}, seconds=9))
    with pytest.raises(duckdb.Error, match="There is no named vector 'new'"):
        names(searched, "mixpeek.nearest('new', [1, 2, 3])")
    with pytest.raises(duckdb.Error, match="The named vector 'Other' has 2 dimensions, the embedding has 1"):
        names(searched, "mixpeek.nearest('Other', [1])")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("nearest('nope', [1, 0])", "There is no named vector 'nope': there is 'Other', 'clip'"),
        ("nearest('other', [1, 0])", "There is no named vector 'other': there is 'Other', 'clip'"),
        ("nearest(NULL, [1, 0])", "There is no named vector '': there is 'Other', 'clip'"),
        ("nearest('clip', [1, 0, 0, 0])", "The named vector 'clip' has 2 or 3 dimensions, the embedding has 4"),
        ("nearest('Other', [])", "The named vector 'Other' has 2 dimensions, the embedding has 0"),
        ("nearest('clip', [1, 'nan'::FLOAT])", "The embedding has a value that is not a finite number"),
        ("nearest('clip', ['-inf'::FLOAT, 0])", "The embedding has a value that is not a finite number"),
        ("nearest('clip', [1, NULL])", "The embedding has a value that is not a finite number"),
        ("nearest('clip', NULL)", "The embedding is NULL: what should give it found none"),
        ("nearest('clip', (SELECT [1.0] WHERE false))", "The embedding is NULL: what should give it found none"),
        ("nearest('clip', [1, 0], k := 0)", "k is 0: it must be 1 or more"),
        ("nearest('clip', [1, 0], k := -1)", "k is -1: it must be 1 or more"),
        ("nearest('clip', [1, 0], k := NULL)", "k is NULL: it must be 1 or more"),
        ("nearest('clip', [1, 0], collections := ['films', 'x', 'y'])", "There is no collection 'x', 'y'"),
        ("nearest_each('nope', [[1, 0]])", "There is no named vector 'nope': there is 'Other', 'clip'"),
        ("nearest_each('Other', [[1, 0], [1]])", "The named vector 'Other' has 2 dimensions, the embedding has 1"),
        ("nearest_each('clip', [[1, 0], NULL])", "The embedding is NULL: what should give it found none"),
        ("nearest_each('clip', [[1, 0]], k := 0)", "k is 0: it must be 1 or more"),
        ("similar('nope', 'clip')", "There is no feature 'nope' with a vector"),
        ("similar(NULL, 'clip')", "There is no feature '' with a vector"),
        ("similar('north', 'nope')", "The feature 'north' has no vector 'nope': it has 'Other', 'clip'"),
        ("similar('north', 'clip', k := 0)", "k is 0: it must be 1 or more"),
    ],
)
def test_a_search_that_cannot_be_is_told_why(searched: Warehouse, call: str, sentence: str) -> None:
    for statement in (f"FROM mixpeek.{call}", f"SELECT count(*) FROM mixpeek.{call}"):
        with pytest.raises(duckdb.InvalidInputException) as raised:
            query(searched, statement)
        assert str(raised.value) == f"Invalid Input Error: {sentence}"


def test_an_empty_warehouse_says_so(warehouse: Warehouse) -> None:
    with pytest.raises(duckdb.Error, match="There are no vectors yet: land some first"):
        names(warehouse, "mixpeek.nearest('clip', [1, 0])")
    with pytest.raises(duckdb.Error, match="There is no feature 'f1' with a vector"):
        names(warehouse, "mixpeek.similar('f1', 'clip')")


def test_many_queries_are_answered_as_each_alone(searched: Warehouse) -> None:
    add_videos(searched, video("v3"))
    land(searched, "vectors", *(feature_reply(f"m{n}", {"clip": [n - 20, n]}, video_id="v3") for n in range(40)))
    queries = [[1, 0], [0.3, -0.5], [0, 0], [1, 0, 0]]
    columns = "feature_id, similarity, start_time, url, collection"
    each = query(searched, f"SELECT query, {columns} FROM mixpeek.nearest_each('clip', {queries}, k := 4)")
    assert [row[0] for row in each] == [1] * 4 + [2] * 4 + [3] * 4 + [4]
    for number in (1, 2, 4):
        alone = query(searched, f"SELECT {columns} FROM mixpeek.nearest('clip', {queries[number - 1]}, k := 4)")
        assert [row[1:] for row in each if row[0] == number] == alone
    assert query(searched, "FROM mixpeek.nearest_each('clip', [])") == []


@pytest.mark.file
@pytest.mark.parametrize("name", ["copy", "2026-11-01 backup", "videos"])
def test_views_and_searches_work_in_a_copy_of_any_name(searched: Warehouse, tmp_path: Path, name: str) -> None:
    land(searched, "vectors", feature_reply("east", {"audio": [1, 2]}, seconds=9))
    copy = tmp_path / f"{name}.duckdb"
    copy.write_bytes(file_of(searched).read_bytes())
    with duckdb.connect(copy, read_only=True) as connection:
        assert connection.execute("SELECT feature_id FROM mixpeek.vectors_audio").fetchall() == [("east",)]
        nearest = connection.execute("SELECT feature_id FROM mixpeek.nearest('clip', [0, 1], k := 1)").fetchall()
        similar = connection.execute("SELECT feature_id FROM mixpeek.similar('north', 'clip', k := 1)").fetchall()
        assert (nearest, similar) == ([("north",)], [("north-east",)])
