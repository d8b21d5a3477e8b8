"""What the tests share: a project in a temporary folder, and a scripted Mixpeek."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from hypothesis import HealthCheck, settings

from mixpeek_assets import clock
from mixpeek_assets.connections import open_site
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse import file_store
from mixpeek_assets.warehouse.engine import OpenFile
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests import lanes
from tests.fakes import services
from tests.fakes.documents import ScriptedDocuments, scripted_documents
from tests.fakes.mixpeek import KEY, ScriptedMixpeek, scripted_mixpeek
from tests.warehouse.rows import file_of

if TYPE_CHECKING:
    from tests.fakes.lakes import Lakes

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
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A warehouse that was made and closed, with no rows: to make one takes longer than many tests."""
    made = Warehouse(Site.of_file(tmp_path_factory.mktemp("empty") / "warehouse.duckdb"), timeout=30)
    with made.reader():
        pass
    return file_of(made).read_bytes()


@pytest.fixture(scope="session")
def lakes(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Lakes | None"]:
    """What makes lakes; None: the warehouses of the tests are files."""
    if pytestconfig.option.store == "file":
        yield None
        return
    from tests.fakes.lakes import Lakes

    with services.postgres() as server:
        yield Lakes(server, tmp_path_factory.mktemp("empty") / "lake")


@pytest.fixture
def made_site(
    environment: Path, empty_file: bytes, lakes: "Lakes | None", monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    """The site of the temporary project, whose warehouse has no rows."""
    if lakes is None:
        path = load_settings().warehouse_path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(empty_file)
        yield Site.of_file(path)
        return
    with lakes.lake(environment) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield open_site(load_settings())


@pytest.fixture
def warehouse(made_site: Site) -> Warehouse:
    """The warehouse of the temporary project, with no rows."""
    return Warehouse(made_site, timeout=30)


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
