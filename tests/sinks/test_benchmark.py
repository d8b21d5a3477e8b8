"""The benchmark of the sinks measures what it says."""

from collections.abc import Callable
from functools import partial

import pytest

from benchmarks.sinks.life import life_of
from benchmarks.sinks.pgvector import open_sink
from mixpeek_assets.sinks.port import Replaced


@pytest.mark.slow
def test_a_life_is_written_unchanged_and_changed(new_database: Callable[[], str]) -> None:
    runs = life_of(partial(open_sink, new_database()), 200)

    assert [run.result for run in runs.values()] == [
        Replaced(200, 0, 0),
        Replaced(0, 200, 0),
        Replaced(2, 198, 0),
        Replaced(2, 198, 0),
    ]
