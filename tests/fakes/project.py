"""A checkout's working files in a folder of its own, and the console script run in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).parents[2]
SCRIPT = Path(sys.executable).with_name("mixpeek-assets")


class Project:
    """A folder with what a checkout has, less the code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "dagster_home").mkdir()
        shutil.copy(ROOT / "dagster_home" / "dagster.yaml", folder / "dagster_home")
        shutil.copy(ROOT / "workspace.yaml", folder)
        self.environment = {**os.environ, "COLUMNS": "160"}

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `mixpeek-assets` to its end."""
        return subprocess.run(
            [SCRIPT, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def start(self, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `mixpeek-assets` in a process group of its own, and keep what it says."""
        with log.open("wb") as output:
            return subprocess.Popen(
                [SCRIPT, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.folder / "data" / "warehouse.duckdb"

    def sql(self, query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Query the warehouse as a user would: with DuckDB alone."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query, parameters).fetchall()
