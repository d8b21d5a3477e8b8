"""Two machines on one lake, whose landing files are each its own: a disk that is lost, and one that comes back late."""

import os
import signal
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.services import PostgresServer
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import load_settings
from tests.fakes import pipeline
from tests.fakes.commands import enter, forked
from tests.fakes.mixpeek import ScriptedMixpeek, Video
from tests.survival.dying import CONTENT
from tests.survival.paused_server import paused
from tests.warehouse.processes import until
from tests.warehouse.rows import feature_reply, write

DETAIL, POST = "GET /features/", "POST /ingest/"
URLS = [f"http://videos.test/{number}.mp4" for number in range(2)]


@pytest.fixture(autouse=True)
def lake(
    environment: Path, postgres: PostgresServer, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lake for all machines of a test, and a server with two videos of three features each."""
    for url in URLS:
        features = [mixpeek.feature("video", url, start_time=float(place)) for place in range(3)]
        mixpeek.videos[url] = Video(features={"video": features})
    monkeypatch.setenv("MIXPEEK_CLUSTER", postgres.make_database(f"disks_{uuid.uuid4().hex}"))
    monkeypatch.setenv("MIXPEEK_LAKE", str(environment / "lake"))


@contextmanager
def on(machine: str) -> Iterator[Path]:
    """Be on a machine: its disk is a folder of its own; yield its landing folder."""
    disk = Path.cwd() / machine
    disk.mkdir(exist_ok=True)
    os.environ["MIXPEEK_DATA_DIR"] = str(disk / "data")
    yield open_warehouse(load_settings()).landing_folder


def content() -> dict[str, list[tuple[Any, ...]]]:
    """What the tables hold, whenever it was loaded."""
    with open_warehouse(load_settings()).database.connection(read_only=True) as connection:
        return {table: sorted(connection.execute(query).fetchall(), key=str) for table, query in CONTENT.items()}


def fetched(mixpeek: ScriptedMixpeek) -> Counter[int]:
    """How many features were fetched so many times."""
    return Counter(Counter(request.path for request in mixpeek.asked(DETAIL)).values())


def _land(folder: Path, environment: dict[str, str]) -> None:
    enter(folder, environment)
    pipeline.land()


def _submit(folder: Path, environment: dict[str, str]) -> None:
    enter(folder, environment)
    pipeline.submit()


def _load_and_die(folder: Path, environment: dict[str, str], file: Path) -> None:
    """Load, and die where the rows are committed and the landing file is about to go."""
    enter(folder, environment)

    def kill(happening: str, details: tuple[Any, ...]) -> None:
        if happening == "os.remove" and str(details[0]) == str(file):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)
    open_warehouse(load_settings()).load_pending()


def lines(landing: Path, pattern: str) -> int:
    return sum(file.read_bytes().count(b"\n") for file in landing.glob(pattern))


def die_while_it_fetches(mixpeek: ScriptedMixpeek, landing: Path) -> None:
    """Have a process of this machine land, and die once it has some vectors on its disk."""
    with paused(mixpeek, f"{DETAIL}{last_feature(mixpeek)}") as detail:
        process = forked(_land, Path.cwd(), dict(os.environ))
        process.start()
        detail.wait()
        until(lambda: lines(landing, "vectors-*.part") == 5)
        process.kill()
        process.join(20)


def last_feature(mixpeek: ScriptedMixpeek) -> str:
    return list(mixpeek.vectors)[-1]


def submitted_and_done() -> None:
    pipeline.add_videos(URLS)
    pipeline.submit()
    pipeline.poll()


def test_a_lost_disk_costs_only_what_it_had_not_loaded(mixpeek: ScriptedMixpeek) -> None:
    with on("lost") as landing:
        submitted_and_done()
        die_while_it_fetches(mixpeek, landing)
    with on("other"):
        pipeline.land()

    assert len(mixpeek.asked(POST)) == 2
    assert len(mixpeek.asked("GET /assets/")) == 2, "what was loaded is not fetched again"
    assert fetched(mixpeek) == {2: 6}
    assert len(content()["vectors"]) == 6


def test_a_machine_that_comes_back_late_loads_what_others_have_fetched_since_and_changes_nothing(
    mixpeek: ScriptedMixpeek,
) -> None:
    with on("late") as landing:
        submitted_and_done()
        die_while_it_fetches(mixpeek, landing)
    with on("other"):
        pipeline.land()
        before = content()

    with on("late") as landing:
        assert open_warehouse(load_settings()).load_pending().files == 1
        assert not list(landing.glob("*-*.*"))
    assert content() == before
    assert fetched(mixpeek) == {2: 6}


def test_an_answer_that_comes_back_late_reopens_no_task_that_was_given_up(mixpeek: ScriptedMixpeek) -> None:
    with on("late") as landing, paused(mixpeek, POST) as second:
        pipeline.add_videos(URLS)
        mixpeek.on_request, hold = None, mixpeek.on_request
        mixpeek.on_request = lambda request: hold(request) if hold and request.body["url"] == URLS[1] else None
        process = forked(_submit, Path.cwd(), dict(os.environ))
        process.start()
        second.wait()
        until(lambda: lines(landing, "tasks-*.part") == 1)
        process.kill()
        process.join(20)
    with on("other"):
        pipeline.submit()
        pipeline.poll()
        pipeline.land()
        before = content()

    with on("late"):
        assert open_warehouse(load_settings()).load_pending().files == 1
    assert content() == before
    posts = [(request.body["url"], request.body.get("skip_duplicate")) for request in mixpeek.asked(POST)]
    assert sorted(posts, key=str) == sorted([(url, again) for url in URLS for again in (None, True)], key=str)


def test_a_file_that_was_loaded_by_a_machine_that_died_is_not_loaded_again_whatever_others_load_meanwhile() -> None:
    with on("dead") as landing:
        file = write(landing, "vectors", feature_reply("f1", {"clip": [1.0]}))
        process = forked(_load_and_die, Path.cwd(), dict(os.environ), file)
        process.start()
        process.join(60)
        assert file.exists()
    with on("other") as elsewhere:
        write(elsewhere, "vectors", feature_reply("f2", {"clip": [2.0]}))
        assert open_warehouse(load_settings()).load_pending().files == 1

    with on("dead"):
        assert open_warehouse(load_settings()).load_pending().files == 0
    assert not file.exists()
