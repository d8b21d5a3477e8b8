"""Leases in a folder: whoever holds one lives."""

import time
from pathlib import Path

import pytest

from mixpeek_assets.locks import FolderLeases, FolderLocks, Leases
from tests.warehouse.processes import running, until


def _hold(folder: Path, name: str, ready: Path) -> None:
    assert FolderLeases(folder).take(name)
    ready.touch()
    time.sleep(120)


@pytest.fixture
def leases(tmp_path: Path) -> Leases:
    return FolderLeases(tmp_path / "leases")


def test_a_lease_lives_until_it_is_released(leases: Leases, tmp_path: Path) -> None:
    assert leases.is_dead("run-1")
    assert leases.take("run-1")
    assert leases.take("run-1"), "it is this process's already"
    assert not leases.is_dead("run-1")
    assert leases.is_dead("run-2")
    FolderLeases(tmp_path / "leases").release("run-1")
    assert leases.is_dead("run-1")
    leases.release("run-1")
    assert list((tmp_path / "leases").iterdir()) == []


@pytest.mark.slow
def test_a_lease_of_another_process_cannot_be_taken_and_is_dead_once_that_is_killed(
    leases: Leases, tmp_path: Path
) -> None:
    folder = tmp_path / "leases"
    with running(_hold, folder, "run-1", tmp_path / "ready") as holder:
        until((tmp_path / "ready").exists)
        assert not leases.take("run-1")
        with leases.held("run-1") as is_ours:
            assert not is_ours
        assert not leases.is_dead("run-1")
        holder.kill()
        holder.join()
    assert leases.take("run-2")
    assert [file.name for file in folder.iterdir()] == ["run-2.lock"], "what the dead have left is cleared away"
    assert leases.is_dead("run-1")
    with leases.held("run-1") as is_ours:
        assert is_ours
        assert not leases.is_dead("run-1")
    assert leases.is_dead("run-1")
    leases.release("run-2")


def test_locks_of_a_folder_that_is_not_there_yet_make_it(tmp_path: Path) -> None:
    locks = FolderLocks(tmp_path / "made" / "on the way")
    with locks.exclusive("a", 1), locks.exclusive("b", 1):
        locks.verify()
    assert sorted(file.name for file in (tmp_path / "made" / "on the way").iterdir()) == ["a.lock", "b.lock"]
