"""`kill -9`, a hundred times, at random moments and in places that are named: nothing is lost, and nothing twice."""

import logging
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.fakes.commands import forked
from tests.fakes.mixpeek import KEY, Request, ScriptedMixpeek, Video, scripted_mixpeek
from tests.survival.crash_harness import Death, run_all, run_in_small_steps

log = logging.getLogger(__name__)

DEATHS, MOST_PROCESSES = 100, 180
NEW_VIDEOS, FEATURES = 1, 4
"""What each process finds new, so that each has something to do in every stage."""

CONCURRENCY = 4
POST, TASK, ASSET, DETAIL = "POST /ingest/", "GET /tasks/", "GET /assets/", "GET /features/"
IN_FLIGHT = {"submit": POST, "poll": TASK, "fetch assets": ASSET, "fetch features": DETAIL}
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
STAGES = (*IN_FLIGHT, "spool", "load", "commit")


@dataclass
class Project:
    """A folder, the server that it works with, and what came to pass."""

    folder: Path
    mixpeek: ScriptedMixpeek
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    starts: list[int] = field(default_factory=list)
    """How many requests had come when each process began."""

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
            "MIXPEEK_REQUESTS_PER_MINUTE": "0",
            "MIXPEEK_CONCURRENCY": str(CONCURRENCY),
        }
        self.starts.append(len(self.mixpeek.requests))
        process = forked(target, self.folder, environment, self.began, urls, death)
        if death is not None and death.stage in IN_FLIGHT:
            self.mixpeek.on_request = killer(process.kill, IN_FLIGHT[death.stage], death.at)
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


def deaths_to_die(chance: random.Random) -> Iterator[Death | None]:
    """Yield every named death and some at random moments (None), over and over, in ever new orders."""
    latest = {POST: NEW_VIDEOS, TASK: NEW_VIDEOS, ASSET: NEW_VIDEOS, DETAIL: NEW_VIDEOS * FEATURES}
    while True:
        in_flight = [Death(stage, "audit", at=chance.randint(1, latest[call])) for stage, call in IN_FLIGHT.items()]
        named = [place if place.event == "open" else replace(place, at=chance.randint(1, 6)) for place in PLACES]
        deaths: list[Death | None] = [*in_flight, *named, None, None, None]
        chance.shuffle(deaths)
        yield from deaths


def add_videos(project: Project, first: int) -> list[str]:
    """Have the server know a few more videos; every other one is still worked on when it is first asked for."""
    urls = [f"http://videos.test/{number:04}.mp4" for number in range(first, first + NEW_VIDEOS)]
    for number, url in enumerate(urls):
        features = [project.mixpeek.feature("video", url, start_time=float(place)) for place in range(FEATURES)]
        project.mixpeek.videos[url] = Video(["PROCESSING", "DONE"][(first + number) % 2 :], {"video": features})
    return urls


@dataclass
class Story:
    """A project whose processes died a hundred times, and one with the same videos whose process did not."""

    broken: Project
    whole: Project
    urls: list[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with ExitStack() as stack:
        broken, whole = (
            Project(tmp_path_factory.mktemp(name), stack.enter_context(scripted_mixpeek()))
            for name in ("broken", "whole")
        )
        chance = random.Random(26)
        urls: list[str] = []
        began = time.monotonic()
        for death in deaths_to_die(chance):
            urls += add_videos(broken, len(urls))
            seconds = chance.uniform(0.05, 0.8) if death is None else 60
            if broken.run(urls, death, seconds=seconds) and (broken.folder / "data" / "warehouse.duckdb").exists():
                broken.sql("SELECT count(*) FROM duckdb_tables()")
            if broken.deaths.total() >= DEATHS or len(broken.starts) >= MOST_PROCESSES:
                break
        assert not broken.run(urls, seconds=300)
        log.info("%d processes in %.0f s", len(broken.starts), time.monotonic() - began)
        whole.mixpeek.videos, whole.mixpeek.vectors = broken.mixpeek.videos, broken.mixpeek.vectors
        assert not whole.run(urls, target=run_all)
        yield Story(broken, whole, urls)


def test_processes_died_a_hundred_times_and_in_every_stage(story: Story) -> None:
    deaths = story.broken.deaths
    log.info("deaths: %s", dict(deaths))

    assert deaths.total() == DEATHS
    assert {stage for stage in (*STAGES, "random") if deaths[stage] < 3} == set()
    assert set(PLACES) - story.broken.places == set()


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


@pytest.mark.parametrize("table", CONTENT)
def test_each_table_holds_what_that_of_an_unbroken_run_holds(table: str, story: Story) -> None:
    broken, whole = (project.sql(f"{CONTENT[table]} ORDER BY ALL") for project in (story.broken, story.whole))

    assert broken == whole
    rows = {"features": FEATURES, "vectors": FEATURES, "rejects": 0}.get(table, 1)
    assert len(whole) == len(story.urls) * rows


def test_every_answer_that_was_lost_is_an_attempt_and_no_video_is_sent_again_unknowingly(story: Story) -> None:
    attempts = dict(
        story.broken.sql(
            "SELECT video.url, list(task.state ORDER BY task.attempt)"
            " FROM mixpeek.tasks AS task JOIN mixpeek.videos AS video USING (video_id) GROUP BY ALL"
        )
    )
    sent = story.broken.mixpeek.asked(POST)
    times = Counter(request.body["url"] for request in sent)

    assert all(states == ["lost"] * (len(states) - 1) + ["done"] for states in attempts.values())
    # An attempt may have died before it left.
    assert all(1 <= times[url] <= len(attempts[url]) for url in story.urls)
    assert max(times.values()) > 1, "an answer was lost"
    seen = set[str]()
    for request in sent:
        assert request.body["url"] not in seen or request.body["skip_duplicate"] is True
        seen.add(request.body["url"])


def test_nothing_is_asked_for_again_but_what_was_in_flight_when_a_process_died(story: Story) -> None:
    broken, whole = story.broken, story.whole
    again = Counter[int]()
    left = Counter(about(request) for request in broken.mixpeek.requests if about(request))
    for number, request in enumerate(broken.mixpeek.requests):
        if what := about(request):
            left[what] -= 1
            if left[what]:
                again[sum(start <= number for start in broken.starts)] += 1
    polls_kept = broken.sql("SELECT sum(polls) FROM mixpeek.tasks")[0][0]
    polls_lost = len(broken.mixpeek.asked(TASK)) - polls_kept
    log.info(
        "requests: %d unbroken, %d broken; asked for again: %d, at most %d after one death; polls lost: %d",
        len(whole.mixpeek.requests),
        len(broken.mixpeek.requests),
        again.total(),
        max(again.values()),
        polls_lost,
    )

    assert max(again.values()) <= CONCURRENCY
    assert 0 <= polls_lost <= CONCURRENCY * DEATHS
    assert len(broken.mixpeek.requests) <= len(whole.mixpeek.requests) + again.total() + polls_lost


def about(request: Request) -> str:
    """What a request is about that is asked for once; nothing for the status of a task."""
    call = f"{request.method} {request.path}"
    if call.startswith(TASK):
        return ""
    return request.body["url"] if call.startswith(POST) else call


def test_no_landing_file_is_left_and_none_was_loaded_twice(story: Story) -> None:
    landing = story.broken.folder / "data" / "landing" / "warehouse.duckdb"
    assert [path.name for path in landing.iterdir()] == ["locks"]
    assert story.broken.sql("SELECT * FROM mixpeek_internal.loaded_files") == []

    asked = Counter(request.path.removeprefix("/tasks/") for request in story.broken.mixpeek.asked(TASK))
    polls = dict(story.broken.sql("SELECT task_id, polls FROM mixpeek.tasks WHERE state = 'done'"))
    assert [task_id for task_id in polls if polls[task_id] > asked[task_id]] == []
    assert story.broken.sql(
        "SELECT count(*), count(DISTINCT (feature_id, vector_name)) FROM mixpeek.vectors"
    ) == story.whole.sql("SELECT count(*), count(*) FROM mixpeek.vectors")
