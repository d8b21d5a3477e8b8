"""Measuring: each contender in a process of its own, medians of several runs, tables in Markdown."""

import gc
import inspect
import multiprocessing
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Measured:
    """One run, or the median of several.

    Attributes:
        seconds: Wall time.
        cpu: Seconds of CPU, of all threads.
        megabytes: The most memory that the process had, above what it had before.
        result: What the function returned.
    """

    seconds: float
    cpu: float
    megabytes: float
    result: Any


def measured(function: Callable[..., Any], *arguments: Any, **named: Any) -> Measured:
    """Call a function in a process of its own; it and its arguments are pickled.

    Of a generator, only what comes after its first `yield` is measured: what comes before gets ready.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_measure, function, arguments, named).result()


def in_turns(contenders: Mapping[str, Callable[[], Measured]], runs: int = 3) -> Mapping[str, Measured]:
    """Measure each several times, one after the other and again: what slows the machine for a minute slows all."""
    rounds = [{name: measure() for name, measure in contenders.items()} for _ in range(runs)]
    return {name: middle([found[name] for found in rounds]) for name in contenders}


def middle(each: Sequence[Measured]) -> Measured:
    """Return the medians of several runs."""
    return Measured(
        statistics.median(run.seconds for run in each),
        statistics.median(run.cpu for run in each),
        statistics.median(run.megabytes for run in each),
        each[-1].result,
    )


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    table = Table(*columns, box=box.MARKDOWN)
    for row in rows:
        table.add_row(
            *(f"{cell:,.3g}" if isinstance(cell, float) and abs(cell) < 100 else _whole(cell) for cell in row)
        )
    console = Console(width=200)
    console.print(f"\n**{title}**\n", markup=False, highlight=False)
    console.print(table)


def _whole(cell: object) -> str:
    return f"{cell:,.0f}" if isinstance(cell, float | int) and not isinstance(cell, bool) else str(cell)


def _measure(function: Callable[..., Any], arguments: Sequence[Any], named: dict[str, Any]) -> Measured:
    work = function
    if inspect.isgeneratorfunction(function):
        ready = function(*arguments, **named)
        next(ready)
        work, arguments, named = _finish, (ready,), {}
    gc.collect()
    before, cpu, start = _forget_peak(), time.process_time(), time.perf_counter()
    result = work(*arguments, **named)
    seconds = time.perf_counter() - start
    return Measured(seconds, time.process_time() - cpu, (_peak() - before) / 1e6, result)


def _finish(ready: Generator[Any, None, Any]) -> Any:
    try:
        next(ready)
    except StopIteration as end:
        return end.value
    raise TypeError("it yields more than once")


def _forget_peak() -> float:
    """Count the peak from now on, where the system can, and return the memory in use, in bytes."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> float:
    if sys.platform == "linux":
        (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        return int(kilobytes) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
