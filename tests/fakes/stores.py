"""Warehouses for tests, as files or as lakes: copies of some that are made once, which takes longer than many tests."""

# pyright: reportMissingImports=false
# The extra [cluster] is in an environment of its own.

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from deploy.services import PostgresServer
from mixpeek_assets.connections import open_site
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse

Fill = Callable[[Warehouse], object]

_METADATA = "mixpeek_lake.ducklake_metadata"
_FORGET_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


def site_in(path: Path) -> Site:
    """Return the site of a test: a file, or the lake that the environment names."""
    settings = load_settings()
    return Site.of_file(path) if settings.lake is None else open_site(settings)


def nothing(warehouse: Warehouse) -> None:
    """Make a warehouse with no rows."""
    with warehouse.reader():
        pass


class Stores(Protocol):
    """Makes warehouses for tests."""

    def warehouse(self, path: Path, fill: Fill | None = nothing) -> AbstractContextManager[Warehouse]:
        """Yield a warehouse of a test.

        Args:
            path: Its file; a lake is beside it, and named by the environment while the block lasts.
            fill: What it holds, made once for all who ask for the same; None: nobody has made it yet.
        """
        ...


class Files:
    """Warehouses that are files.

    Args:
        folder: Where the first ones are made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Fill, bytes] = {}

    @contextmanager
    def warehouse(self, path: Path, fill: Fill | None = nothing) -> Iterator[Warehouse]:
        """Yield a warehouse of a test."""
        if fill is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.content(fill))
        yield Warehouse(Site.of_file(path), timeout=30)

    def content(self, fill: Fill = nothing) -> bytes:
        """Return the bytes of such a file."""
        if fill not in self._made:
            path = self._folder / uuid.uuid4().hex / "warehouse.duckdb"
            fill(Warehouse(Site.of_file(path), timeout=30))
            self._made[fill] = path.read_bytes()
        return self._made[fill]


class Lakes:
    """Warehouses that are lakes: each is a database of its own in one PostgreSQL, and a folder.

    Args:
        server: Where their catalogues are.
        folder: Where the first ones are made.
    """

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._made: dict[Fill, str] = {}

    @contextmanager
    def warehouse(self, path: Path, fill: Fill | None = nothing) -> Iterator[Warehouse]:
        """Yield a warehouse of a test."""
        name, place = f"lake_{uuid.uuid4().hex}", path.with_name(f"{path.stem}.lake")
        template = self._filled(fill) if fill else "template0"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            if fill is not None:
                shutil.copytree(self._folder / template, place)
                moved = f"UPDATE {_METADATA} SET value = %s WHERE key = 'data_path'"
                self._execute(moved, f"{place}/", database=name)
            with self._named(name, place):
                yield Warehouse(site_in(path), timeout=30)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _filled(self, fill: Fill) -> str:
        if fill not in self._made:
            name = f"filled_{uuid.uuid4().hex}"
            place = self._folder / name
            place.mkdir(parents=True)
            self._execute(f"CREATE DATABASE {name}")
            with self._named(name, place):
                fill(Warehouse(site_in(self._folder / f"{name}.of" / "warehouse"), timeout=30))
            self._execute(_FORGET_SESSIONS, name)  # A database that is in use cannot be copied.
            self._made[fill] = name
        return self._made[fill]

    @contextmanager
    def _named(self, name: str, place: Path) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MIXPEEK_CLUSTER", self._server.url(name))
            patch.setenv("MIXPEEK_LAKE", str(place))
            yield

    def _execute(self, statement: str, *values: Any, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(self._server.url(database), autocommit=True) as connection:
            connection.execute(statement.encode(), values or None)
