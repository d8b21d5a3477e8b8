"""Dagster's home on a disk that is full or may not be written: one sentence names it, and what landed stays."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.disk.disks import Tmpfs, small_tmpfs, why_no_tmpfs
from tests.disk.steps import list_features
from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.project import SCRIPT, Project


@pytest.fixture
def home(environment: Path, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tmpfs]:
    """A small disk with the home of a project whose manifest names two videos."""
    if why := why_no_tmpfs():
        pytest.skip(why)
    list_features(mixpeek, videos=2, features=1)
    (environment / "list.csv").write_text("\n".join(["url", *mixpeek.videos]))
    Project(environment)
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    monkeypatch.setenv("DAGSTER_HOME", str(environment / "home"))
    with small_tmpfs(environment / "home") as disk:
        shutil.copytree(environment / "dagster_home", disk.seen_from_here, dirs_exist_ok=True)
        yield disk


def run(home: Tmpfs) -> subprocess.CompletedProcess[str]:
    command = home.command(str(SCRIPT), "run")
    return subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, timeout=240)


def new(home: Tmpfs) -> None:
    """Leave nothing but dagster.yaml."""
    for name in ("history", "schedules"):
        shutil.rmtree(home.seen_from_here / name)


@pytest.mark.parametrize("before", [new, lambda _: None], ids=["new", "used"])
@pytest.mark.parametrize("break_", [Tmpfs.fill, Tmpfs.close], ids=["full", "read-only"])
def test_a_run_says_one_sentence_and_the_next_one_lands(
    home: Tmpfs, before: Callable[[Tmpfs], None], break_: Callable[[Tmpfs], None], mixpeek: ScriptedMixpeek
) -> None:
    before(home)
    break_(home)

    stopped = run(home)

    assert stopped.returncode == 1, stopped.stdout
    [sentence] = stopped.stderr.splitlines()
    assert str(home.folder) in sentence
    assert "make room" in sentence or "DAGSTER_HOME" in sentence
    home.reopen()
    home.make_room()
    ended = run(home)
    assert ended.returncode == 0, ended.stderr
    assert len(mixpeek.asked("POST /ingest")) == 2
