"""What a user queries: a typed view for each named vector, and search by similarity."""

import re
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.views import view_name
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.rows import (
    add_videos,
    feature_reply,
    file_of,
    land,
    query,
    video,
    write,
)


def views(warehouse: Warehouse) -> dict[str, str]:
    """The views of the schema, each with the type of its vectors."""
    found = query(
        warehouse,
        "SELECT view_name, data_type FROM duckdb_views() AS view JOIN duckdb_columns() AS col"
        " ON view.view_name = col.table_name AND view.schema_name = col.schema_name"
        " WHERE view.schema_name = 'mixpeek' AND column_name = 'embedding'",
    )
    return dict(found)


def test_a_named_vector_has_a_view_with_its_type(warehouse: Warehouse) -> None:
    sparse = {"words": {"indices": [1], "values": [1]}}
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0, 2], "audio": [1]}, sparse=sparse))
    assert views(warehouse) == {"vectors_clip": "FLOAT[3]", "vectors_audio": "FLOAT[1]"}
    similarity = "array_cosine_similarity(embedding, [1, 0, 2]::FLOAT[3])"
    assert query(warehouse, f"SELECT feature_id, {similarity} FROM mixpeek.vectors_clip") == [("f1", pytest.approx(1))]


def test_a_view_has_the_columns_of_the_table_but_for_sparse(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}))
    columns = "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'mixpeek' AND table_name = $name"
    of_view = {name for (name,) in query(warehouse, columns, {"name": "vectors_clip"})}
    of_table = {name for (name,) in query(warehouse, columns, {"name": "vectors"})}
    assert of_view == of_table - {"sparse"}


def test_a_view_shows_its_own_vectors_only(warehouse: Warehouse) -> None:
    sparse = {"clip": {"indices": [1], "values": [1]}}
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1], "Clip": [2]}), feature_reply("f2", sparse=sparse))
    assert query(warehouse, "SELECT feature_id, vector_name FROM mixpeek.vectors_clip") == [("f1", "clip")]


def test_a_view_says_what_it_shows(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"it's": [1, 0]}))
    [(comment,)] = query(warehouse, "SELECT comment FROM duckdb_views() WHERE starts_with(view_name, 'vectors_')")
    assert comment == "The named vector it's, 2 dimensions."


def test_a_view_goes_when_dimensions_are_mixed_and_comes_back_when_they_no_longer_are(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0], "audio": [1]}))
    land(warehouse, "vectors", feature_reply("f2", {"clip": [1, 0, 0]}))
    assert views(warehouse) == {"vectors_audio": "FLOAT[1]"}
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0, 0], "audio": [1]}, seconds=9))
    assert views(warehouse) == {"vectors_audio": "FLOAT[1]", "vectors_clip": "FLOAT[3]"}
    assert query(warehouse, "SELECT count(*) FROM mixpeek.vectors_clip") == [(2,)]


def test_a_view_follows_its_vector_to_another_dimension(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0, 0, 0]}, seconds=9))
    assert views(warehouse) == {"vectors_clip": "FLOAT[4]"}


def test_a_view_whose_vector_is_gone_goes_too(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1], "audio": [1]}))
    land(warehouse, "vectors", feature_reply("f1", {"audio": [1]}, seconds=9))
    assert views(warehouse) == {"vectors_audio": "FLOAT[1]"}


@pytest.mark.file
def test_a_users_own_views_stay(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}))
    with duckdb.connect(file_of(warehouse)) as connection:
        connection.execute("CREATE VIEW mixpeek.vectors_of_mine AS SELECT feature_id, embedding FROM mixpeek.vectors")
        connection.execute("CREATE VIEW mixpeek.vectors_noted AS SELECT feature_id, embedding FROM mixpeek.vectors")
        connection.execute("COMMENT ON VIEW mixpeek.vectors_noted IS 'mine'")
    land(warehouse, "vectors", feature_reply("f2", {"clip": [1]}))
    assert set(views(warehouse)) == {"vectors_clip", "vectors_of_mine", "vectors_noted"}


@given(st.text(max_size=300), st.text(max_size=300))
def test_two_names_share_no_view_even_where_case_is_folded(first: str, second: str) -> None:
    if first != second:
        assert view_name(first).lower() != view_name(second).lower()


@given(st.text(max_size=300))
def test_a_view_needs_no_quotes_and_fits_anywhere(name: str) -> None:
    assert re.fullmatch(r"vectors_[a-z0-9_]{0,50}", view_name(name))


def test_the_example_to_search_from_is_a_picture_that_is_most_like_one_of_another_video(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"), video("v2"))
    vectors = {"a plain one": [1, 0], "nowhere": [0, 0], "one alike": [0, 1]}
    write(warehouse.landing_folder, "vectors", *(feature_reply(name, {"clip": v}) for name, v in vectors.items()))
    others = {"nowhere either": [0, 0], "one too": [0.1, 1]}
    replies = [feature_reply(name, {"clip": v}, asset_id="a2", video_id="v2") for name, v in others.items()]
    land(warehouse, "vectors", *replies)
    example = ask(warehouse, Reader.example_search)
    assert example is not None
    assert (example.feature_id, example.vector_name, example.modality) == ("one alike", "clip", "image")


@pytest.mark.file
def test_views_work_in_a_copy_that_is_attached_to_another_session(warehouse: Warehouse, tmp_path: Path) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 2]}))
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(file_of(warehouse).read_bytes())
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE vectors (other INTEGER)")
        connection.execute(f"ATTACH '{copy}' AS old (READ_ONLY)")
        assert connection.execute("SELECT feature_id FROM old.mixpeek.vectors_clip").fetchall() == [("f1",)]
