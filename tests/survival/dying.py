"""Processes that die at work on a project, where and when a test says, and what their project holds in the end."""

import logging
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Generic, TypeVar

import duckdb

from mixpeek_assets.api.port import Style
from tests.fakes.commands import forked
from tests.fakes.scripted import KEY, Request, Scripted
from tests.survival.crash_harness import Death, run_in_small_steps

Api = TypeVar("Api", bound=Scripted)

log = logging.getLogger(__name__)

CONCURRENCY = 4
PLACES = (
    Death("spool", "half a line"),
    Death("spool", "audit", "fcntl.flock", ".part"),
    Death("spool", "audit", "os.rename", ".part"),
    Death("load", "audit", "open", "load_tasks.sql"),
    Death("load", "audit", "open", "load_assets.sql"),
    Death("load", "audit", "open", "load_vectors.sql"),
    Death("load", "audit", "os.remove", ".ndjson"),
    Death("commit", "write-ahead log"),
    Death("commit", "write-ahead log"),
)
ELSEWHERE = ("random", "spool", "load", "commit")
"""Where else processes die than in flight."""


@dataclass
class Project(Generic[Api]):
    """A folder, the server that it works with, and what came to pass.

    Attributes:
        style: Which style of the API the server speaks.
        in_flight: For each stage that waits for an answer, what it asks for.
        starts: How many requests had come when each process began.
    """

    folder: Path
    style: Style
    mixpeek: Api
    in_flight: Mapping[str, str]
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    starts: list[int] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    places: set[Death] = field(default_factory=set)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.folder / "data" / "warehouse.duckdb", read_only=True) as connection:
            return connection.execute(query).fetchall()

    def run(
        self,
        urls: list[str],
        death: Death | None = None,
        *,
        seconds: float = 60,
        target: Callable[..., None] = run_in_small_steps,
    ) -> bool:
        """Have a process do all that is to be done for these videos; say whether it died before it was done."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("MIXPEEK_", "DAGSTER_"))
        }
        environment |= {
            "MIXPEEK_API_URL": self.mixpeek.url,
            "MIXPEEK_API_KEY": KEY,
            "MIXPEEK_API_STYLE": self.style,
            "MIXPEEK_REQUESTS_PER_MINUTE": "0",
            "MIXPEEK_CONCURRENCY": str(CONCURRENCY),
        }
        self.starts.append(len(self.mixpeek.requests))
        process = forked(target, self.folder, environment, self.began, urls, death)
        if death is not None and death.stage in self.in_flight:
            self.mixpeek.on_request = killer(process.kill, self.in_flight[death.stage], death.at)
        process.start()
        process.join(seconds)
        process.kill()
        process.join(10)
        time.sleep(0.01)  # what it had sent has arrived
        self.mixpeek.on_request = None
        assert process.exitcode in {0, -9}
        if process.exitcode == 0:
            return False
        self.deaths["random" if death is None else death.stage] += 1
        if death is not None:
            self.places.add(replace(death, at=1))
        return True


def killer(kill: Callable[[], object], pattern: str, at: int) -> Callable[[Request], None]:
    """Return what kills a process while the `at`-th request of a kind is in flight."""
    counted = count(1)

    def watch(request: Request) -> None:
        if re.match(pattern, f"{request.method} {request.path}") and next(counted) == at:
            kill()

    return watch


def deaths_to_die(chance: random.Random, latest: Mapping[str, int]) -> Iterator[Death | None]:
    """Yield every named death and some at random moments (None), over and over, in ever new orders.

    Args:
        chance: Of the orders, and of when.
        latest: For each stage that waits for an answer, at which request of a process at the latest.
    """
    while True:
        in_flight = [Death(stage, "audit", at=chance.randint(1, most)) for stage, most in latest.items()]
        named = [place if place.event == "open" else replace(place, at=chance.randint(1, 6)) for place in PLACES]
        deaths: list[Death | None] = [*in_flight, *named, None, None, None]
        chance.shuffle(deaths)
        yield from deaths


def die_over_and_over(
    project: Project[Api],
    times: int,
    most_processes: int,
    latest: Mapping[str, int],
    add_videos: Callable[[Project[Api], int], list[str]],
) -> list[str]:
    """Have processes work and die so many times, and one that does the rest; return all that was to be done.

    Args:
        project: Theirs.
        times: How many of them die.
        most_processes: How many there are at most, since a death may not come to pass.
        latest: As `deaths_to_die` takes it.
        add_videos: Has the server know what each process finds new; it is called with how many videos there are.
    """
    chance, urls, began = random.Random(26), list[str](), time.monotonic()
    for death in deaths_to_die(chance, latest):
        urls += add_videos(project, len(urls))
        seconds = chance.uniform(0.05, 0.8) if death is None else 60
        if project.run(urls, death, seconds=seconds) and (project.folder / "data" / "warehouse.duckdb").exists():
            project.sql("SELECT count(*) FROM duckdb_tables()")
        if project.deaths.total() >= times or len(project.starts) >= most_processes:
            break
    assert not project.run(urls, seconds=300)
    log.info("%d processes in %.0f s: %s", len(project.starts), time.monotonic() - began, dict(project.deaths))
    return urls


CONTENT = {
    "videos": "SELECT url, collection, metadata FROM mixpeek.videos",
    "tasks": """
        SELECT video.url, task.status, task.state, task.landed_at IS NOT NULL
        FROM mixpeek.tasks AS task JOIN mixpeek.videos AS video USING (video_id)
        WHERE task.state != 'lost'
    """,
    "assets": """
        SELECT video.url, asset.status, asset.feature_count
        FROM mixpeek.assets AS asset JOIN mixpeek.videos AS video USING (video_id)
    """,
    "features": """
        SELECT video.url, feature.feature_id, feature.modality, feature.start_time, feature.created_at, feature.payload
        FROM mixpeek.features AS feature JOIN mixpeek.videos AS video USING (video_id)
    """,
    "vectors": """
        SELECT video.url, vector.feature_id, vector.vector_name, vector.modality, vector.dimensions, vector.embedding
        FROM mixpeek.vectors AS vector JOIN mixpeek.videos AS video USING (video_id)
    """,
    "rejects": "SELECT * FROM mixpeek.rejects",
}
