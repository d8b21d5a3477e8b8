"""The Parquet files hold the rows of a day, whatever they held before, and everybody's readers read them."""

import os
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from mixpeek_assets.sinks import parquet_file
from mixpeek_assets.sinks.errors import SinkDownError, SinkError
from mixpeek_assets.sinks.parquet import ParquetFiles
from mixpeek_assets.sinks.port import Replaced
from tests.sinks.limits import no_file_larger_than
from tests.sinks.pages import code_of
from tests.sinks.real import exact_neighbours
from tests.sinks.rows import DAY, NEXT_DAY, batches, many_rows, row

SPARSE = {"indices": [3, 9], "values": [0.5, 0.25]}
FILE = "partition_date=2026-01-01/vector_name=multimodal/collection_default.parquet"
NAMES = [
    "日本語 ü",
    "a/b'c\"",
    "50%41",
    "q?*{x}[1]",
    "a=b\\c",
    "Text",
    "text",
    "two words",
    "tab\t",
    "x" * 200,
    "../up",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "parquet"


@pytest.fixture
def sink(folder: Path) -> ParquetFiles:
    sink = ParquetFiles(str(folder), None)
    sink.prepare([])
    return sink


def files(folder: Path) -> dict[str, int]:
    """Return all files of the dataset, and when each was written."""
    return {str(one.relative_to(folder)): one.stat().st_mtime_ns for one in folder.glob("p*/**/*") if one.is_file()}


def held(folder: Path) -> list[dict[str, Any]]:
    """Return the rows as DuckDB reads them."""
    found = duckdb.read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).order("feature_id, vector_name")
    return found.to_arrow_table().to_pylist()


def test_rows_are_there_with_their_moments(sink: ParquetFiles, folder: Path) -> None:
    rows = [row("a", [1, 2, 3], text="words"), row("b", None, vector_name="words", sparse=SPARSE)]
    sink.replace(DAY, batches(rows))

    assert held(folder) == rows


def test_the_same_rows_again_write_nothing(sink: ParquetFiles, folder: Path) -> None:
    rows = [row("a"), row("b"), row("c", None, vector_name="words", sparse=SPARSE)]

    assert sink.replace(DAY, batches(rows, size=2)) == Replaced(3, 0, 0)
    before = files(folder)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, 3, 0)
    assert (files(folder), sink.count(DAY)) == (before, 3)


@pytest.mark.parametrize("size", [1, 3, 2_048])
@pytest.mark.parametrize("group", [2, 8_192])
@pytest.mark.parametrize(
    ("after", "done"),
    [
        (["b", "c", "d", "e"], Replaced(0, 4, 1)),
        (["a", "b", "c", "d"], Replaced(0, 4, 1)),
        (["a", "b", "e"], Replaced(0, 3, 2)),
        (["a", "b", "c!", "d", "e"], Replaced(1, 4, 0)),
        (["a", "b", "c", "d", "e", "f"], Replaced(1, 5, 0)),
        (["0", "a", "c", "d", "e!"], Replaced(2, 3, 1)),
        (["z"], Replaced(1, 0, 5)),
    ],
)
def test_what_differs_is_written_what_is_gone_is_removed_and_the_rest_stays(
    sink: ParquetFiles,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    group: int,
    after: list[str],
    done: Replaced,
) -> None:
    monkeypatch.setattr(parquet_file, "ROW_GROUP", group)
    monkeypatch.setattr(parquet_file, "_COPIED", 2)
    sink.replace(DAY, batches([row(one) for one in "abcde"]))
    rows = [row(one[0], [0, 1, 0] if one.endswith("!") else [1, 0, 0]) for one in after]

    assert sink.replace(DAY, batches(rows, size)) == done
    assert held(folder) == rows


def test_only_files_that_differ_are_written(sink: ParquetFiles, folder: Path) -> None:
    rows = [row("a"), row("a", vector_name="other"), row("c", collection="second")]
    sink.replace(DAY, batches(rows))
    before = files(folder)

    assert sink.replace(DAY, batches([row("a", text="new"), *rows[1:]])) == Replaced(1, 2, 0)
    assert {name for name, when in files(folder).items() if before[name] != when} == {FILE}


def test_a_day_or_a_name_without_rows_has_no_files(sink: ParquetFiles, folder: Path) -> None:
    sink.replace(DAY, batches([row("a"), row("b", vector_name="other")]))
    sink.replace(NEXT_DAY, batches([row("c", partition_date=NEXT_DAY)]))

    assert sink.replace(DAY, batches([row("a")])) == Replaced(0, 1, 1)
    assert sink.replace(NEXT_DAY, []) == Replaced(0, 0, 1)
    assert list(files(folder)) == [FILE]
    assert (sink.count(DAY), sink.count(NEXT_DAY)) == (1, 0)


def test_a_collection_leaves_those_of_other_code_locations(sink: ParquetFiles, folder: Path) -> None:
    mine, yours = ParquetFiles(str(folder), "it's mine"), ParquetFiles(str(folder), "It's Mine")
    mine.replace(DAY, batches([row("a", collection="it's mine"), row("b", collection="it's mine")]))
    yours.replace(DAY, batches([row("c", collection="It's Mine")]))

    assert mine.replace(DAY, batches([row("a", collection="it's mine")])) == Replaced(0, 1, 1)
    assert (mine.count(DAY), yours.count(DAY), sink.count(DAY)) == (1, 1, 2)


def test_a_project_may_turn_to_one_collection_and_back(sink: ParquetFiles, folder: Path) -> None:
    rows = [row("a", collection="one"), row("b", collection="two"), row("c", collection=None)]
    one = ParquetFiles(str(folder), "one")
    sink.replace(DAY, batches(rows))
    before = files(folder)

    assert one.replace(DAY, batches(rows[:1])) == Replaced(0, 1, 0)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, 3, 0)
    assert (files(folder), held(folder)) == (before, rows)


def test_a_named_vector_may_have_two_widths(sink: ParquetFiles, folder: Path) -> None:
    rows = [row("a", [1, 2]), row("b", [1, 2, 3])]
    sink.replace(DAY, batches(rows))

    assert held(folder) == rows


@pytest.mark.parametrize("name", NAMES)
def test_readers_know_a_named_vector_by_any_name(sink: ParquetFiles, folder: Path, name: str) -> None:
    rows = [row(f"a {name}", vector_name=name, collection=name), row("b", vector_name=f"{name}!")]
    sink.replace(DAY, batches(rows))

    assert sink.replace(DAY, batches(rows)) == Replaced(0, 2, 0)
    shown = {(one["feature_id"], one["vector_name"]) for one in rows}
    found = ds.dataset(str(folder), partitioning="hive").to_table().to_pylist()
    scanned = pl.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True)
    assert {(one["feature_id"], one["vector_name"]) for one in held(folder)} == shown
    assert {(one["feature_id"], one["vector_name"]) for one in found} == shown
    assert set(scanned.select("feature_id", "vector_name").collect().rows()) == shown


def test_a_name_that_is_too_long_for_a_folder_is_cut(sink: ParquetFiles, folder: Path) -> None:
    rows = [row("a", vector_name="日" * 200), row("b", vector_name="日" * 199)]

    assert sink.replace(DAY, batches(rows)) == Replaced(2, 0, 0)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, 2, 0)
    assert len({one["vector_name"] for one in held(folder)}) == 2


def test_files_of_somebody_else_are_not_touched(folder: Path) -> None:
    theirs = folder / "theirs.parquet"
    folder.mkdir(parents=True)
    theirs.touch()

    with pytest.raises(SinkError, match=r"is not empty \(there is theirs.parquet\).+MIXPEEK_SINK_PARQUET"):
        ParquetFiles(str(folder), None).prepare([])
    assert [one.name for one in folder.iterdir()] == ["theirs.parquet"]


def test_a_file_that_somebody_puts_beside_ours_stays(sink: ParquetFiles, folder: Path) -> None:
    sink.replace(DAY, batches([row("a")]))
    (folder / FILE).with_name("theirs.parquet").touch()
    sink.prepare([])

    assert sink.replace(DAY, []) == Replaced(0, 0, 1)
    assert [Path(name).name for name in files(folder)] == ["theirs.parquet"]


def test_a_file_that_is_cut_off_is_written_anew(sink: ParquetFiles, folder: Path) -> None:
    rows = [row("a"), row("b")]
    sink.replace(DAY, batches(rows))
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:100])

    assert sink.count(DAY) == 0
    assert sink.replace(DAY, batches(rows)) == Replaced(2, 0, 0)
    assert held(folder) == rows


def test_a_file_with_columns_of_another_version_is_written_anew(sink: ParquetFiles, folder: Path) -> None:
    rows = [row("a"), row("b")]
    sink.replace(DAY, batches(rows))
    pq.write_table(pq.ParquetFile(folder / FILE).read().drop_columns(["text"]), folder / FILE)

    assert sink.replace(DAY, batches(rows)) == Replaced(0, 2, 0)
    assert held(folder) == rows


def test_a_full_disk_leaves_what_was_there_and_the_next_run_heals(sink: ParquetFiles, folder: Path) -> None:
    vectors = np.random.default_rng(1).normal(size=(3_000, 3)).astype(np.float32)
    sink.replace(DAY, batches([row("a")]))
    before = files(folder)

    with no_file_larger_than(20_000), pytest.raises(SinkDownError, match="make room") as error:
        sink.replace(DAY, batches(many_rows(vectors)))
    assert error.value.retryable
    assert (files(folder), list(folder.glob("_mixpeek_assets/writing*"))) == (before, [])
    assert sink.replace(DAY, batches(many_rows(vectors))) == Replaced(3_000, 0, 1)


def test_a_store_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert ParquetFiles(str(tmp_path / "nothing"), None).count(DAY) == 0


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SinkError, match="MIXPEEK_SINK_PARQUET"):
        ParquetFiles(str(tmp_path / "file"), None).prepare([])


def test_the_queries_of_the_page_find_what_is_nearest(sink: ParquetFiles, folder: Path) -> None:
    vectors = np.random.default_rng(1).normal(size=(40, 3)).astype(np.float32)
    rows = many_rows(vectors, transcription="in the harbour")
    rows[7] = row("feature 000007", vectors[7].tolist(), transcription="at sea")
    sink.replace(DAY, batches([*rows, row("other", vector_name="other")]))
    os.chdir(folder.parents[1])
    query = vectors[7] + 0.01

    found = duckdb.execute(code_of("parquet.md", "sql")[0], {"embedding": query.tolist()}).fetchall()
    expected = [f"http://127.0.0.1/feature {place:06}.mp4" for place in exact_neighbours(vectors, query, 11)]
    assert [url for url, *_ in found] == expected[1:]

    names: dict[str, Any] = {}
    for block in code_of("parquet.md"):
        exec(block, names)
    assert len(names["said"]) == 40
    assert len(names["frame"]) == 41
