"""The warehouse in Python: `mixpeek_assets.connect()`."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import mixpeek_assets
from mixpeek_assets.errors import UserError
from mixpeek_assets.notebook import ReadOnlyWarehouse
from mixpeek_assets.questions import QuestionError
from mixpeek_assets.search import SearchError
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.views import refresh_views
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import Answer, ScriptedMixpeek
from tests.fakes.pipeline import add_videos
from tests.fakes.stores import Files

URL = "http://videos.test/film.mp4"
SEARCH = "^POST /features/search$"
NIGHT, DUSK, NOON, WAVES = "night", "dusk", "noon", "waves"

VIDEOS = [("film", "films", URL), ("talk", "o'talks", "http://videos.test/talk.mp4")]
FEATURES = [
    (NIGHT, "film", date(2026, 11, 1), "image", 10.0, "A lighthouse.", [1.0, 0.0]),
    (DUSK, "film", date(2026, 11, 1), "image", 20.0, "A beach.", [0.8, 0.6]),
    (NOON, "talk", date(2026, 11, 2), "image", None, "A desk.", [0.6, 0.8]),
    (WAVES, "talk", date(2026, 11, 2), "audio", 5.5, "Sounds like waves.", [0.0, 1.0]),
]


@pytest.fixture(scope="module")
def file(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with four moments of two videos, of two days, whose embeddings turn away from the first."""
    path = tmp_path_factory.mktemp("moments") / "warehouse.duckdb"
    path.write_bytes(files.content())
    with Warehouse(Site.of_file(path)).database.transaction() as connection:
        connection.executemany(
            "INSERT INTO mixpeek.videos BY NAME SELECT $1 AS video_id, $2 AS collection, $3 AS url", VIDEOS
        )
        for feature_id, video_id, day, modality, start, description, embedding in FEATURES:
            row = {"feature_id": feature_id, "video_id": video_id, "partition_date": day, "modality": modality}
            _insert(connection, "features", {**row, "start_time": start, "description": description})
            _insert(connection, "vectors", {**row, "vector_name": "image", "dimensions": 2, "embedding": embedding})
        refresh_views(connection)
    return path


@pytest.fixture
def moments(file: Path) -> ReadOnlyWarehouse:
    """The warehouse, opened by a user in whose environment the API is."""
    return mixpeek_assets.connect(file)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    values = ", ".join(f"${name} AS {name}" for name in row)
    connection.execute(f"INSERT INTO mixpeek.{table} BY NAME SELECT {values}", row)


def found_by_the_api(*feature_ids: str, floor: float | None = None) -> Answer:
    """What the API answers; with a floor, all are images."""
    scores = np.linspace(0.9, 0.1, len(feature_ids))
    results = [
        {"feature_id": name, "score": float(score), "modality": "image"}
        for name, score in zip(feature_ids, scores, strict=True)
    ]
    return Answer({"results": results, "score_floors": floor and {"image": floor}})


def test_a_query_gives_a_pandas_frame(moments: ReadOnlyWarehouse) -> None:
    found = moments.query("SELECT url FROM mixpeek.videos WHERE url = $url", {"url": URL})

    assert isinstance(found, pd.DataFrame)
    assert found.to_dict("records") == [{"url": URL}]


def test_a_query_gives_an_arrow_table_or_a_polars_frame_on_request(moments: ReadOnlyWarehouse) -> None:
    table = moments.query("SELECT url FROM mixpeek.videos ORDER BY url LIMIT 1", to="arrow")
    frame = moments.query("SELECT url FROM mixpeek.videos WHERE url = ?", [URL], to="polars")

    assert table.to_pylist() == [{"url": URL}]
    assert isinstance(frame, pl.DataFrame)
    assert frame.to_dicts() == [{"url": URL}]


def test_a_package_that_is_missing_is_named(moments: ReadOnlyWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    for name in ("polars", "pyarrow"):
        monkeypatch.delitem(sys.modules, name, raising=False)

    with pytest.raises(QuestionError, match="'polars' needs polars and pyarrow: `pip install polars pyarrow`"):
        moments.query("SELECT 1", to="polars")


def test_the_file_is_free_between_two_queries_and_cannot_be_written_by_one(warehouse: Warehouse) -> None:
    add_videos([URL])
    connection = mixpeek_assets.connect()
    assert len(connection.query("SELECT url FROM mixpeek.videos")) == 1

    add_videos(["http://videos.test/b.mp4"])

    assert len(connection.query("SELECT url FROM mixpeek.videos")) == 2
    with pytest.raises(duckdb.Error, match="read-only"):
        connection.query("DELETE FROM mixpeek.videos")


def test_a_file_that_is_not_there_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"there is no DuckDB file .*nowhere\.duckdb"):
        mixpeek_assets.connect(tmp_path / "nowhere.duckdb")
    assert not (tmp_path / "nowhere.duckdb").exists()


@pytest.mark.parametrize(
    "embedding", [[1, 0.1], np.array([1, 0.1]), np.array([10, 1], np.float16), pd.Series([1, 0.1])]
)
def test_the_features_nearest_to_an_embedding_come_nearest_first(embedding: Any, moments: ReadOnlyWarehouse) -> None:
    found = moments.nearest("image", embedding, 3)

    assert list(found["feature_id"]) == [NIGHT, DUSK, NOON]
    assert found["similarity"].tolist()[0] == pytest.approx(1 / np.hypot(1, 0.1), abs=1e-3)


def test_the_features_nearest_to_a_feature_leave_it_out(moments: ReadOnlyWarehouse) -> None:
    assert list(moments.nearest("image", NIGHT)["feature_id"]) == [DUSK, NOON, WAVES]


FILTERS = [
    ({"collections": "films"}, [NIGHT, DUSK]),
    ({"modalities": ["image"]}, [NIGHT, DUSK, NOON]),
    ({"since": "2026-11-02"}, [NOON, WAVES]),
    ({"until": date(2026, 11, 1)}, [NIGHT, DUSK]),
    ({"among": pd.Series([WAVES, DUSK])}, [DUSK, WAVES]),
    ({"collections": ["films", "o'talks"], "modalities": "audio"}, [WAVES]),
    ({"among": []}, []),
    ({"modalities": []}, []),
]


@pytest.mark.parametrize(("filters", "found"), FILTERS)
def test_only_what_passes_the_filters_is_near(
    filters: dict[str, Any], found: list[str], moments: ReadOnlyWarehouse
) -> None:
    assert list(moments.nearest("image", [1, 0.1], **filters)["feature_id"]) == found


@pytest.mark.parametrize(("filters", "found"), FILTERS)
def test_only_what_passes_the_filters_is_searched_by_its_words(
    filters: dict[str, Any], found: list[str], moments: ReadOnlyWarehouse
) -> None:
    assert set(moments.search("a lighthouse beach desk waves", by="words", **filters)["feature_id"]) == set(found)


def test_a_search_by_words_finds_these_very_words_and_needs_no_api(
    moments: ReadOnlyWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_API_KEY", "none")

    found = moments.search("the LIGHTHOUSE", 5, by="words")

    assert found[["video", "start_time", "found", "link"]].to_numpy().tolist() == [
        ["film.mp4", 10.0, "A lighthouse.", f"{URL}#t=10.0"]
    ]
    assert found["score"].tolist()[0] > 0


def test_a_search_by_meaning_gives_the_hits_of_the_api_as_moments(
    mixpeek: ScriptedMixpeek, moments: ReadOnlyWarehouse
) -> None:
    mixpeek.script(SEARCH, found_by_the_api(NIGHT, NOON))

    found = moments.search("a lighthouse at night", 2)

    columns = ["score", "video", "start_time", "modality", "found", "link"]
    assert found[columns].values.tolist() == [
        [0.9, "film.mp4", 10.0, "image", "A lighthouse.", "http://videos.test/film.mp4#t=10.0"],
        [0.1, "talk.mp4", pytest.approx(float("nan"), nan_ok=True), "image", "A desk.", "http://videos.test/talk.mp4"],
    ]
    [request] = mixpeek.asked(SEARCH)
    assert request.body["collections"] == ["films", "o'talks"]
    assert request.query == "page_size=2"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"since": "2026-11-02"}, [NOON, WAVES]),
        ({"until": date(2026, 11, 1)}, [NIGHT, DUSK]),
        ({"since": pd.Timestamp(2026, 11, 2), "modalities": ["audio"]}, [WAVES]),
        ({"modalities": ["audio", "video"]}, [WAVES]),
        ({"among": pd.Series([DUSK, WAVES])}, [DUSK, WAVES]),
        ({"collections": "films", "among": []}, []),
        ({"modalities": []}, []),
    ],
)
def test_what_the_api_cannot_filter_is_filtered_here(
    filters: dict[str, Any], found: list[str], mixpeek: ScriptedMixpeek, moments: ReadOnlyWarehouse
) -> None:
    mixpeek.script(SEARCH, found_by_the_api(NIGHT, DUSK, NOON, WAVES))

    assert list(moments.search("light", 3, **filters)["feature_id"]) == found
    assert mixpeek.asked(SEARCH)[0].query == "page_size=100"


def test_what_is_nothing_like_the_words_is_left_out_unless_it_is_asked_for(
    mixpeek: ScriptedMixpeek, moments: ReadOnlyWarehouse
) -> None:
    near, none = (found_by_the_api(NIGHT, DUSK, NOON, floor=floor) for floor in (0.5, 0.95))
    mixpeek.script(SEARCH, near, near, none)

    assert list(moments.search("light")["feature_id"]) == [NIGHT, DUSK]
    assert list(moments.search("light", far=True)["feature_id"]) == [NIGHT, DUSK, NOON]
    with pytest.warns(UserWarning, match="nothing like it: the nearest scores 0.900, and what resembles words scores"):
        assert moments.search("light").empty


def test_of_no_collection_nothing_is_asked(mixpeek: ScriptedMixpeek, moments: ReadOnlyWarehouse) -> None:
    assert moments.search("light", collections=[]).empty
    assert mixpeek.asked(SEARCH) == []


def test_what_the_api_can_filter_is_left_to_it(mixpeek: ScriptedMixpeek, moments: ReadOnlyWarehouse) -> None:
    mixpeek.script(SEARCH, found_by_the_api(NOON))

    moments.search("light", 3, collections="o'talks", modalities="image", vector_name="text")

    [request] = mixpeek.asked(SEARCH)
    assert request.body["collections"] == ["o'talks"]
    assert request.body["queries"][0]["vector_index"] == "text"
    assert request.body["filters"]["AND"][0]["value"] == "image"
    assert request.query == "page_size=3"


def test_hits_that_are_not_there_are_counted(mixpeek: ScriptedMixpeek, moments: ReadOnlyWarehouse) -> None:
    others = [f"other-{number}" for number in range(98)]
    mixpeek.script(SEARCH, found_by_the_api("new", NIGHT), found_by_the_api(NIGHT, WAVES, *others))

    with pytest.warns(UserWarning, match=r"1 of 2 hits are not in .*warehouse\.duckdb"):
        assert list(moments.search("light", 2)["feature_id"]) == [NIGHT]
    with pytest.warns(UserWarning) as warned:
        moments.search("light", 2, among=WAVES)
    assert [str(one.message) for one in warned][1:] == ["only 1 of the 100 hits of the API pass the filters"]


def test_without_an_api_that_searches_the_way_that_needs_none_is_named(
    mixpeek: ScriptedMixpeek, moments: ReadOnlyWarehouse
) -> None:
    mixpeek.script(SEARCH, Answer({"error": {"message": "Not Found"}}, 404))

    with pytest.raises(SearchError, match=r'this API offers no search .*by="words"'):
        moments.search("a lighthouse")


Question = Callable[[ReadOnlyWarehouse], object]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (lambda it: it.query(""), "no rows to return"),
        (lambda it: it.query("SELECT 1", to="json"), "to='json' is no kind of result"),
        (lambda it: it.nearest("image", [1, float("nan")]), "not finite"),
        (lambda it: it.nearest("image", [1, 1e300]), "not finite"),
        (lambda it: it.nearest("image", [[1, 0]]), r"the shape \(1, 2\)"),
        (lambda it: it.nearest("images", [1, 0]), "no named vector 'images'"),
        (lambda it: it.nearest("image", [1, 0, 0]), "'image' has 2 dimensions"),
        (lambda it: it.nearest("image", "nobody"), "nobody"),
        (lambda it: it.nearest("image", [1, 0], collections=["films", "o'films"]), "no collection 'o'films'"),
        (lambda it: it.nearest("image", [[1], [1, 2]]), "an embedding is a list or an array of numbers"),
        (lambda it: it.nearest("image", None), "an embedding is"),
        (lambda it: it.nearest("image", []), r"the shape \(0,\)"),
        (lambda it: it.nearest("image", [1, 0], 0), "k=0: ask for at least 1"),
        (lambda it: it.nearest("image", [1, 0], "3"), "k='3'"),
        (lambda it: it.nearest("image", [1, 0], since="yesterday"), "since='yesterday' is no date"),
        (lambda it: it.nearest("image", [1, 0], until=2026), "until=2026 is no date"),
        (lambda it: it.nearest("image", [1, 0], among=[1]), "among holds 1, which is no name"),
        (lambda it: it.search(" "), "no words to look for"),
        (lambda it: it.search("x" * 1_001), "too many to look for"),
        (lambda it: it.search("...", by="words"), "no letter or digit"),
        (lambda it: it.search("light", 101), "k=101: the API returns at most 100"),
        (lambda it: it.search("light", by="sound"), "by='sound' is no way to search"),
        (lambda it: it.search("light", collections="o'films"), "no collection \"o'films\": there are 'films', "),
    ],
)
def test_what_cannot_be_answered_gets_a_sentence(question: Question, sentence: str, moments: ReadOnlyWarehouse) -> None:
    with pytest.raises(UserError, match=sentence):
        question(moments)


def test_a_search_without_videos_says_how_to_begin(warehouse: Warehouse) -> None:
    with pytest.raises(UserError, match="has no videos yet: `mixpeek-assets run`"):
        mixpeek_assets.connect().search("a lighthouse")
