"""A data directory that may be read and not written: what only reads works, and the rest says one sentence."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disk.disks import Closable, OwnFolder
from tests.disk.steps import Steps
from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.project import Project
from tests.warehouse.rows import event, write

MEND = "set MIXPEEK_DATA_DIR (or MIXPEEK_WAREHOUSE) to where you may write"


@pytest.fixture
def steps(
    closable: Closable, environment: Path, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Steps]:
    """A process in a project."""
    Project(environment)
    list_videos(environment, 2)
    monkeypatch.setenv("MIXPEEK_VIDEOS", str(environment / "list.csv"))
    monkeypatch.setenv("DAGSTER_HOME", str(environment / "dagster_home"))
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("MIXPEEK_PUBLISH_SECONDS", "0")  # a disk this small has no room for a copy
    with Steps(closable) as process:
        yield process
        closable.reopen()


def list_videos(folder: Path, count: int) -> None:
    urls = "".join(f"http://videos.test/{number:03}.mp4\n" for number in range(count))
    (folder / "list.csv").write_text(f"url\n{urls}")


def land_videos(steps: Steps, count: int) -> None:
    steps.do("videos", count=count)
    for step in ("submit", "poll", "land"):
        steps.do(step)


def assert_one_sentence(said: str, closable: Closable) -> None:
    [line] = [line for line in said.splitlines() if closable.closed in line]
    assert str(closable.folder) in line
    assert line.endswith(f": {closable.closed}; {MEND}")


def test_what_is_landed_can_be_read_and_nothing_new_is_sent(
    closable: Closable, steps: Steps, environment: Path, mixpeek: ScriptedMixpeek
) -> None:
    land_videos(steps, 2)
    closable.close()
    before = len(mixpeek.asked("POST|GET /[af]"))

    code, said = steps.cli("status")
    assert code == 0
    assert said.split("\n")[0].split() == ["partition", "collection", "videos", "landed", "features", "vectors"]
    assert steps.cli("query", "SELECT 40 + count(*) AS n FROM mixpeek.vectors") == (0, " n\n42\n")
    code, said = steps.cli("run")
    assert code == 0
    assert "Nothing new to submit or fetch." in said
    code, said = steps.cli("doctor")
    assert code == 1
    assert f"FAIL data directory: {closable.folder}: {closable.closed}; set MIXPEEK_DATA_DIR" in said
    assert "1 of 9 checks failed." in said

    list_videos(environment, 3)
    code, said = steps.cli("run")
    assert code == 1
    assert_one_sentence(said, closable)
    assert len(mixpeek.asked("POST|GET /[af]")) == before

    closable.reopen()
    land_videos(steps, 3)
    assert steps.sql("SELECT count(*) FROM mixpeek.vectors") == [[3]]


def test_replies_that_wait_to_be_loaded_are_told_of_and_stay(closable: Closable, steps: Steps) -> None:
    steps.do("videos", count=2)
    landing = closable.seen_from_here / "landing" / "warehouse.duckdb"
    waiting = write(landing, "tasks", event("nobody's"))
    closable.close()

    code, said = steps.cli("status")
    assert code == 0
    assert said.startswith("Some replies are not loaded yet. ")
    assert_one_sentence(said, closable)
    assert "unsubmitted" in said
    code, said = steps.cli("run")
    assert code == 1
    assert_one_sentence(said, closable)

    assert waiting.exists()
    closable.reopen()
    assert steps.cli("status")[0] == 0
    assert not waiting.exists()


def test_without_a_warehouse_each_command_says_one_sentence(
    closable: Closable, steps: Steps, mixpeek: ScriptedMixpeek
) -> None:
    closable.close()

    for command in (["run"], ["status"], ["query", "SELECT 1"]):
        code, said = steps.cli(*command)
        assert code == 1
        assert_one_sentence(said, closable)
        assert len(said.splitlines()) == 1
    code, said = steps.cli("doctor")
    assert code == 1
    assert "2 of 9 checks failed." in said
    assert mixpeek.asked("POST") == []


def test_a_folder_that_is_closed_in_the_middle_leaves_what_was_kept_to_the_next_run(
    own_folder: OwnFolder, mixpeek: ScriptedMixpeek
) -> None:
    """A whole landing file can then not even be given its name."""
    with Steps(own_folder) as steps:
        steps.do("videos", count=10)
        steps.do("submit")
        steps.do("poll")
        mixpeek.on_request = lambda _: own_folder.close() if len(mixpeek.asked("GET /features")) == 5 else None

        assert_one_sentence(steps.fail("land"), own_folder)
        assert [file.suffix for file in own_folder.folder.glob("landing/*/vectors-*")] == [".part"]
        assert len(mixpeek.asked("GET /features")) == 10

        own_folder.reopen()
        steps.do("land")
        assert steps.sql("SELECT count(*) FROM mixpeek.vectors") == [[10]]
        assert len(mixpeek.asked("GET /features")) == 10
