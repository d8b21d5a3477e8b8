"""A checkout's working files in a folder of its own, and commands that are given in it."""

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from mixpeek_assets.cli.storage import make_storage
from tests.fakes.commands import ROOT, Command, give

SCRIPT = Path(sys.executable).with_name("mixpeek-assets")


class Project:
    """A folder with what a checkout has, less the code.

    Args:
        folder: An existing folder.
        is_new: Whether Dagster's databases are still to be made, which takes most of a second.
    """

    def __init__(self, folder: Path, *, is_new: bool = False) -> None:
        self.folder = folder
        shutil.copy(ROOT / "workspace.yaml", folder)
        home = folder / "dagster_home"
        home.mkdir()
        shutil.copy(ROOT / "dagster_home" / "dagster.yaml", home)
        for name, content in {} if is_new else _databases().items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(content)
        self.environment = {**os.environ, "COLUMNS": "160"}

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `mixpeek-assets` to its end."""
        return give(arguments, self.folder, {**self.environment, **environment})

    def script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the console script itself to its end, which first starts Python."""
        return subprocess.run(
            [SCRIPT, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def start(self, log: Path, *arguments: str) -> Command:
        """Start `mixpeek-assets` in a process group of its own, and keep what it says."""
        return Command(arguments, self.folder, self.environment, log, log)

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.folder / "data" / "warehouse.duckdb"

    def sql(self, query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Query the warehouse as a user would: with DuckDB alone."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query, parameters).fetchall()


@cache
def _databases() -> dict[Path, bytes]:
    """Dagster's databases as the first start of an instance makes them, by their path below its folder."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copy(ROOT / "dagster_home" / "dagster.yaml", home)
        make_storage(home)
        return {file.relative_to(home): file.read_bytes() for file in home.rglob("*.db*")}
