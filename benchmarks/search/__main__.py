"""`python -m benchmarks.search`: tables of build time, size, speed and recall; `--help` has the options."""

import argparse
import os
import re
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.pipeline.measure import show
from benchmarks.search import contenders, hnsw, warehouses
from benchmarks.search.data import KINDS, QUERIES, Data, K, make
from benchmarks.search.hnsw import VARIABLE
from benchmarks.search.trial import Built, Contender, Searched, build, search

BASELINE = "numpy: matrix times vector, in memory"
EXACT = "mixpeek.nearest, no index"
INDEXED = "mixpeek.nearest, its index"
EACH = f"mixpeek.nearest_each, {QUERIES} queries"
VSS = "DuckDB 1.5.5, vss: HNSW"
CONTENDERS = (
    Contender(BASELINE, contenders.numpy_in_memory),
    Contender("numpy, the matrix mapped", contenders.numpy_mapped),
    Contender("faiss, flat", contenders.faiss_flat, contenders.build_faiss),
    Contender("usearch, HNSW", contenders.usearch_graph, contenders.build_usearch, is_slow=True),
    Contender("LanceDB, flat", contenders.lance, contenders.build_lance),
    Contender("LanceDB, IVF_PQ", contenders.lance, contenders.build_lance_cells, is_slow=True),
    Contender("LanceDB, IVF_HNSW_SQ", contenders.lance, contenders.build_lance_graph, is_slow=True),
    Contender(VSS, hnsw.search, hnsw.build, is_slow=True),
    Contender("mixpeek.nearest as it was", warehouses.before, built_by=EXACT),
    Contender(EXACT, warehouses.nearest, warehouses.build),
    Contender(INDEXED, warehouses.nearest, warehouses.build_indexed),
    Contender(
        f"mixpeek.nearest_each, {QUERIES} queries, no index", warehouses.nearest_each, None, EXACT, QUERIES, True
    ),
    Contender(f"mixpeek.nearest_each, {QUERIES} queries, index", warehouses.nearest_each, None, INDEXED, QUERIES),
)

Found = dict[str, tuple[Built, list[Searched], float]]
"""By the contender's name: what was built, the rounds, and the recall."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table for each set of vectors and one of how it grows."""
    options = _options()
    given = options.parse_args(arguments)
    if re.search(given.only, VSS) and VARIABLE not in os.environ:
        options.error(f"{VARIABLE} names no folder: make bench-search sets it up, or leave it out by --only")
    grown: dict[int, Found] = {}
    for kind in given.data:
        for rows in given.rows if kind == given.data[0] else given.rows[:1]:
            with tempfile.TemporaryDirectory(dir=given.folder) as name:
                (Path(name) / "data").mkdir()
                data = make(kind, rows, given.dimensions, Path(name) / "data", given.keep)
                count, dimensions = data.vectors().shape
                chosen = [one for one in CONTENDERS if re.search(given.only, one.name)]
                fast = [one for one in chosen if not one.is_slow or count <= given.slow_rows]
                found = run(fast, data, Path(name), given.rounds, given.seconds)
            _show(f"{kind}: {count:,} x {dimensions:,}", found)
            if kind == given.data[0]:
                grown[count] = found
    if len(grown) > 1:
        _show_growth(grown, given.data[0], given.dimensions)


def run(chosen: Sequence[Contender], data: Data, folder: Path, rounds: int, seconds: float) -> Found:
    """Build all, then let them search in turns: what slows the machine for a minute slows all."""
    makers = {one.built_by or one.name: None for one in chosen}
    places = {name: folder / f"contender-{number}" for number, name in enumerate(makers)}
    built = {one.name: build(one, data, places[one.name]) for one in CONTENDERS if one.name in makers}
    turns = [
        {one.name: search(one, data, places[one.built_by or one.name], seconds) for one in chosen}
        for _ in range(rounds)
    ]
    found: Found = {}
    for one in chosen:
        each = [turn[one.name] for turn in turns]
        found[one.name] = built[one.built_by or one.name], each, data.recall(each[-1].found)
    return found


def _show(title: str, found: Found) -> None:
    baseline = found.get(BASELINE)
    rows: list[tuple[object, ...]] = []
    for name, (built, each, recall) in found.items():
        # Of each round by itself, so that a slow minute is in both.
        ratio = (
            statistics.median(a.cpu_ms / b.cpu_ms for a, b in zip(each, baseline[1], strict=True)) if baseline else ""
        )
        middle = [statistics.median(getattr(one, what) for one in each) for what in ("ms", "cpu_ms", "megabytes")]
        rows.append((name, built.seconds, built.bytes / 1e6, *middle[:2], ratio, f"{recall:.3f}", middle[2]))
    columns = ("", "build, s", "MB", "ms a query", "CPU ms", "x numpy", f"recall@{K}", "peak MB above start")
    show(f"{title} (medians of {len(next(iter(found.values()))[1])} rounds, in turns)", columns, rows)


def _show_growth(grown: dict[int, Found], title: str, dimensions: int) -> None:
    """Show milliseconds by rows, and by the slope of the last two what ten times as many would take."""
    *_, some, many = sorted(grown)
    more = many * 10
    rows: list[tuple[object, ...]] = []
    for name in grown[many]:
        ms = {count: statistics.median(one.ms for one in found[name][1]) for count, found in sorted(grown.items())}
        size = {count: grown[count][name][0].bytes for count in (some, many)}
        rows.append((name, *ms.values(), _reckoned(ms, some, many, more), _reckoned(size, some, many, more) / 1e9))
    columns = ("ms a query", *(f"{count:,}" for count in sorted(grown)), f"{more:,}, reckoned", "GB, reckoned")
    show(f"Growth: {title}, d = {dimensions:,}", columns, rows)


def _reckoned(found: Mapping[int, float], some: int, many: int, more: int) -> float:
    return found[many] + (found[many] - found[some]) / (many - some) * (more - many)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser("python -m benchmarks.search", description=__doc__)
    options.add_argument(
        "--data", nargs="+", choices=KINDS, default=KINDS, help="sets; the first is the one that grows"
    )
    options.add_argument(
        "--rows", nargs="+", type=int, default=[100_000], help="of made vectors; all sizes for the first set"
    )
    options.add_argument("--dimensions", type=int, default=1_024, help="of made vectors")
    options.add_argument("--slow-rows", type=int, default=100_000, help="of more, what takes minutes is left out")
    options.add_argument("--only", default="", help="a pattern of contenders' names")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=3, help="of searching, for each contender and round")
    options.add_argument("--folder", type=Path, help="a disk with room for three times the vectors")
    options.add_argument("--keep", type=Path, help="a folder to keep real embeddings in, which take some minutes")
    return options


if __name__ == "__main__":
    main()
