"""Lakes for tests: each is a database of its own in one PostgreSQL, and a folder."""

# pyright: reportMissingImports=false
# The extra [cluster] is in an environment of its own.

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.lake_store import METADATA_SCHEMA
from tests.fakes.services import PostgresServer

_FORGET_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


class Lakes:
    """Makes empty lakes: copies of one that was made and closed, because to make one takes longer than many tests.

    Args:
        server: Where their catalogues are.
        folder: Where the first one is.
    """

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self._server, self._folder = server, folder

    @contextmanager
    def lake(self, folder: Path, *, made: bool = True) -> Iterator[dict[str, str]]:
        """Yield the variables of a lake in a folder; unless it is `made`, of a place where none is yet."""
        name, place = f"lake_{uuid.uuid4().hex}", folder / "lake"
        template = self._empty if made else "template0"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            if made:
                shutil.copytree(self._folder, place)
                moved = f"UPDATE {METADATA_SCHEMA}.ducklake_metadata SET value = %s WHERE key = 'data_path'"
                self._execute(moved, f"{place}/", database=name)
            yield self._variables(name, place)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    @cached_property
    def _empty(self) -> str:
        name = "lake_template"
        self._execute(f"CREATE DATABASE {name}")
        variables = self._variables(name, self._folder)
        settings = load_settings(cluster=variables["MIXPEEK_CLUSTER"], lake=variables["MIXPEEK_LAKE"])
        with open_warehouse(settings).reader():
            pass
        self._execute(_FORGET_SESSIONS, name)  # A database that is in use cannot be copied.
        return name

    def _variables(self, name: str, place: Path) -> dict[str, str]:
        return {"MIXPEEK_CLUSTER": self._server.url(name), "MIXPEEK_LAKE": str(place)}

    def _execute(self, statement: str, *values: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(self._server.url(database), autocommit=True) as connection:
            connection.execute(statement, values or None)  # pyright: ignore[reportArgumentType]
