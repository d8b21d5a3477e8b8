"""The first start of all: several at once, and deaths in the middle, leave an instance that is whole."""

import os
import shutil
import sqlite3
import sys
from itertools import count
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.cli.project import dagster_instance
from tests.fakes.commands import ROOT, barrier, forked
from tests.survival.crash_harness import die

Schema = dict[str, set[str]]


def start(home: Path, together: Barrier, die_at: int | None) -> None:
    """Open the instance, together with others, or die when a database is opened for the so-manieth time."""
    counted = count(1)

    def watch(event: str, _: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect" and next(counted) == die_at:
            die()

    sys.addaudithook(watch)
    os.environ["DAGSTER_HOME"] = str(home)
    together.wait(120)
    with dagster_instance() as instance:
        assert instance.get_runs_count() == 0


def starts(homes: list[Path], die_at: int | None = None) -> list[int | None]:
    """Start them all at once, and say how each ended."""
    together = barrier(len(homes))
    processes = [forked(start, home, together, die_at) for home in homes]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        process.kill()
        process.join(10)
    return [process.exitcode for process in processes]


def made(home: Path) -> Path:
    home.mkdir()
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", home)
    return home


def schema(home: Path) -> Schema:
    """What each database of an instance holds."""
    found: Schema = {}
    for file in home.rglob("*.db"):
        connection = sqlite3.connect(file)
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
        names += connection.execute("SELECT version_num FROM alembic_version").fetchall()
        names += connection.execute("SELECT name FROM secondary_indexes").fetchall()
        connection.close()
        found[str(file.relative_to(home))] = {name for (name,) in names}
    return found


@pytest.fixture
def whole(tmp_path: Path) -> Schema:
    """What an instance holds that was started once and alone."""
    home = made(tmp_path / "whole")
    assert starts([home]) == [0]
    assert len(schema(home)) == 3
    return schema(home)


def test_first_starts_at_once_make_one_instance(whole: Schema, tmp_path: Path) -> None:
    home = made(tmp_path / "home")

    assert starts([home] * 8) == [0] * 8
    assert schema(home) == whole


def test_a_death_in_the_middle_of_the_first_start_leaves_no_half_of_an_instance(whole: Schema, tmp_path: Path) -> None:
    homes = {at: made(tmp_path / str(at)) for at in (1, 5, 10, 15)}

    for at, home in homes.items():
        assert starts([home], die_at=at) == [-9], at
        assert starts([home]) == [0], at
        assert schema(home) == whole, at
        assert not (home / ".new").exists()
