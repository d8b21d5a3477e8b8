"""A data directory on a disk that can be full."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disk.disks import Closable, Disk, LimitedFiles, OwnFolder, Tmpfs, small_tmpfs, why_no_tmpfs
from tests.disk.steps import Steps

CONCURRENCY = 4


@pytest.fixture(autouse=True)
def few_at_once(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of videos are several waves."""
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", str(CONCURRENCY))


@pytest.fixture
def tmpfs(environment: Path) -> Iterator[Tmpfs]:
    """A small tmpfs that holds the data directory."""
    if why := why_no_tmpfs():
        pytest.skip(why)
    with small_tmpfs(environment / "data") as mounted:
        yield mounted


@pytest.fixture
def disk(request: pytest.FixtureRequest, environment: Path) -> Disk:
    """A tmpfs, or where none can be mounted, files that cannot grow."""
    if why_no_tmpfs():
        return limited_files(environment)
    return request.getfixturevalue("tmpfs")


@pytest.fixture(params=["tmpfs", "limited files"])
def each_disk(request: pytest.FixtureRequest, environment: Path) -> Disk:
    """The one and the other."""
    return request.getfixturevalue("tmpfs") if request.param == "tmpfs" else limited_files(environment)


def limited_files(folder: Path) -> LimitedFiles:
    (folder / "data").mkdir()
    return LimitedFiles(folder / "data")


@pytest.fixture
def steps(disk: Disk, mixpeek: object) -> Iterator[Steps]:
    """A process on that disk, which asks the scripted Mixpeek."""
    with Steps(disk) as process:
        yield process


@pytest.fixture
def own_folder(environment: Path) -> OwnFolder:
    """A folder of which permissions can be taken."""
    (environment / "data").mkdir()
    return OwnFolder(environment / "data")


@pytest.fixture(params=["tmpfs", "own_folder"])
def closable(request: pytest.FixtureRequest) -> Closable:
    """A data directory that can be made one that may be read and not written."""
    return request.getfixturevalue(request.param)
