"""From the first submission to vectors that can be queried: `mixpeek-assets run` on 1,000 videos, where its time goes.

The tasks are over at once, so nothing but the pipeline and the wire is measured. The bar is `first_query.png`.
"""

# pyright: reportMissingImports=false

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import dagster as dg
import duckdb

from benchmarks.pipeline.measure import show
from benchmarks.pipeline.serving import Server, serving

_PICTURE = Path(__file__).parent / "first_query.png"
_PROJECT = Path(__file__).parents[2]
_VIDEOS, _FEATURES, _CONCURRENCY = 1_000, 3, 32
_REQUESTS = _VIDEOS * (3 + _FEATURES)
_PHASES = {
    "start": "start, manifest",
    "videos": "videos",
    "tasks": "tasks (submit)",
    "poll": "poll",
    "land_results": "assets, features, vectors",
    "vectors": "vectors",
    "dagster": "Dagster between steps",
    "end": "summary, exit",
}


def main() -> None:
    """Print where the time goes at two latencies, and draw it."""
    bars = {}
    for latency in (0, 50):
        with serving(latency_ms=latency, features=_FEATURES) as server, tempfile.TemporaryDirectory() as folder:
            bars[f"{latency} ms"] = _ingest(server, Path(folder))
    least = {f"{latency} ms": _REQUESTS * latency / 1000 / _CONCURRENCY for latency in (0, 50)}
    rows = [(told, *(bar[phase] for bar in bars.values())) for phase, told in _PHASES.items()]
    rows.append(("**from start to exit**", *(sum(bar.values()) for bar in bars.values())))
    rows.append((f"{_REQUESTS:,} requests, 32 in flight, take at least", *least.values()))
    show(f"{_VIDEOS:,} videos of {_FEATURES} features, seconds by latency", ("", *bars), rows)
    _draw(bars)


def _ingest(server: Server, folder: Path) -> Mapping[str, float]:
    """Run the command in a folder of its own, and return its phases' seconds."""
    (folder / "videos.csv").write_text("url\n" + "".join(f"http://videos.test/{n}.mp4\n" for n in range(_VIDEOS)))
    home = folder / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text((_PROJECT / "dagster_home" / "dagster.yaml").read_text())
    given = {
        "DAGSTER_HOME": str(home),
        "MIXPEEK_API_URL": server.url,
        "MIXPEEK_API_KEY": "benchmark-key",
        "MIXPEEK_CONCURRENCY": str(_CONCURRENCY),
        "MIXPEEK_REQUESTS_PER_MINUTE": "0",
        "MIXPEEK_VIDEOS": "videos.csv",
        "MIXPEEK_DATA_DIR": str(folder / "data"),
    }
    command = [str(Path(sys.executable).with_name("mixpeek-assets")), "run"]
    began = time.time()
    subprocess.run(command, check=True, cwd=folder, env={**os.environ, **given}, stdout=subprocess.DEVNULL)
    ended = time.time()
    with duckdb.connect(folder / "data" / "warehouse.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM mixpeek.vectors").fetchall() == [(_VIDEOS * _FEATURES,)]
    return _phases(home, began, ended)


def _phases(home: Path, began: float, ended: float) -> Mapping[str, float]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = sorted(instance.get_run_records(), key=lambda record: record.start_time or 0)
        steps = {
            step.step_key: step.end_time - step.start_time
            for record in runs
            for step in instance.get_run_step_stats(record.dagster_run.run_id)
            if step.start_time and step.end_time
        }
    spans = [(record.start_time or 0, record.end_time or 0) for record in runs]
    waits = sum(after[0] - before[1] for before, after in pairwise(spans))
    known = {"start": spans[0][0] - began, "poll": waits, "end": ended - spans[-1][1]}
    within = sum(end - start for start, end in spans) - sum(steps.values())
    return {phase: {**steps, **known, "dagster": within}[phase] for phase in _PHASES}


def _draw(bars: Mapping[str, Mapping[str, float]]) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(10, 2.6), layout="constrained")
    for color, (phase, told) in enumerate(_PHASES.items()):
        seconds = [bar[phase] for bar in bars.values()]
        left = [sum(list(bar.values())[:color]) for bar in bars.values()]
        drawn = axes.barh(list(bars), seconds, left=left, label=told, color=f"C{color}")
        axes.bar_label(drawn, [f"{value:.1f}" if value > 0.4 else "" for value in seconds], label_type="center")
    axes.set_xlabel(f"seconds, {_VIDEOS:,} videos of {_FEATURES} features")
    axes.set_ylabel("latency")
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(_PICTURE, dpi=120)
