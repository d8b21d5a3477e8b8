"""A process that writes a day into a sink of files, and may be killed at any moment; and the rows that it writes."""

import signal
import sys
from typing import Any

import numpy as np

from mixpeek_assets.sinks.port import NamedVector, Sink
from tests.sinks.rows import DAY, batches, many_rows

NAMES = ("audio", "text")
ROWS, WIDTH = 500, 64


def rows() -> list[dict[str, Any]]:
    """Return the rows: as many of each name."""
    vectors = np.random.default_rng(3).normal(size=(ROWS, WIDTH)).astype(np.float32)
    return [one for name in NAMES for one in many_rows(vectors, vector_name=name)]


def opened(store: str, place: str) -> Sink:
    """Open a sink by its name."""
    if store == "lancedb":
        from mixpeek_assets.sinks.lance import Lance

        return Lance(place, None)
    from mixpeek_assets.sinks.parquet import ParquetFiles

    return ParquetFiles(place, None)


def wait_at_rename(number: int) -> None:
    """Wait for death just before so manieth renaming of a file."""
    left = number

    def heard(event: str, _: tuple[Any, ...]) -> None:
        nonlocal left
        left -= event == "os.rename"
        if left == 0:
            signal.pause()

    sys.addaudithook(heard)


if __name__ == "__main__":
    store, place, renaming = sys.argv[1:]
    if int(renaming):
        wait_at_rename(int(renaming))
    sink = opened(store, place)
    sink.prepare([NamedVector(name, WIDTH, ROWS) for name in NAMES])
    sink.replace(DAY, batches(rows()))
