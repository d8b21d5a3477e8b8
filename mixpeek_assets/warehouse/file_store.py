"""A DuckDB file as the store: our processes take turns on it, and it may be open in another program."""

import os
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mixpeek_assets.lock import exclusive
from mixpeek_assets.sql_files import literal
from mixpeek_assets.warehouse.disk import damage_of, disk_error_of, disk_errors
from mixpeek_assets.warehouse.engine import CATALOG, OpenFile, Session
from mixpeek_assets.warehouse.errors import DiskError, WarehouseError


@dataclass(frozen=True)
class FileStore:
    """A DuckDB file.

    Attributes:
        path: The file; created, with its folder, if it does not exist.
    """

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def kind(self) -> str:
        """What it is, in words."""
        return "DuckDB file"

    @property
    def is_shared(self) -> bool:
        """Whether other machines load into it; see `Store`."""
        return False

    def exists(self) -> bool:
        """Say whether the file is there."""
        return self.path.exists()

    def how_to_open(self) -> Sequence[str]:
        """Return the statement that attaches the file."""
        return (f"ATTACH {literal(self.name)} AS {CATALOG} (READ_ONLY);",)

    @contextmanager
    def turn(self, timeout: float, on_wait: Callable[[str], object], *, read_only: bool) -> Generator[None]:
        """Wait in turn for the lock beside the file: DuckDB lets one process write, or many read."""
        with ExitStack() as turn:
            try:
                with disk_errors(self.path.parent):
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    lock = self.path.with_name(f"{self.path.name}.lock")
                    turn.enter_context(exclusive(lock, timeout, on_wait))
            except DiskError:
                # A reader can do without a lock file that cannot be written: DuckDB's own lock keeps writers out.
                if not read_only or not os.access(self.path, os.R_OK):
                    raise
            yield

    def attach(self, *, read_only: bool) -> Session:
        """Open the file."""
        if (self.path.exists() and not self.path.is_file()) or (self.path.is_symlink() and not self.path.exists()):
            raise WarehouseError(f"{self.path} is not a file: set MIXPEEK_WAREHOUSE to the path of a DuckDB file")
        if not self.path.exists():
            # Under another name first: DuckDB cannot open a file whose creation was interrupted.
            unfinished = self.path.with_name(f"{self.path.name}.new")
            with disk_errors(unfinished):
                unfinished.unlink(missing_ok=True)
                OpenFile(unfinished).close()
                unfinished.rename(self.path)
        return OpenFile(self.path, read_only=read_only)

    def tidy(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Do nothing: DuckDB merges the row groups of small commits itself (`engine.MERGE_EVERY`)."""

    def holder(self, error: BaseException | None) -> str | None:
        """Return the program that has the file open."""
        # The second is about a connection of this process, outside this class.
        held = ("Could not set lock on file", "Unique file handle conflict")
        if not isinstance(error, duckdb.Error) or not any(one in str(error) for one in held):
            return None
        found = re.search(r"held in (.+?) \(PID (\d+)\)", str(error))
        return f"{Path(found[1]).name} (process {found[2]})" if found else "this process or one of another user"

    def opening_error(self, error: duckdb.Error) -> WarehouseError:
        """Return why the file could not be opened, as a sentence."""
        return opening_error(self.path, error)

    def outage(self, error: duckdb.Error | OSError) -> WarehouseError | None:
        """Return what is wrong with the disk."""
        return disk_error_of(self.path, error)

    def damage(self, error: duckdb.Error | OSError) -> WarehouseError | None:
        """Return what is wrong with the file."""
        return damage_of(self.path, error)


def opening_error(path: Path, error: duckdb.Error) -> WarehouseError:
    """Return why a file could not be opened, as a sentence."""
    message = str(error)
    if "not a valid DuckDB database file" in message:
        return WarehouseError(f"{path} is not a DuckDB file: move it away, or set MIXPEEK_WAREHOUSE to another path")
    if "version number" in message or "newer" in message:
        return WarehouseError(
            f"{path} was written by a newer DuckDB than the installed {duckdb.__version__}: "
            "upgrade duckdb, or set MIXPEEK_WAREHOUSE to another path"
        )
    if found := disk_error_of(path, error) or damage_of(path, error):
        return found
    if isinstance(error, duckdb.IOException | duckdb.PermissionException):
        hint = "set MIXPEEK_WAREHOUSE to a path you may write"
        return WarehouseError(f"{path} cannot be opened ({message}): {hint}")
    hint = "rename what is in the way in the schema `mixpeek`, or set MIXPEEK_WAREHOUSE to another path"
    return WarehouseError(f"{path} cannot take the tables of mixpeek_assets ({message}): {hint}")
