"""`kill -9`, a hundred times, at random moments and in places that are named: nothing is lost, and nothing twice."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.fakes.mixpeek import Request, ScriptedMixpeek, Video, scripted_mixpeek
from tests.survival.crash_harness import run_all
from tests.survival.dying import CONCURRENCY, CONTENT, ELSEWHERE, PLACES, Project, die_over_and_over

log = logging.getLogger(__name__)

DEATHS, MOST_PROCESSES = 100, 180
NEW_VIDEOS, FEATURES = 1, 4
"""What each process finds new, so that each has something to do in every stage."""

POST, TASK, ASSET, DETAIL = "POST /ingest/", "GET /tasks/", "GET /assets/", "GET /features/"
IN_FLIGHT = {"submit": POST, "poll": TASK, "fetch assets": ASSET, "fetch features": DETAIL}
LATEST = {**dict.fromkeys(IN_FLIGHT, NEW_VIDEOS), "fetch features": NEW_VIDEOS * FEATURES}


def add_videos(project: Project[ScriptedMixpeek], first: int) -> list[str]:
    """Have the server know a few more videos; every other one is still worked on when it is first asked for."""
    urls = [f"http://videos.test/{number:04}.mp4" for number in range(first, first + NEW_VIDEOS)]
    for number, url in enumerate(urls):
        features = [project.mixpeek.feature("video", url, start_time=float(place)) for place in range(FEATURES)]
        project.mixpeek.videos[url] = Video(["PROCESSING", "DONE"][(first + number) % 2 :], {"video": features})
    return urls


@dataclass
class Story:
    """A project whose processes died a hundred times, and one with the same videos whose process did not."""

    broken: Project[ScriptedMixpeek]
    whole: Project[ScriptedMixpeek]
    urls: list[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with ExitStack() as stack:
        broken, whole = (
            Project(tmp_path_factory.mktemp(name), "assets", stack.enter_context(scripted_mixpeek()), IN_FLIGHT)
            for name in ("broken", "whole")
        )
        urls = die_over_and_over(broken, DEATHS, MOST_PROCESSES, LATEST, add_videos)
        whole.mixpeek.videos, whole.mixpeek.vectors = broken.mixpeek.videos, broken.mixpeek.vectors
        assert not whole.run(urls, target=run_all)
        yield Story(broken, whole, urls)


def test_processes_died_a_hundred_times_and_in_every_stage(story: Story) -> None:
    deaths = story.broken.deaths

    assert deaths.total() == DEATHS
    assert {stage for stage in (*IN_FLIGHT, *ELSEWHERE) if deaths[stage] < 3} == set()
    assert set(PLACES) - story.broken.places == set()


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
