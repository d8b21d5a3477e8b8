"""A disk that is full at one stage or another: a clear sentence, nothing lost, and the next run goes on."""

import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.disk.conftest import CONCURRENCY
from tests.disk.disks import Disk, Tmpfs
from tests.disk.steps import Steps, list_features
from tests.fakes.mixpeek import Request, ScriptedMixpeek, Video
from tests.fakes.project import SCRIPT, Project

POST, LIST, DETAIL = "POST /ingest", "GET /assets/", "GET /features/"
VIDEOS = 24  # more than the intents of one wave


def full_at(mixpeek: ScriptedMixpeek, pattern: str, times: int, fill: Callable[[], None]) -> None:
    """Fill the disk when so many requests of a kind have come, before the last of them is answered."""
    seen = 0

    def count(request: Request) -> None:
        nonlocal seen
        if re.search(pattern, f"{request.method} {request.path}"):
            seen += 1
            if seen == times:
                fill()

    mixpeek.on_request = count


def assert_clear(sentence: str, disk: Disk) -> None:
    assert str(disk.folder) in sentence
    assert f": {disk.full}; make room on that disk and run again" in sentence
    assert "what was fetched is kept, and the next run goes on from there" in sentence


def settle(steps: Steps, mixpeek: ScriptedMixpeek, videos: int, features: int, *, poll: bool = True) -> None:
    """Submit videos, and see their tasks over."""
    list_features(mixpeek, videos, features)
    steps.do("videos", count=videos)
    steps.do("submit")
    if poll:
        assert steps.do("poll") == videos


def sent(mixpeek: ScriptedMixpeek) -> Counter[str]:
    return Counter(request.body["url"] for request in mixpeek.asked(POST))


def assert_all_landed(steps: Steps, videos: int, features: int) -> None:
    """See the truth in the tables: each video with one task, each feature with its vector, and no problem."""
    alive = "SELECT video_id, count(*) FILTER (state IN ('open', 'done')) FROM mixpeek.tasks GROUP BY ALL"
    assert Counter(count for _, count in steps.sql(alive)) == {1: videos}
    landed = "SELECT count(*), count(*) FILTER (landed_at IS NOT NULL) FROM mixpeek.tasks WHERE state = 'done'"
    assert steps.sql(landed) == [[videos, videos]]
    for table, rows in {"assets": videos, "features": features, "vectors": features, "rejects": 0}.items():
        assert steps.sql(f"SELECT count(*) FROM mixpeek.{table}") == [[rows]], table
    assert steps.sql("FROM mixpeek_internal.loaded_files") == []


def test_a_full_disk_before_the_intents_lets_no_submission_leave(
    disk: Disk, steps: Steps, mixpeek: ScriptedMixpeek
) -> None:
    steps.do("videos", count=VIDEOS)
    disk.fill()

    assert_clear(steps.fail("submit"), disk)
    assert mixpeek.requests == []
    assert steps.sql("FROM mixpeek.tasks") == []

    disk.make_room()
    assert steps.do("submit") == VIDEOS
    assert steps.do("poll") == VIDEOS
    steps.do("land")
    assert_all_landed(steps, VIDEOS, VIDEOS)
    assert set(sent(mixpeek).values()) == {1}


def test_a_disk_that_fills_up_while_answers_come_stops_before_the_next_wave_and_loses_no_answer(
    each_disk: Disk, mixpeek: ScriptedMixpeek
) -> None:
    disk = each_disk
    with Steps(disk) as steps:
        fill_up_while_answers_come(disk, steps, mixpeek)


def fill_up_while_answers_come(disk: Disk, steps: Steps, mixpeek: ScriptedMixpeek) -> None:
    steps.do("videos", count=VIDEOS)
    full_at(mixpeek, POST, 3, disk.fill)

    assert_clear(steps.fail("submit"), disk)
    before = len(mixpeek.asked(POST))
    assert before <= 4 * CONCURRENCY, "what left belongs to the wave whose answers had their room"
    assert_clear(steps.fail("submit"), disk)
    assert len(mixpeek.asked(POST)) == before

    disk.make_room()
    mixpeek.on_request = None
    for step in ("submit", "poll", "land"):
        steps.do(step)
    assert_all_landed(steps, VIDEOS, VIDEOS)
    twice = {url for url, times in sent(mixpeek).items() if times > 1}
    if disk.keeps_what_is_reserved:
        assert twice == set()
    else:
        assert 0 < len(twice) <= 2 * CONCURRENCY
    lost = "SELECT url FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id) WHERE state = 'lost'"
    assert twice <= {url for (url,) in steps.sql(lost)}
    again = [request.body for request in mixpeek.asked(POST)[before:] if request.body["url"] in twice]
    assert [body["skip_duplicate"] for body in again] == [True] * len(twice)


def test_a_disk_that_fills_up_while_replies_are_kept_fetches_only_those_again_that_it_could_not_keep(
    disk: Disk, steps: Steps, mixpeek: ScriptedMixpeek
) -> None:
    settle(steps, mixpeek, videos=3, features=20)
    full_at(mixpeek, DETAIL, 30, disk.fill)

    assert_clear(steps.fail("land"), disk)
    before = len(mixpeek.asked(DETAIL))
    assert before <= 30 + 2 * CONCURRENCY
    assert_clear(steps.fail("land"), disk)
    assert len(mixpeek.requests) == sum(len(mixpeek.asked(kind)) for kind in (POST, LIST, DETAIL, "GET /tasks/"))
    assert len(mixpeek.asked(DETAIL)) == before, "what waits to be loaded comes first"

    disk.make_room()
    steps.do("land")
    assert_all_landed(steps, 3, 60)
    assert len(mixpeek.asked(LIST)) == 3
    assert len(mixpeek.asked(DETAIL)) <= 60 + 2 * CONCURRENCY


def test_a_disk_that_is_full_when_replies_are_loaded_keeps_them_for_the_next_run(
    disk: Disk, steps: Steps, mixpeek: ScriptedMixpeek
) -> None:
    settle(steps, mixpeek, videos=2, features=30)
    full_at(mixpeek, DETAIL, 50, steps.kill)
    steps.begin("land")
    steps.wait()

    with Steps(disk) as others:
        disk.fill()
        before = len(mixpeek.requests)
        assert_clear(others.fail("land"), disk)
        assert_clear(others.fail("submit"), disk)
        assert len(mixpeek.requests) == before
        assert others.sql("SELECT count(*) FROM mixpeek.vectors") == [[0]]

        disk.make_room()
        others.do("land")
        assert_all_landed(others, 2, 60)
    assert len(mixpeek.asked(DETAIL)) <= 60 + CONCURRENCY


def test_a_disk_on_which_the_duckdb_file_cannot_grow_takes_a_small_load_all_the_same(
    disk: Disk, steps: Steps, mixpeek: ScriptedMixpeek
) -> None:
    settle(steps, mixpeek, videos=2, features=1, poll=False)
    disk.fill(leave=64 << 10)

    assert steps.do("poll") == 2

    log = disk.seen_from_here / "warehouse.duckdb.wal"
    assert log.stat().st_size > 0, "it could be checkpointed, so this test shows nothing"
    assert steps.sql("SELECT state, polls FROM mixpeek.tasks") == [["done", 1]] * 2
    disk.make_room()
    steps.do("land")
    assert not log.exists()
    assert_all_landed(steps, 2, 2)


def test_a_load_whose_checkpoint_fails_counts_once_whether_it_was_committed_or_not(
    disk: Disk, steps: Steps, mixpeek: ScriptedMixpeek
) -> None:
    mixpeek.videos["http://videos.test/000.mp4"] = Video(statuses=["PROCESSING"])
    steps.do("videos", count=1)
    steps.do("submit")
    steps.do("checkpoint at every commit")
    disk.fill(leave=64 << 10)

    assert_clear(steps.fail("poll"), disk)
    assert_clear(steps.fail("poll"), disk)
    assert len(mixpeek.asked("GET /tasks/")) == 1

    disk.make_room()
    steps.do("land")
    assert steps.sql("SELECT state, polls FROM mixpeek.tasks") == [["open", 1]]
    assert not list(disk.seen_from_here.rglob("*.ndjson"))


def test_a_full_disk_is_told_of_where_the_budget_of_requests_is_kept(
    disk: Disk, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "6000")
    with Steps(disk) as steps:
        settle(steps, mixpeek, videos=1, features=1, poll=False)
        disk.fill()
        before = len(mixpeek.requests)
        sentence = steps.fail("poll")
        assert str(disk.folder / "rate_limit") in sentence
        assert "nothing was sent" in sentence
        assert len(mixpeek.requests) == before
        disk.make_room()
        steps.do("poll")
        steps.do("land")
        assert_all_landed(steps, 1, 1)


def test_run_into_a_full_disk_says_one_sentence_and_the_next_run_ends_at_the_truth(
    tmpfs: Tmpfs, environment: Path, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project(environment)  # Dagster's home is on another disk
    list_features(mixpeek, videos=3, features=5)
    (environment / "list.csv").write_text("\n".join(["url", *mixpeek.videos]))
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")

    def run() -> subprocess.CompletedProcess[str]:
        command = tmpfs.command(str(SCRIPT), "run")
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)

    full_at(mixpeek, DETAIL, 7, tmpfs.fill)
    stopped = run()
    assert stopped.returncode == 1
    assert "Traceback" not in stopped.stdout + stopped.stderr
    [sentence] = stopped.stderr.splitlines()
    assert_clear(sentence, tmpfs)

    before = len(mixpeek.requests)
    with Steps(tmpfs) as steps:
        code, said = steps.cli("status")
        assert code == 0
        assert_clear(said, tmpfs)
        assert "to land" in said
        assert len(mixpeek.requests) == before

        tmpfs.make_room()
        ended = run()
        assert ended.returncode == 0, ended.stderr
        assert_all_landed(steps, 3, 15)
    assert len(mixpeek.asked(POST)) == len(mixpeek.asked(LIST)) == 3
    assert len(mixpeek.asked(DETAIL)) <= 15 + 2 * CONCURRENCY
