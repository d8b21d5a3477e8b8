"""The benchmark of search counts what was found, and those that need no package of its own find the true ten."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.search import warehouses
from benchmarks.search.__main__ import BASELINE, CONTENDERS, EXACT, run
from benchmarks.search.data import Data, K, make

ALWAYS_THERE = [one for one in CONTENDERS if one.name.startswith("numpy") or EXACT in (one.name, one.built_by)]
"""What needs no package that the main environment has not. So few vectors have no index."""


@pytest.fixture
def data(tmp_path: Path) -> Data:
    (tmp_path / "data").mkdir()
    return make("clustered", 300, 16, tmp_path / "data")


def test_recall_is_the_share_of_the_true_ten_that_was_found(data: Data) -> None:
    order = np.argsort(-(data.queries() @ data.vectors().T), axis=1)
    best, worst = order[:, :K].tolist(), order[:, -K:].tolist()

    assert data.recall(best) == 1
    assert data.recall(worst) == 0
    assert data.recall([a[:5] + b[:5] for a, b in zip(best, worst, strict=True)]) == 0.5


@pytest.mark.parametrize("kind", ["clustered", "offset", "hard"])
def test_made_vectors_have_unit_length_and_are_the_same_in_every_run(kind: str, tmp_path: Path) -> None:
    sets = [tmp_path / "one", tmp_path / "other"]
    for folder in sets:
        folder.mkdir()
    one, other = (make(kind, 200, 16, folder) for folder in sets)

    assert np.allclose(np.linalg.norm(one.vectors(), axis=1), 1)
    assert np.array_equal(one.vectors(), other.vectors())
    assert not np.isin(one.queries(), one.vectors()).all(axis=1).any()


def test_what_compares_every_vector_finds_the_true_ten(data: Data, tmp_path: Path) -> None:
    list(warehouses.build(data, tmp_path))
    for one in ALWAYS_THERE:
        search = one.search(data, tmp_path)
        assert data.recall([search(query[np.newaxis])[0] for query in data.queries()[:5]]) == 1, one.name


@pytest.mark.slow
def test_a_contender_is_built_and_searches_in_processes_of_its_own(data: Data, tmp_path: Path) -> None:
    (baseline,) = [one for one in CONTENDERS if one.name == BASELINE]
    built, (searched,), recall = run([baseline], data, tmp_path, rounds=1, seconds=0.01)[BASELINE]

    assert built.bytes > data.vectors().nbytes
    assert len(searched.found) >= 3
    assert searched.ms > 0
    assert recall == 1
