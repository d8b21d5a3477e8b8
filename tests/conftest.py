"""What the tests share: a project in a temporary folder, and a scripted Mixpeek."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import HealthCheck, settings

from deploy import services
from mixpeek_assets import clock
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse import file_store
from mixpeek_assets.warehouse.engine import OpenFile
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests import lanes
from tests.fakes.documents import ScriptedDocuments, scripted_documents
from tests.fakes.mixpeek import KEY, ScriptedMixpeek, scripted_mixpeek
from tests.fakes.stores import Files, Lakes, Stores

pytest_addoption = lanes.pytest_addoption
pytest_configure = lanes.pytest_configure
pytest_ignore_collect = lanes.pytest_ignore_collect
pytest_collection_modifyitems = lanes.pytest_collection_modifyitems
pytest_runtest_protocol = lanes.pytest_runtest_protocol


# On a busy machine every strategy is slow at times.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def nobodys_environment(pytestconfig: pytest.Config) -> Iterator[None]:
    """None of the developer's own variables, nor those of `make`, for whatever is made before a test."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _forget_variables(monkeypatch)
        # The processes that tests start have other working folders, and need modules of the tests.
        monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath), prepend=os.pathsep)
        yield


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder, and no variable that another test has left, or leaves to the next module."""
    _forget_variables(monkeypatch)
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    yield tmp_path
    # A command that runs in this process sets DAGSTER_HOME.
    os.environ.clear()
    os.environ.update(before)


def _forget_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("MIXPEEK_", "DAGSTER_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Makes this machine's clock jump, as our own code sees it: so far from the true time."""

    def jump(by: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + by)

    return jump


@pytest.fixture
def mixpeek(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedMixpeek]:
    """A scripted Mixpeek, which the environment names."""
    with scripted_mixpeek() as server:
        monkeypatch.setenv("MIXPEEK_API_KEY", KEY)
        monkeypatch.setenv("MIXPEEK_API_URL", server.url)
        monkeypatch.setenv("MIXPEEK_API_STYLE", "assets")
        monkeypatch.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "0")
        yield server


@pytest.fixture
def documents_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedDocuments]:
    """A scripted Mixpeek of today, which the environment names."""
    with scripted_documents() as server:
        monkeypatch.setenv("MIXPEEK_API_KEY", KEY)
        monkeypatch.setenv("MIXPEEK_API_URL", server.url)
        monkeypatch.setenv("MIXPEEK_API_STYLE", "documents")
        monkeypatch.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "0")
        yield server


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What makes warehouses that are files."""
    return Files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def stores(pytestconfig: pytest.Config, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """What makes warehouses, as files or as lakes (`--store`)."""
    if pytestconfig.option.store == "file":
        yield files
        return
    with services.postgres() as server:
        yield Lakes(server, tmp_path_factory.mktemp("lakes"))


@pytest.fixture
def warehouse(environment: Path, stores: Stores) -> Iterator[Warehouse]:
    """The warehouse of the temporary project, with no rows."""
    with stores.warehouse(load_settings().warehouse_path) as empty:
        yield empty


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance that lasts as long as a test."""
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each opening of the warehouse, whether it was read-only."""
    seen: list[bool] = []

    class Counted(OpenFile):
        def __init__(self, *path: Any, read_only: bool = False) -> None:
            seen.append(read_only)
            super().__init__(*path, read_only=read_only)

    monkeypatch.setattr(file_store, "OpenFile", Counted)
    return seen
