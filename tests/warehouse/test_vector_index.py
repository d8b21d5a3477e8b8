"""Vector indexes: searches by codes find what exact ones find, whatever was loaded, changed or removed since."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixpeek_assets.warehouse import vector_index
from mixpeek_assets.warehouse.vector_codes import Encoder, Floats, rotated, shrink
from mixpeek_assets.warehouse.vector_index import Indexed, Staleness
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.stores import Stores
from tests.warehouse.rows import DAY, NEXT_DAY, add_videos, feature_reply, land, query, video
from tests.warehouse.searching import found, names

pytestmark = pytest.mark.file  # a lake keeps no index

DIMENSIONS = 24
RANDOM = np.random.default_rng(3)
CENTRES = RANDOM.standard_normal((20, DIMENSIONS)).astype(np.float32)


def clustered(vectors: int, *, offset: float = 0) -> Floats:
    """Vectors in twenty clusters; with an offset, all on one side."""
    near = CENTRES[RANDOM.integers(0, len(CENTRES), vectors)]
    return (near + 0.3 * RANDOM.standard_normal((vectors, DIMENSIONS)) + offset).astype(np.float32)


def land_vectors(warehouse: Warehouse, vectors: Floats, *, first: int = 0, day: Any = DAY, seconds: float = 0) -> None:
    replies = [
        feature_reply(
            f"f{first + number}",
            {"clip": vector.tolist()},
            day=day,
            seconds=seconds,
            video_id="v2" if number % 10 == 3 else "v1",
        )
        for number, vector in enumerate(vectors)
    ]
    land(warehouse, "vectors", *replies)


def refresh(warehouse: Warehouse, partitions: Sequence[Any] | None = None, least: int = 100) -> list[Indexed]:
    with warehouse.database.connection() as connection:
        return vector_index.refresh(connection, partitions, least=least)


def change(warehouse: Warehouse, statement: str) -> None:
    with warehouse.database.transaction() as connection:
        connection.execute(statement)


def staleness(warehouse: Warehouse) -> list[Staleness]:
    with warehouse.database.connection(read_only=True) as connection:
        return vector_index.staleness(connection)


def assert_searches_agree(warehouse: Warehouse, queries: Floats) -> None:
    """A search finds what an exact one does."""
    for one in queries:
        exactly = query(
            warehouse,
            "SELECT feature_id, round(similarity, 4) FROM mixpeek_internal.nearest_exact"
            f"('clip', {one.tolist()}, 10, NULL, NULL, NULL, NULL, NULL)"
            " ORDER BY similarity DESC NULLS LAST, feature_id",
        )
        assert found(warehouse, f"mixpeek.nearest('clip', {one.tolist()})") == exactly


def uses_codes(warehouse: Warehouse, call: str) -> bool:
    """Whether a search reads the codes, as its plan says."""
    return any("codes_clip" in plan for _, plan in query(warehouse, f"EXPLAIN (FORMAT json) FROM mixpeek.{call}"))


@pytest.fixture(scope="module", autouse=True)
def _small_samples() -> Iterator[None]:
    """Samples that suffice for some hundreds of vectors, so that an index is built in no time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vector_index, "_QUERIES", 8)
        patch.setattr(vector_index, "_ROTATED_AXES", (64,))
        yield


def indexed_warehouse(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"), video("v2", collection="films"))
    land_vectors(warehouse, clustered(600))
    [done] = refresh(warehouse)
    assert (done.vectors, done.encoded, done.why) == (600, 600, "")


@pytest.fixture
def indexed(tmp_path: Path, stores: Stores) -> Iterator[Warehouse]:
    with stores.warehouse(tmp_path / "warehouse.duckdb", indexed_warehouse) as filled:
        yield filled


def test_a_search_by_index_finds_what_an_exact_one_finds(indexed: Warehouse) -> None:
    assert uses_codes(indexed, "nearest('clip', range(24))")
    assert_searches_agree(indexed, clustered(5))
    assert staleness(indexed) == [Staleness("clip", 0, 0)]
    with indexed.database.connection(read_only=True) as connection:
        assert vector_index.recall_of(connection, "clip", 10) == 1


def test_many_queries_by_index_are_answered_as_each_alone(indexed: Warehouse) -> None:
    land_vectors(indexed, clustered(20), first=900)
    change(indexed, "DELETE FROM mixpeek.vectors WHERE hash(feature_id) % 5 = 1")
    queries = clustered(4)
    assert uses_codes(indexed, f"nearest_each('clip', {queries.tolist()})")
    each = query(indexed, f"SELECT query, feature_id, similarity FROM mixpeek.nearest_each('clip', {queries.tolist()})")
    for number, one in enumerate(queries, start=1):
        alone = found(indexed, f"mixpeek.nearest('clip', {one.tolist()})")
        assert [row[1:] for row in each if row[0] == number] == alone
    with pytest.raises(duckdb.InvalidInputException, match="has 24 dimensions, the embedding has 2"):
        query(indexed, "FROM mixpeek.nearest_each('clip', [range(24), [1, 2]])")


def test_few_vectors_need_no_index(warehouse: Warehouse) -> None:
    land_vectors(warehouse, clustered(50))
    [done] = refresh(warehouse)
    assert (done.method, done.why) == ("exact", "fewer than 100 vectors")
    assert not uses_codes(warehouse, "nearest('clip', range(24))")
    assert (staleness(warehouse), len(names(warehouse, "mixpeek.nearest('clip', range(24))"))) == ([], 10)


def test_a_second_refresh_has_nothing_to_do(indexed: Warehouse) -> None:
    [done] = refresh(indexed)
    assert (done.encoded, done.removed) == (0, 0)


def test_a_vector_that_came_after_the_index_is_found_at_once(indexed: Warehouse) -> None:
    new = clustered(1)
    land_vectors(indexed, new, first=1000)
    assert names(indexed, f"mixpeek.nearest('clip', {new[0].tolist()}, k := 1)") == ["f1000"]
    assert staleness(indexed) == [Staleness("clip", 1, 0)]
    [done] = refresh(indexed)
    assert (done.encoded, done.removed, done.vectors) == (1, 0, 601)
    assert names(indexed, f"mixpeek.nearest('clip', {new[0].tolist()}, k := 1)") == ["f1000"]


def test_a_vector_that_has_changed_is_found_where_it_is_now(indexed: Warehouse) -> None:
    far = np.full((1, DIMENSIONS), -9, dtype=np.float32)
    land_vectors(indexed, far, first=7, seconds=9)
    assert names(indexed, f"mixpeek.nearest('clip', {far[0].tolist()}, k := 1)") == ["f7"]
    assert names(indexed, f"mixpeek.nearest('clip', {far[0].tolist()}, k := 100)").count("f7") == 1
    assert staleness(indexed) == [Staleness("clip", 1, 1)]
    assert [(done.encoded, done.removed) for done in refresh(indexed)] == [(1, 1)]
    assert_searches_agree(indexed, clustered(3))


def test_a_vector_that_is_gone_is_not_found(indexed: Warehouse) -> None:
    (wanted,) = clustered(1)
    gone = names(indexed, f"mixpeek.nearest('clip', {wanted.tolist()}, k := 3)")
    change(indexed, f"DELETE FROM mixpeek.vectors WHERE feature_id IN {tuple(gone)}")
    assert_searches_agree(indexed, wanted[None])
    assert staleness(indexed) == [Staleness("clip", 0, 3)]


def test_where_most_near_vectors_are_gone_everything_is_compared(indexed: Warehouse) -> None:
    (wanted,) = clustered(1)
    gone = names(indexed, f"mixpeek.nearest('clip', {wanted.tolist()}, k := 100)")
    change(indexed, f"DELETE FROM mixpeek.vectors WHERE feature_id IN {tuple(gone)}")
    assert len(names(indexed, f"mixpeek.nearest('clip', {wanted.tolist()})")) == 10
    assert_searches_agree(indexed, wanted[None])


def test_rows_that_duckdb_has_moved_are_found(indexed: Warehouse) -> None:
    (wanted,) = clustered(1)
    near = names(indexed, f"mixpeek.nearest('clip', {wanted.tolist()})")
    change(indexed, "CREATE TABLE mixpeek.moved AS SELECT * FROM mixpeek.vectors ORDER BY hash(feature_id)")
    change(indexed, "DELETE FROM mixpeek.vectors; INSERT INTO mixpeek.vectors FROM mixpeek.moved")
    change(indexed, "CREATE OR REPLACE TABLE mixpeek.moved AS SELECT * FROM mixpeek.features ORDER BY hash(feature_id)")
    change(indexed, "DELETE FROM mixpeek.features; INSERT INTO mixpeek.features FROM mixpeek.moved")
    call = f"mixpeek.nearest('clip', {wanted.tolist()})"
    assert names(indexed, call) == near
    assert query(indexed, f"SELECT bool_and(start_time IS NULL) FROM {call}") == [(True,)]
    assert [(done.encoded, done.removed) for done in refresh(indexed)] == [(0, 0)]
    assert names(indexed, call) == near


def test_a_vector_is_never_loaded_before_the_index_even_if_the_clock_was_set_back(indexed: Warehouse) -> None:
    change(indexed, "UPDATE mixpeek_internal.vector_indexes SET covered_until = TIMESTAMPTZ '2999-01-01 00:00:00+00'")
    with indexed.database.transaction() as connection:
        vector_index.refresh_search_macros(connection)
    new = clustered(1)
    land_vectors(indexed, new, first=1000)
    assert names(indexed, f"mixpeek.nearest('clip', {new[0].tolist()}, k := 1)") == ["f1000"]


def test_vectors_of_days_that_were_not_refreshed_are_compared_exactly(indexed: Warehouse) -> None:
    early, late = clustered(2)
    land_vectors(indexed, early[None], first=1000, day=DAY)
    land_vectors(indexed, late[None], first=1001, day=NEXT_DAY)
    assert [done.encoded for done in refresh(indexed, [NEXT_DAY])] == [1]
    assert staleness(indexed) == [Staleness("clip", 1, 0)]
    for number, one in enumerate((early, late)):
        assert names(indexed, f"mixpeek.nearest('clip', {one.tolist()}, k := 1)") == [f"f{1000 + number}"]


@pytest.mark.parametrize(
    "filters",
    [
        "modalities := ['image']",
        "modalities := ['text']",
        f"since := DATE '{NEXT_DAY}'",
        f"until := DATE '{DAY}'",
        "collections := ['films']",
        "among := ['f1', 'f20', 'f30']",
        "collections := ['default'], k := 3",
        "k := 60",
        "k := 1000",
    ],
)
def test_filters_choose_among_codes_too(indexed: Warehouse, filters: str) -> None:
    land_vectors(indexed, clustered(150), first=700, day=NEXT_DAY)
    refresh(indexed)
    (wanted,) = clustered(1)
    by_codes = found(indexed, f"mixpeek.nearest('clip', {wanted.tolist()}, {filters})")
    change(indexed, "UPDATE mixpeek_internal.vector_indexes SET method = 'exact'")
    with indexed.database.transaction() as connection:
        vector_index.refresh_search_macros(connection)
    assert not uses_codes(indexed, f"nearest('clip', {wanted.tolist()})")
    assert found(indexed, f"mixpeek.nearest('clip', {wanted.tolist()}, {filters})") == by_codes


def test_similar_uses_the_index_and_leaves_out_the_feature(indexed: Warehouse) -> None:
    similar = names(indexed, "mixpeek.similar('f5', 'clip', k := 5)")
    assert (len(similar), "f5" in similar) == (5, False)


def test_an_indexed_name_says_why_a_search_cannot_be(indexed: Warehouse) -> None:
    for call, sentence in {
        "nearest('clip', [1, 2])": "The named vector 'clip' has 24 dimensions, the embedding has 2",
        "nearest('clip', range(24), k := 0)": "k is 0: it must be 1 or more",
        "nearest(NULL, range(24))": "There is no named vector '': there is 'clip'",
        "nearest('nope', range(24))": "There is no named vector 'nope': there is 'clip'",
        "nearest('clip', range(24), k := NULL)": "k is NULL: it must be 1 or more",
        "nearest('clip', NULL)": "The embedding is NULL: what should give it found none",
    }.items():
        with pytest.raises(duckdb.InvalidInputException, match=sentence):
            query(indexed, f"FROM mixpeek.{call}")


def test_an_index_goes_when_its_dimensions_are_mixed_and_comes_back(indexed: Warehouse) -> None:
    land(indexed, "vectors", feature_reply("odd", {"clip": [1, 2, 3]}))
    assert names(indexed, "mixpeek.nearest('clip', [1, 2, 3])") == ["odd"]
    assert not uses_codes(indexed, "nearest('clip', range(24))")
    [done] = refresh(indexed)
    assert done.why == "its vectors have different dimensions"
    change(indexed, "DELETE FROM mixpeek.vectors WHERE feature_id = 'odd'")
    land_vectors(indexed, clustered(1), first=1000)
    assert [done.encoded for done in refresh(indexed)] == [601]
    assert uses_codes(indexed, "nearest('clip', range(24))")


def test_an_index_whose_vectors_are_gone_goes_too(indexed: Warehouse) -> None:
    change(indexed, "DELETE FROM mixpeek.vectors")
    assert [(done.vectors, done.method) for done in refresh(indexed)] == [(0, "exact")]
    assert staleness(indexed) == []


def test_an_index_is_built_anew_when_it_has_grown(indexed: Warehouse) -> None:
    land_vectors(indexed, clustered(700), first=1000)
    assert [done.encoded for done in refresh(indexed)] == [1300]


def test_where_codes_are_not_good_enough_searches_stay_exact(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "_LARGEST_POOL", 12)
    monkeypatch.setattr(vector_index, "_SMALLEST_POOL", 12)
    noise = np.random.default_rng(1).standard_normal((400, DIMENSIONS)).astype(np.float32)
    land_vectors(warehouse, noise)
    [done] = refresh(warehouse)
    assert done.method == "exact"
    assert done.why.startswith("even the 12 nearest codes have only")
    assert not uses_codes(warehouse, "nearest('clip', range(24))")
    assert_searches_agree(warehouse, noise[:3])
    [again] = refresh(warehouse)
    assert again.why == "no codes were good enough when it had 400 vectors"


def test_vectors_that_share_a_large_mean_and_zero_vectors_are_found(warehouse: Warehouse) -> None:
    vectors = clustered(400, offset=20)
    vectors[7] = 0
    land_vectors(warehouse, vectors)
    assert [done.why for done in refresh(warehouse)] == [""]
    assert_searches_agree(warehouse, vectors[:5])


def test_a_name_with_quotes_has_an_index_like_any_other(warehouse: Warehouse) -> None:
    vectors = clustered(120)
    land(warehouse, "vectors", *(feature_reply(f"f{n}", {'it\'s "x"': v.tolist()}) for n, v in enumerate(vectors)))
    assert [(done.vector_name, done.encoded) for done in refresh(warehouse)] == [('it\'s "x"', 120)]
    assert names(warehouse, f"mixpeek.nearest('it''s \"x\"', {vectors[3].tolist()}, k := 1)") == ["f3"]


@settings(max_examples=6, deadline=None)
@given(st.lists(st.sampled_from(["land", "change", "remove", "refresh"]), min_size=2, max_size=6), st.integers(0, 99))
def test_index_and_exact_search_agree_after_any_changes(
    tmp_path_factory: pytest.TempPathFactory, stores: Stores, steps: list[str], seed: int
) -> None:
    with stores.warehouse(tmp_path_factory.mktemp("steps") / "warehouse.duckdb", indexed_warehouse) as warehouse:
        for number, step in enumerate(steps):
            if step == "land":
                land_vectors(warehouse, clustered(15), first=1000 + 100 * number)
            elif step == "change":
                land_vectors(warehouse, clustered(15), first=(37 * seed) % 500, seconds=number + 1)
            elif step == "remove":
                change(warehouse, f"DELETE FROM mixpeek.vectors WHERE hash(feature_id) % 20 = {(seed + number) % 20}")
            else:
                refresh(warehouse)
        assert_searches_agree(warehouse, clustered(3))


@pytest.mark.parametrize("encoder", [Encoder(CENTRES.mean(axis=0)), rotated(CENTRES.mean(axis=0), 64)])
def test_a_code_is_a_bit_for_each_axis_where_a_vector_lies_beyond_the_mean(encoder: Encoder) -> None:
    vectors = clustered(5)
    axes = np.eye(DIMENSIONS, dtype=np.float32) if encoder.weights is None else encoder.weights
    expected = (vectors - encoder.mean) @ axes.T > 0
    codes = encoder.encode(vectors)
    assert codes.shape == (5, encoder.blocks)
    for axis, mask in enumerate(encoder.masks()):
        assert ((codes[:, axis // 64] & np.int64(mask)) != 0).tolist() == expected[:, axis].tolist()


def test_a_small_vector_is_near_to_the_vector() -> None:
    vectors = clustered(9, offset=5)
    mean = vectors.mean(axis=0)
    small = shrink(vectors, mean)
    again = mean + small.scale[:, None] * small.small
    assert np.abs(again - vectors).max() < 0.02
    assert small.inverse_norm * np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(9))
    assert shrink(np.zeros((1, DIMENSIONS), dtype=np.float32), mean).inverse_norm.tolist() == [0]
