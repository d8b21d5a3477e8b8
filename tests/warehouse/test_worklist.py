"""What is to be done is read once, in order, and needs no connection while it is gone through."""

import re
import uuid
from pathlib import Path

import pytest

from mixpeek_assets.warehouse import worklist
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import FeatureToFetch
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.processes import list_on_full_disk, run
from tests.warehouse.rows import DAY, asset_reply, feature, land


@pytest.mark.parametrize("features", [0, 1, 4, 5, 8, 11])
def test_every_row_comes_once_in_the_order_of_the_query(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, features: int
) -> None:
    monkeypatch.setattr(worklist, "_CHUNK", 4)
    listed = [feature(f"f{number:02}", start_time=float(-number)) for number in range(features)]
    land(warehouse, "assets", asset_reply("a1", *listed))
    with warehouse.features_to_fetch([DAY], refresh=False) as rows:
        assert len(rows) == features
        found = [row.feature_id for row in rows]
        assert found == [f"f{number:02}" for number in reversed(range(features))]
        assert [row.feature_id for row in rows] == found, "and again from the first"


def test_a_row_is_what_the_query_says(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1")))
    with warehouse.features_to_fetch([DAY], refresh=False) as rows:
        assert list(rows) == [FeatureToFetch("f1", "a1", "v1", "image", DAY, None)]


def test_the_file_can_be_written_while_rows_are_gone_through(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1"), feature("f2")))
    with warehouse.features_to_fetch([DAY], refresh=False) as rows:
        for row in rows:
            land(warehouse, "assets", asset_reply(f"of {row.feature_id}", feature(f"more {row.feature_id}")))
    assert ask(warehouse, Reader.table_counts)["features"] == 4


@pytest.mark.slow
def test_a_disk_that_is_full_is_named_by_the_file_of_the_list(warehouse: Warehouse, tmp_path: Path) -> None:
    land(warehouse, "assets", asset_reply("a1", *(feature(f"{number}-{uuid.uuid4()}") for number in range(1000))))
    answer = tmp_path / "answer"
    run(list_on_full_disk, tmp_path, answer)
    assert re.match(r"DiskError: /\S+/work\.parquet: File too large; make room on that disk", answer.read_text())
