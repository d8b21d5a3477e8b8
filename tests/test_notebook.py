"""The warehouse in Python: `mixpeek_assets.connect()`."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

import mixpeek_assets
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.pipeline import add_videos

URL = "http://videos.test/a.mp4"


@pytest.fixture(autouse=True)
def videos(warehouse: Warehouse) -> None:
    add_videos([URL])


def test_a_query_gives_a_pandas_frame() -> None:
    found = mixpeek_assets.connect().query("SELECT url FROM mixpeek.videos WHERE url = $url", {"url": URL})

    assert isinstance(found, pd.DataFrame)
    assert found.to_dict("records") == [{"url": URL}]


def test_a_query_gives_an_arrow_table_on_request() -> None:
    table = mixpeek_assets.connect().query("SELECT url FROM mixpeek.videos", to="arrow")

    assert table.to_pylist() == [{"url": URL}]


def test_the_file_is_free_between_two_queries_and_cannot_be_written_by_one(warehouse: Warehouse) -> None:
    connection = mixpeek_assets.connect(warehouse.path)
    assert len(connection.query("SELECT url FROM mixpeek.videos")) == 1

    add_videos(["http://videos.test/b.mp4"])

    assert len(connection.query("SELECT url FROM mixpeek.videos")) == 2
    with pytest.raises(duckdb.Error, match="read-only"):
        connection.query("DELETE FROM mixpeek.videos")


def test_a_file_that_is_not_there_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"there is no DuckDB file .*nowhere\.duckdb"):
        mixpeek_assets.connect(tmp_path / "nowhere.duckdb")
    assert not (tmp_path / "nowhere.duckdb").exists()
