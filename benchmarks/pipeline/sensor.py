"""A tick of the task sensor: what it takes of its own, and whether it asks for the right tasks in the right order."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from benchmarks.pipeline.home import dagster_home
from benchmarks.pipeline.measure import measured, show
from benchmarks.pipeline.serving import Server, serving
from benchmarks.pipeline.world import file_of, fill, warehouse_in
from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.port import TaskReply
from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse

_LATENCY_MS, _HANGS_MS, _CONCURRENCY = 50, 600_000, 32
_A_DAY = 100
_MOST = 10_000
"""So many requests a tick sends at most."""
_SQL = (Path(__file__).parent / "open_tasks.sql").read_text()


@dataclass(frozen=True)
class Case:
    """What a tick finds: open tasks, whether they are due, whether they are over, and a server that may hang.

    Requests may be limited to so many a minute.
    """

    tasks: int
    due: bool = True
    over: bool = False
    hangs: bool = False
    per_minute: int = 0

    @property
    def fit(self) -> int:
        """How many requests there is time for in 25 seconds: each 10, a sixth of a budget, or a time-out of all."""
        every_ten_seconds = self.per_minute // 6 if self.per_minute else _CONCURRENCY if self.hangs else _MOST
        return min(self.tasks if self.due else 0, every_ten_seconds * 3, _MOST)


_CASES = (
    Case(100),
    Case(10_000),
    Case(100_000),
    Case(100_000, due=False),
    Case(10_000, over=True),
    Case(10_000, per_minute=60),
    Case(10_000, hangs=True),
)


def main() -> None:
    """Tick once over each warehouse."""
    rows = []
    for case in _CASES:
        latency_ms = _HANGS_MS if case.hangs else _LATENCY_MS
        with serving(latency_ms=latency_ms, settled=case.over) as server, opened(case, server) as folder:
            tick, local = measured(timed_tick, folder, case, server.url).result
            told = server.told()["polled"]
            longest_waiting = due_order(folder)
        rows.append(
            [
                f"{case.tasks:,}",
                f"{case.tasks if case.due else 0:,}",
                "nothing is heard" if case.hangs else "all" if case.over else "none",
                case.per_minute or "any",
                tick,
                local,
                len(told),
                case.fit,
                out_of_order(told, longest_waiting),
                len(set(longest_waiting[: len(told)]) - set(told)),
            ]
        )
    goals = ["", "", "", "goal:", "< 45", "< 1", "what fits", "", "~ in flight", "0"]
    columns = [
        "open",
        "due",
        "found over",
        "a minute",
        "tick, s",
        "local, s",
        "requests",
        "fit",
        "out of order by",
        "skipped",
    ]
    show("A tick of the task sensor, server at 50 ms, 32 in flight", columns, [*rows, goals])


@contextmanager
def opened(case: Case, server: Server) -> Iterator[Path]:
    """Yield a folder with a warehouse whose tasks are open; the environment names it, and the server."""
    with tempfile.TemporaryDirectory(prefix="mixpeek-bench-") as name:
        folder = Path(name)
        warehouse = warehouse_in(folder)
        fill(warehouse, case.tasks, a_day=_A_DAY)
        with warehouse.database.transaction() as connection:
            connection.execute(_SQL, {"api": server.url, "due": case.due})
            # In what order they are to be asked for.
            connection.execute(
                "CREATE TABLE main.due AS SELECT split_part(task_id, '-', 2)::INTEGER AS number, next_poll_at"
                " FROM mixpeek.tasks WHERE next_poll_at < now()"
            )
        yield folder


def timed_tick(folder: Path, case: Case, url: str) -> tuple[float, float]:
    """Return the seconds of a tick, and of those in which no request was under way; imports are over before."""
    os.environ |= {
        "MIXPEEK_DATA_DIR": str(folder),
        "MIXPEEK_API_URL": url,
        "MIXPEEK_API_KEY": "benchmark",
        "MIXPEEK_REQUESTS_PER_MINUTE": str(case.per_minute),
        "MIXPEEK_CONCURRENCY": str(_CONCURRENCY),
    }
    with dagster_home(), dg.DagsterInstance.get() as instance, tempfile.TemporaryDirectory() as empty:
        _tick(instance, warehouse_in(Path(empty)))
        under_way = _watched()
        start = time.perf_counter()
        _tick(instance, warehouse_in(folder))
        seconds = time.perf_counter() - start
    return seconds, seconds - (max(under_way) - min(under_way) if under_way else 0)


def due_order(folder: Path) -> list[int]:
    """Return the numbers of the tasks in the order in which they became due."""
    with warehouse_in(folder).database.connection(read_only=True) as connection:
        return [
            number for (number,) in connection.execute("SELECT number FROM main.due ORDER BY next_poll_at").fetchall()
        ]


def out_of_order(told: list[int], expected: list[int]) -> int:
    """Return by how many places a request was earlier or later than its turn, at most; threads race for some."""
    place = {number: at for at, number in enumerate(expected)}
    return max((abs(place[number] - at) for at, number in enumerate(told)), default=0)


def _watched() -> list[float]:
    """Note when requests are sent and answered, from now on; this process is ours alone."""
    moments: list[float] = []
    get_task = AssetsClient.get_task

    def noted(self: AssetsClient, task_id: str) -> TaskReply:
        moments.append(time.perf_counter())
        try:
            return get_task(self, task_id)
        finally:
            moments.append(time.perf_counter())

    AssetsClient.get_task = noted
    return moments


def _tick(instance: dg.DagsterInstance, warehouse: Warehouse) -> None:
    settings, repository = load_settings(), defs().get_repository_def()
    resources = {
        "mixpeek": MixpeekResource(settings=settings),
        "warehouse": WarehouseResource(database=str(file_of(warehouse)), settings=settings),
    }
    with dg.build_sensor_context(instance=instance, resources=resources, repository_def=repository) as context:
        repository.get_sensor_def("task_status_sensor").evaluate_tick(context)
