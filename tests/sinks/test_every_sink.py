"""What holds for every sink, whatever its store is."""

import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from mixpeek_assets.sinks.port import NamedVector, Replaced, Sink
from mixpeek_assets.sinks.rows import SCHEMA
from tests.sinks.every_store import STORES, Held, Store
from tests.sinks.rows import DAY, NEXT_DAY, batches, row

FEATURES = ["a", "b", "größer/\N{SNOWMAN}", "c'\"%"]
VECTORS: dict[str, dict[str, Any]] = {
    "multimodal": {"embedding": (1.0, 0.0, 0.5)},
    "mixpeek://text@v1": {"embedding": (0.5, 0.25)},
    "words": {"embedding": None, "sparse": {"indices": [3, 7], "values": [0.5, 0.25]}},
}
NAMED = [NamedVector("multimodal", 3, 9), NamedVector("mixpeek://text@v1", 2, 9), NamedVector("words", None, 9)]


@pytest.fixture(
    params=[pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.is_slow else []) for one in STORES]
)
def store(request: pytest.FixtureRequest) -> Store:
    return request.param


@pytest.fixture
def sink(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> Sink:
    sink = store.open(request, tmp_path)
    sink.prepare(NAMED)
    return sink


def rows_of(day: date, *keys: tuple[str, str], text: str = "first") -> list[dict[str, Any]]:
    return [row(feature, vector_name=name, partition_date=day, text=text, **VECTORS[name]) for feature, name in keys]


def entries(day: date, rows: Sequence[dict[str, Any]]) -> Held:
    return {(day, row["feature_id"], row["vector_name"], row["digest"]) for row in rows}


def replaced(before: Held, day: date, rows: Sequence[dict[str, Any]]) -> Replaced:
    """Return what becomes of a day, given what a store holds."""
    new, old = entries(day, rows), {entry for entry in before if entry[0] == day}
    keys = {entry[1:3] for entry in new}
    return Replaced(
        written=len(new - old), unchanged=len(new & old), removed=len([one for one in old if one[1:3] not in keys])
    )


def after(before: Held, day: date, rows: Sequence[dict[str, Any]], store: Store) -> Held:
    """Return what a store holds once it was given a day."""
    new, parts = entries(day, rows), {"rows": slice(1, 3), "features": slice(1, 2), "nothing": slice(0, 2)}[store.moved]
    moved = {entry[parts] for entry in new}
    return {entry for entry in before if entry[0] != day and entry[parts] not in moved} | new


def test_whatever_days_are_replaced_the_last_rows_of_each_are_there(store: Store, sink: Sink) -> None:
    chance, held = random.Random(6), Held()
    keys = [(feature, name) for feature in FEATURES for name in VECTORS]
    for _ in range(9):
        day = chance.choice([DAY, NEXT_DAY])
        chosen = chance.sample(keys, chance.choice([0, 1, 4, 8]))
        rows = [one for key in chosen for one in rows_of(day, key, text=chance.choice(["first", "second"]))]

        assert sink.replace(day, batches(rows, chance.choice([1, 2, 9]))) == replaced(held, day, rows)
        held = after(held, day, rows, store)

        assert store.held(sink) == held
        assert sink.replace(day, batches(rows)) == Replaced(written=0, unchanged=len(rows), removed=0)
        assert store.held(sink) == held
        for one in (DAY, NEXT_DAY):
            assert sink.count(one) == len([entry for entry in held if entry[0] == one])


def test_rows_may_come_as_duckdb_calls_their_parts(sink: Sink) -> None:
    rows = pa.Table.from_batches(batches(rows_of(DAY, ("a", "multimodal"), ("b", "words"))), SCHEMA)
    with duckdb.connect() as connection:
        named_otherwise = connection.from_arrow(rows).to_arrow_table()
    assert str(named_otherwise.schema) != str(SCHEMA)

    assert sink.replace(DAY, named_otherwise.to_batches()) == Replaced(2, 0, 0)
    assert sink.replace(DAY, rows.to_batches()) == Replaced(0, 2, 0)


def test_a_day_that_nothing_is_known_of_is_empty(store: Store, sink: Sink) -> None:
    assert sink.count(DAY) == 0
    assert sink.replace(DAY, batches([])) == Replaced(0, 0, 0)
    assert store.held(sink) == set()


def test_what_is_there_is_kept_when_a_run_prepares_again(store: Store, sink: Sink) -> None:
    rows = rows_of(DAY, ("a", "multimodal"), ("a", "words"))
    sink.replace(DAY, batches(rows))
    sink.prepare(NAMED)

    assert store.held(sink) == entries(DAY, rows)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, 2, 0)


def test_a_named_vector_may_come_up_after_the_run_has_begun(
    store: Store, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    sink = store.open(request, tmp_path)
    sink.prepare([])
    rows = rows_of(DAY, *((feature, name) for feature in FEATURES for name in VECTORS))

    assert sink.replace(DAY, batches(rows)) == Replaced(len(rows), 0, 0)
    assert store.held(sink) == entries(DAY, rows)


def test_names_may_be_anything(store: Store, sink: Sink) -> None:
    names = ["x" * 200, "a b'c\"d;--\\", "ÜBER/größe:\N{CAT}", ".", "select"]
    rows = [
        row(name, vector_name=name, url=name, collection=name, video_id=name, modality=name, text=name)
        for name in names
    ]
    sink.prepare([*NAMED, *(NamedVector(name, 3, 1) for name in names)])

    assert sink.replace(DAY, batches(rows)) == Replaced(len(names), 0, 0)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, len(names), 0)
    assert store.held(sink) == entries(DAY, rows)


def test_the_name_and_the_place_can_be_said(store: Store, sink: Sink) -> None:
    assert sink.name == store.name
    assert sink.name.isidentifier()
    assert sink.place
