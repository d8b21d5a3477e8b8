"""LanceDB holds the rows of a day, whatever it held before."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pytest

from mixpeek_assets.sinks import lance
from mixpeek_assets.sinks.errors import SinkDownError, SinkError
from mixpeek_assets.sinks.lance import Lance
from mixpeek_assets.sinks.port import Indexed, NamedVector, Replaced
from tests.sinks.limits import no_file_larger_than
from tests.sinks.pages import code_of
from tests.sinks.real import exact_neighbours, real_embeddings, recall
from tests.sinks.rows import DAY, NEXT_DAY, batches, many_rows, row

SPARSE = {"indices": [3, 9], "values": [0.5, 0.25]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "lancedb"


@pytest.fixture
def sink(folder: Path) -> Lance:
    sink = Lance(str(folder), None)
    sink.prepare([NamedVector("multimodal", 3, 1)])
    return sink


def held(folder: Path, table: str = "vectors_multimodal") -> list[dict[str, Any]]:
    found = lancedb.connect(folder).open_table(table).to_arrow().to_pylist()
    return sorted(found, key=lambda one: one["feature_id"])


def version(folder: Path, table: str = "vectors_multimodal") -> int:
    return lancedb.connect(folder).open_table(table).version


def test_a_row_is_there_with_its_moment(sink: Lance, folder: Path) -> None:
    wanted = row("a", [1, 2, 3], text="words")
    sink.replace(DAY, batches([wanted]))

    assert held(folder) == [{name: value for name, value in wanted.items() if name != "sparse"}]


def test_the_same_rows_again_change_nothing(sink: Lance, folder: Path) -> None:
    rows = [row("a"), row("b"), row("c", None, vector_name="words", sparse=SPARSE)]

    assert sink.replace(DAY, batches(rows, size=2)) == Replaced(3, 0, 0)
    before = version(folder)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, 3, 0)
    assert (version(folder), sink.count(DAY)) == (before, 3)


def test_what_differs_is_written_what_is_gone_is_removed_and_the_rest_stays(sink: Lance, folder: Path) -> None:
    sink.replace(DAY, batches([row("a"), row("b"), row("c")]))

    assert sink.replace(DAY, batches([row("a"), row("b", [0, 1, 0]), row("d")])) == Replaced(2, 1, 1)
    assert [(one["feature_id"], one["embedding"]) for one in held(folder)] == [
        ("a", [1, 0, 0]),
        ("b", [0, 1, 0]),
        ("d", [1, 0, 0]),
    ]


def test_more_rows_than_a_merge_takes_are_replaced(sink: Lance, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixpeek_assets.sinks.lance_day._MERGED", 2)
    monkeypatch.setattr("mixpeek_assets.sinks.lance_day._NAMED", 2)
    old, new = np.ones((7, 3), np.float32), np.zeros((7, 3), np.float32)
    sink.replace(DAY, batches([*many_rows(old), *(row(f"old {number}") for number in range(5))]))

    assert sink.replace(DAY, batches(many_rows(new), size=1)) == Replaced(7, 0, 5)
    assert [one["embedding"] for one in held(folder)] == [[0, 0, 0]] * 7


def test_a_video_that_moves_to_another_day_is_not_doubled(sink: Lance) -> None:
    sink.replace(DAY, batches([row("a"), row("b")]))

    assert sink.replace(NEXT_DAY, batches([row("a", partition_date=NEXT_DAY)])) == Replaced(1, 0, 0)
    assert (sink.count(DAY), sink.count(NEXT_DAY)) == (1, 1)
    assert sink.replace(DAY, batches([row("b")])) == Replaced(0, 1, 0)


def test_a_day_without_rows_is_removed(sink: Lance) -> None:
    sink.replace(DAY, batches([row("a"), row("b", None, vector_name="words", sparse=SPARSE)]))
    sink.replace(NEXT_DAY, batches([row("c", partition_date=NEXT_DAY)]))

    assert sink.replace(DAY, []) == Replaced(0, 0, 2)
    assert (sink.count(DAY), sink.count(NEXT_DAY)) == (0, 1)


def test_a_collection_leaves_those_of_other_code_locations(sink: Lance, folder: Path) -> None:
    mine, yours = Lance(str(folder), "it's mine"), Lance(str(folder), "yours")
    mine.replace(DAY, batches([row("a", collection="it's mine"), row("b", collection="it's mine")]))
    yours.replace(DAY, batches([row("c", collection="yours")]))

    assert mine.replace(DAY, batches([row("a", collection="it's mine")])) == Replaced(0, 1, 1)
    assert (mine.count(DAY), yours.count(DAY), sink.count(DAY)) == (1, 1, 2)


def test_sparse_vectors_have_a_table_of_their_own(sink: Lance, folder: Path) -> None:
    rows = [row("a", None, vector_name=name, sparse=SPARSE) for name in ("words", "sparse")]

    assert sink.replace(DAY, batches(rows)) == Replaced(2, 0, 0)
    assert [one["sparse"] for one in held(folder, "sparse_vectors")] == [SPARSE, SPARSE]
    assert sink.replace(DAY, batches(rows[:1])) == Replaced(0, 1, 1)


def test_a_second_width_is_left_out_and_said_after_all_else_is_written(sink: Lance) -> None:
    rows = [row("a", [1, 2]), row("b"), row("c", [1, 2, 3, 4]), row("d", vector_name="other")]
    said = (
        r"vectors_multimodal holds embeddings of 3 numbers, and 1 row of multimodal of 2026-01-01 with 2 .+1 other row "
    )

    for _ in range(2):
        with pytest.raises(SinkError, match=said) as error:
            sink.replace(DAY, batches(rows))
        assert not error.value.retryable
        assert sink.count(DAY) == 2


def test_the_width_of_most_vectors_is_that_of_the_table(folder: Path) -> None:
    sink = Lance(str(folder), None)
    sink.prepare([NamedVector("multimodal", 2, 1), NamedVector("multimodal", 3, 9)])

    assert sink.replace(DAY, batches([row("a")])) == Replaced(1, 0, 0)


@pytest.mark.parametrize(
    "name", ["日本語", "a/b'c\"", "Text", "text", "x" * 200, "nul\0", "sparse", "vectors_", "../up"]
)
def test_a_named_vector_may_have_any_name(sink: Lance, name: str) -> None:
    sink.prepare([NamedVector(name, 3, 1)])
    rows = [row(f"a {name}", vector_name=name, collection=name), row("b", vector_name=f"{name}!")]

    assert sink.replace(DAY, batches(rows)) == Replaced(2, 0, 0)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, 2, 0)
    assert sink.replace(DAY, batches(rows[:1])) == Replaced(0, 1, 1)


def test_a_table_of_somebody_else_is_not_touched(folder: Path) -> None:
    lancedb.connect(folder).create_table("vectors_multimodal", [{"theirs": 1}])
    lancedb.connect(folder).create_table("vectors_theirs", [{"partition_date": DAY}])
    sink = Lance(str(folder), None)

    with pytest.raises(SinkError, match="table vectors_multimodal is there, and mixpeek_assets did not make it"):
        sink.prepare([NamedVector("multimodal", 3, 1)])
    sink.prepare([NamedVector("other", 3, 1)])
    with pytest.raises(SinkError, match="did not make it"):
        sink.replace(DAY, batches([row("a")]))
    assert sink.replace(DAY, []) == Replaced(0, 0, 0)
    assert held_by_others(folder) == [[{"theirs": 1}], [{"partition_date": DAY}]]


def held_by_others(folder: Path) -> list[Any]:
    connection = lancedb.connect(folder)
    return [connection.open_table(name).to_arrow().to_pylist() for name in ("vectors_multimodal", "vectors_theirs")]


def test_a_table_with_columns_of_another_version_is_said(sink: Lance, folder: Path) -> None:
    lancedb.connect(folder).open_table("vectors_multimodal").drop_columns(["text"])

    with pytest.raises(SinkError, match=r"another version.+delete its folder vectors_multimodal\.lance"):
        sink.prepare([NamedVector("multimodal", 3, 1)])


def test_a_store_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert Lance(str(tmp_path / "nothing"), None).count(DAY) == 0


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SinkError, match="MIXPEEK_SINK_LANCEDB"):
        Lance(str(tmp_path / "file"), None).prepare([NamedVector("multimodal", 3, 1)])


def test_a_full_disk_leaves_what_was_there_and_the_next_run_heals(sink: Lance, folder: Path) -> None:
    vectors = np.random.default_rng(1).normal(size=(3_000, 3)).astype(np.float32)
    sink.replace(DAY, batches([row("a")]))

    with no_file_larger_than(60_000), pytest.raises(SinkDownError, match="make room") as error:
        sink.replace(DAY, batches(many_rows(vectors)))
    assert error.value.retryable
    assert [one["feature_id"] for one in held(folder)] == ["a"]
    assert sink.replace(DAY, batches(many_rows(vectors))) == Replaced(3_000, 0, 1)


def test_a_reader_sees_a_table_before_or_after(sink: Lance, folder: Path) -> None:
    sink.replace(DAY, batches([row("a")]))
    reader = lancedb.connect(folder).open_table("vectors_multimodal")
    sink.replace(DAY, batches([row("a"), row("b")]))

    assert reader.count_rows() == 1
    reader.checkout_latest()
    assert reader.count_rows() == 2


def clustered(count: int, width: int = 32) -> "np.ndarray[Any, Any]":
    numbers = np.random.default_rng(5)
    centres = numbers.normal(size=(20, width))
    found = centres[numbers.integers(0, 20, count)] + 0.3 * numbers.normal(size=(count, width))
    return found.astype(np.float32)


def test_an_index_is_made_when_there_are_enough_and_not_while_more_are_to_come(folder: Path) -> None:
    sink = Lance(str(folder), None, index_from=500)
    few, all_ = clustered(400), clustered(600)
    sink.replace(DAY, batches(many_rows(few)))
    assert sink.index([NamedVector("multimodal", 32, 400)]) == []

    sink.replace(DAY, batches(many_rows(all_)))
    assert sink.index([NamedVector("multimodal", 32, 2_000)]) == [], "a backfill goes on"
    (made,) = sink.index([NamedVector("multimodal", 32, 600)])
    assert (made.vector_name, made.vectors, made.method) == ("multimodal", 600, "IVF_SQ")
    assert sink.index([NamedVector("multimodal", 32, 600)]) == []


def test_new_rows_are_brought_into_the_index(folder: Path) -> None:
    sink = Lance(str(folder), None, index_from=300)
    named = [NamedVector("multimodal", 32, 300)]
    sink.replace(DAY, batches(many_rows(clustered(300))))
    sink.index(named)
    later = [
        row(f"new {number:04}", one.tolist(), partition_date=NEXT_DAY) for number, one in enumerate(clustered(300))
    ]
    sink.replace(NEXT_DAY, batches(later))
    table = lancedb.connect(folder).open_table("vectors_multimodal")
    assert unindexed(table) == 300

    (done,) = sink.index(named)

    table.checkout_latest()
    assert (done.vectors, unindexed(table)) == (600, 0)


def unindexed(table: Any) -> int:
    return table.index_stats(table.list_indices()[0].name).num_unindexed_rows


def test_small_files_and_old_versions_do_not_pile_up(
    sink: Lance, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lance, "VERSIONS_KEPT", timedelta(milliseconds=1))
    days = [DAY + timedelta(days=number) for number in range(33)]
    for number, day in enumerate(days):
        sink.replace(day, batches([row(f"feature {number}", partition_date=day)]))

    assert sink.index([NamedVector("multimodal", 3, 33)]) == []
    table: Any = lancedb.connect(folder).open_table("vectors_multimodal")
    assert (table.stats()["fragment_stats"]["num_fragments"], len(table.list_versions())) == (1, 1)
    assert len(held(folder)) == 33


@pytest.mark.slow
def test_the_queries_of_the_page_find_what_is_nearest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = real_embeddings()
    rows = many_rows(real.vectors, transcription="in the harbour")
    sink = Lance(str(folder), None, index_from=1_000)
    sink.replace(DAY, batches(rows))
    assert isinstance(sink.index([NamedVector("multimodal", 384, len(rows))])[0], Indexed)
    os.chdir(folder.parents[1])
    nearest, filtered = (compile(block, "lancedb.md", "exec") for block in code_of("lancedb.md"))
    recalls: list[float] = []
    for query in real.queries:
        names: dict[str, Any] = {"embedding": query}
        exec(nearest, names)
        true = {rows[place]["feature_id"] for place in exact_neighbours(real.vectors, query, 10)}
        recalls.append(recall({one["feature_id"] for one in names["nearest"].to_list()}, true))
        exec(filtered, names)
        recalls.append(recall({one["feature_id"] for one in names["found"]}, true))
    assert np.mean(recalls) >= 0.95
    assert capsys.readouterr().out.count(" 1.0 in the harbour\n") == 10 * len(real.queries)


def test_nothing_is_printed_into_a_run(sink: Lance, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    indexing = Lance(str(folder), None, index_from=300)
    indexing.replace(DAY, batches(many_rows(clustered(300), vector_name="audio")))
    indexing.index([NamedVector("audio", 32, 300)])
    indexing.replace(DAY, batches(many_rows(clustered(290), vector_name="audio", text="new")))
    indexing.count(DAY)

    assert capfd.readouterr() == ("", "")
