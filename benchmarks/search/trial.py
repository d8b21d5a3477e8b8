"""One contender, in a process of its own: what it takes to build, and to search."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.pipeline.measure import measured
from benchmarks.search.contenders import Search
from benchmarks.search.data import Data

LEAST = 3
"""Queries, however long they take."""


class Contender(NamedTuple):
    """What finds the nearest vectors.

    Attributes:
        name: As the table has it.
        search: Opens what was built.
        build: Builds it; None where the vectors' own file is what is searched. What comes before its `yield` is not
            measured.
        built_by: The one whose folder it uses, where not its own.
        at_once: Queries that it takes at once.
        is_slow: Whether it takes minutes for 100,000 vectors: to be built, or to compare each with many queries.
    """

    name: str
    search: Callable[[Data, Path], Search]
    build: Callable[[Data, Path], Iterator[None]] | None = None
    built_by: str | None = None
    at_once: int = 1
    is_slow: bool = False


@dataclass(frozen=True)
class Built:
    """What was built.

    Attributes:
        seconds: How long it took.
        bytes: What it takes on disk.
    """

    seconds: float
    bytes: int


@dataclass(frozen=True)
class Searched:
    """How the searches of a round went.

    Attributes:
        ms: Of a query: the median.
        cpu_ms: Of a query, in all threads: the mean.
        megabytes: The most memory that the process had, above what it had before it opened what it searches.
        found: The rows that were found by the first queries.
    """

    ms: float
    cpu_ms: float
    megabytes: float
    found: list[list[int]]


def build(contender: Contender, data: Data, folder: Path) -> Built:
    """Build in a process of its own."""
    folder.mkdir()
    if contender.build is None:
        return Built(0, (data.folder / "vectors.npy").stat().st_size)
    seconds = measured(contender.build, data, folder).seconds
    os.sync()
    return Built(seconds, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))


def search(contender: Contender, data: Data, folder: Path, seconds: float) -> Searched:
    """Search in a process of its own, until the queries or the seconds are used up."""
    run = measured(_search, contender, data, folder, seconds)
    ms, cpu_ms, found = run.result
    return Searched(ms, cpu_ms, run.megabytes, found)


def _search(contender: Contender, data: Data, folder: Path, seconds: float) -> tuple[float, float, list[list[int]]]:
    nearest, queries, many = contender.search(data, folder), data.queries(), contender.at_once
    parts = [queries[first : first + many] for first in range(0, len(queries), many)]
    nearest(queries[:1])  # cold
    found, took, cpu, end = list[list[int]](), list[float](), time.process_time(), time.perf_counter() + seconds
    for part in parts:
        start = time.perf_counter()
        if start > end and len(took) >= LEAST:
            break
        found += nearest(part)
        took.append((time.perf_counter() - start) * 1000 / many)
    return statistics.median(took), (time.process_time() - cpu) * 1000 / len(found), found
