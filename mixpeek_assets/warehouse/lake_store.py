"""A DuckLake as the store: its catalogue in PostgreSQL, its rows as Parquet files in a bucket or a shared folder.

Readers never wait: each sees the snapshot of its moment. Our writers take turns all the same, by a lock in the same
PostgreSQL, because two transactions that change rows of one table conflict, and all but one would have been in vain.
"""

import logging
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from mixpeek_assets.errors import UserError
from mixpeek_assets.locks import Locks
from mixpeek_assets.postgres import Postgres
from mixpeek_assets.sql_files import literal
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.disk import disk_error_of, disk_errors
from mixpeek_assets.warehouse.engine import CATALOG, Session
from mixpeek_assets.warehouse.errors import LakeDownError, WarehouseBusyError, WarehouseError
from mixpeek_assets.warehouse.extensions import load_extensions
from mixpeek_assets.warehouse.s3 import Bucket

MOST_FILES = 100
"""A table with more is put in order by the next load: every query opens each of its files."""

METADATA_SCHEMA = "mixpeek_lake"
"""The schema of the catalogue's own tables in PostgreSQL."""

_log = logging.getLogger(__name__)

_OUTSIDE = (duckdb.HTTPException, duckdb.ConnectionException)
_FROM_OUTSIDE = re.compile("postgres|ducklake|libpq|HTTP|server closed the connection", re.IGNORECASE)
_CONFLICT = re.compile("conflict", re.IGNORECASE)

_WRITERS = "writers"
_CATALOGUE = "mixpeek_catalogue"
_IN_SECRET = {"host": "HOST", "port": "PORT", "dbname": "DATABASE", "user": "USER", "password": "PASSWORD"}


@dataclass
class LakeStore:
    """A DuckLake.

    Attributes:
        postgres: The database with the catalogue.
        place: Where its Parquet files are: `s3://bucket/prefix`, or a folder that all machines see.
        locks: Where its writers take turns.
    """

    postgres: Postgres
    place: str
    locks: Locks
    _is_made: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """The place of the files and that of the catalogue."""
        return f"{self.place} (catalogue: {self.postgres.place})"

    @property
    def kind(self) -> str:
        """What it is, in words."""
        return "DuckLake"

    @property
    def is_shared(self) -> bool:
        """Whether other machines load into it; see `Store`."""
        return True

    def exists(self) -> bool:
        """Say whether the catalogue has tables."""
        if not self._is_made:
            with self.postgres.connect("lake") as connection:
                found = connection.execute("SELECT to_regclass(%s)", [f"{METADATA_SCHEMA}.ducklake_metadata"])
                row = found.fetchone()
            self._is_made = bool(row and row[0])
        return self._is_made

    def turn(
        self, timeout: float, on_wait: Callable[[str], object], *, read_only: bool
    ) -> AbstractContextManager[None]:
        """Wait in turn with the other writers, of all machines."""
        return nullcontext() if read_only else self.locks.exclusive(_WRITERS, timeout, on_wait)

    def attach(self, *, read_only: bool) -> Session:
        """Open the lake; the first writer makes it."""
        if not read_only and not self.exists():
            self._check_place()
        session = self._session(read_only=read_only)
        if session.was_attached and not _answers(session):  # PostgreSQL was started again, or the network failed
            session.discard()
            session = self._session(read_only=read_only)
        if self._is_in_bucket:
            session.connection.execute(Bucket(self.place).secret())  # Keys of a role expire.
        return session

    def _session(self, *, read_only: bool) -> Session:
        # It stays attached: to read the catalogue anew costs 0.1 s of CPU, and a dozen trips to PostgreSQL.
        key = f"{self.postgres.place} {self.place} {read_only}"
        return Session(lambda connection: self._attach(connection, read_only=read_only), key)

    def _attach(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        load_extensions(connection)
        connection.execute(self._catalogue_secret())
        connection.execute("SET ducklake_max_retry_count = 100")  # strangers may write too
        options = f"METADATA_SCHEMA {literal(METADATA_SCHEMA)}, META_SECRET {literal(_CATALOGUE)}"
        options += f", DATA_PATH {literal(self.place + '/')}" + (", READ_ONLY" if read_only else "")
        also = " ".join(f"{name}={value}" for name, value in self.postgres.parts.items() if name not in _IN_SECRET)
        connection.execute(f"ATTACH {literal('ducklake:postgres:' + also)} AS {CATALOG} ({options})")

    def how_to_open(self) -> Sequence[str]:
        """Return the two statements by which any DuckDB with its extensions opens the lake."""
        shown = " ".join(
            f"{name}={value}" for name, value in self.postgres.parts.items() if name not in ("password", "passfile")
        )
        options = f"METADATA_SCHEMA {literal(METADATA_SCHEMA)}, READ_ONLY"
        attach = f"ATTACH {literal(f'ducklake:postgres:{shown}')} AS {CATALOG} ({options});"
        return ("CREATE SECRET (TYPE s3, PROVIDER credential_chain);", attach) if self._is_in_bucket else (attach,)

    def tidy(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Merge the files of tables that have gathered many: each poll of tasks adds two, thousands in a day."""
        try:
            for schema, table, files, delete_files in SQL.run(connection, "lake_tables").fetchall():
                if files + delete_files > MOST_FILES:
                    SQL.run(connection, "lake_rewrite", schema=schema, table=table).fetchall()
                    SQL.run(connection, "lake_merge", schema=schema, table=table).fetchall()
        except duckdb.Error as error:  # What was loaded is committed; the daily upkeep merges them too.
            _log.warning("files of %s are not merged now: %s", self.name, _first_line(error))

    def holder(self, error: BaseException | None) -> str | None:
        """Return None: another program's session keeps nobody out."""
        return None

    def opening_error(self, error: duckdb.Error) -> WarehouseError:
        """Return why the lake could not be opened, as a sentence."""
        said = str(error)
        if found := re.search(r'existing data path in the catalog "(.+?)/?"', said):
            return WarehouseError(
                f"the catalogue at {self.postgres.place} is that of the lake {found[1]}, and MIXPEEK_LAKE is"
                f" {self.place}: correct it, or give this lake a database of its own"
            )
        if "version mismatch" in said or "DuckLake version" in said:
            return WarehouseError(
                f"{self.name} is of another version of DuckLake than DuckDB {duckdb.__version__} writes"
                f" ({_first_line(error)}): use the DuckDB that the other machines have"
            )
        return self.outage(error) or WarehouseError(f"{self.name} cannot be opened: {_first_line(error)}")

    def outage(self, error: duckdb.Error | OSError) -> WarehouseError | None:
        """Return what is wrong with the catalogue, the bucket or the network, which is asked once more for that."""
        is_outside = isinstance(error, _OUTSIDE) or _FROM_OUTSIDE.search(str(error))
        if isinstance(error, OSError) or not is_outside:
            return disk_error_of(Path(self.place), error)
        if _CONFLICT.search(str(error)):
            return WarehouseBusyError(f"{self.name} was changed by another program at the same time: run again")
        try:
            self.postgres.connect("lake").close()
            self._check_place()
        except UserError as found:
            return LakeDownError(str(found)) if found.retryable else WarehouseError(str(found))
        return LakeDownError(f"{self.name} did not answer ({self.postgres.redacted(_first_line(error))}): run again")

    def damage(self, error: duckdb.Error | OSError) -> WarehouseError | None:
        """Return None: a file that is missing or spoilt is an outage of the place it is in."""
        return None

    @property
    def _is_in_bucket(self) -> bool:
        return self.place.startswith("s3://")

    def _check_place(self) -> None:
        if self._is_in_bucket:
            Bucket(self.place).check()
        else:
            with disk_errors(Path(self.place)):
                Path(self.place).mkdir(parents=True, exist_ok=True)

    def _catalogue_secret(self) -> str:
        parts = self.postgres.parts
        options = ", ".join(f"{option} {literal(parts[name])}" for name, option in _IN_SECRET.items() if name in parts)
        return f"CREATE OR REPLACE TEMPORARY SECRET {_CATALOGUE} (TYPE postgres, {options})"


def _answers(session: Session) -> bool:
    try:
        session.connection.execute("SELECT 1 FROM mixpeek_internal.schema_version").fetchall()
    except duckdb.Error:
        return False
    return True


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0]
