"""Loads landing files into the tables: the process with the lock loads all pending files."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from mixpeek_assets.warehouse import SQL, landing_files
from mixpeek_assets.warehouse.database import Database
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.landing_lines import AssetLine, FeatureLine, LandingLine, TaskEvent, columns_of
from mixpeek_assets.warehouse.row_counts import RowCounts, of_table, replace_known
from mixpeek_assets.warehouse.store import Store
from mixpeek_assets.warehouse.views import refresh_views

log = logging.getLogger(__name__)

_BATCH_BYTES = 256 << 20
"""Bytes of landing files in one transaction: some 20,000 vectors of 1,024 floats as text."""

_LARGE_BYTES = 8 << 20
"""A larger transaction does not also merge small row groups: it has enough to write."""

_LONGEST_LINE = 8 << 20
"""DuckDB reads two lines' worth at a time in each thread, so shorter is less memory and more even work. A file with a
longer line is loaded by itself."""

_NOT_THE_FILE = (duckdb.OperationalError, duckdb.FatalException)
"""Out of space, memory or disk: a landing file does not cause these, and is not quarantined."""


_LOADS: Mapping[landing_files.Kind, tuple[type[LandingLine], str]] = {
    "tasks": (TaskEvent, "load_tasks"),
    "assets": (AssetLine, "load_assets"),
    "vectors": (FeatureLine, "load_vectors"),
}
"""For each kind of landing file, its lines and the query that loads them."""


@dataclass(frozen=True)
class Loaded:
    """What some loads did.

    Attributes:
        files: How many landing files were loaded.
        quarantined: Those that could not be.
        rows: What became of rows of `assets`, `features` and `vectors`. (Of `tasks`, a load changes only rows that a
            submission has inserted.)
        seconds: How long the loads took, once the file was open.
    """

    files: int = 0
    quarantined: tuple[Path, ...] = ()
    rows: RowCounts = field(default_factory=RowCounts)
    seconds: float = field(default=0.0, compare=False)

    def __add__(self, other: "Loaded") -> "Loaded":
        return Loaded(
            self.files + other.files,
            self.quarantined + other.quarantined,
            self.rows + other.rows,
            self.seconds + other.seconds,
        )


def load_pending(database: Database, folder: Path, run_id: str | None = None) -> Loaded:
    """Load every landing file in `folder`, of any process, in transactions of bounded size.

    A file's name is committed with its rows and forgotten once the file is gone, so a crash in between loads nothing
    twice. A file that cannot be read is quarantined as `….bad`, with a row in `rejects`, and does not stop the others.

    Args:
        database: Where they are loaded.
        folder: The landing folder.
        run_id: Count only rows of this run. Those of its rows that another process loads are counted there, not here.

    Raises:
        DiskError: the disk is full or not writable.
        WarehouseError: the warehouse cannot be used. Either way, the other files stay for the next load.
    """
    loaded = Loaded()
    if not any(folder.glob("*.ndjson")) and not any(folder.glob("*.part")):
        return loaded
    # Only the files present now, so that a busy writer cannot keep this loop running.
    waiting: set[Path] | None = None
    while waiting is None or waiting:
        # Other processes take their turn between two transactions.
        with database.connection() as connection:
            began = time.monotonic()
            _forget_loaded(connection, database.store, folder)
            files = [file for file in landing_files.pending(folder) if waiting is None or file in waiting]
            batch = next(landing_files.batches(files, _BATCH_BYTES), list[Path]())
            bad, rows = _load_batch(connection, database.store, batch, run_id) if batch else ([], RowCounts())
            _forget_loaded(connection, database.store, folder, batch)
            if batch:
                database.store.tidy(connection)
            loaded += Loaded(len(batch) - len(bad), tuple(bad), rows, time.monotonic() - began)
        waiting = set(files) - set(batch)
    return loaded


def _load_batch(
    connection: duckdb.DuckDBPyConnection, store: Store, batch: Sequence[Path], run_id: str | None
) -> tuple[list[Path], RowCounts]:
    """Load some files in one transaction, or one by one if that fails; return the quarantined ones, and the rows."""
    bad: list[Path] = []
    if sum(file.stat().st_size for file in batch) > _LARGE_BYTES:
        connection.execute("SET max_vacuum_tasks = 0")
    try:
        rows = _load(connection, batch, run_id, _LONGEST_LINE)
    except duckdb.Error as error:
        if store.outage(error):
            raise
        bad, rows = _load_singly(connection, store, batch, run_id)
    for file in batch:
        file.unlink(missing_ok=True)
    return bad, rows


def _load(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], run_id: str | None, longest: int) -> RowCounts:
    rows = RowCounts()
    connection.begin()
    try:
        for kind in landing_files.KINDS:
            if chosen := [file for file in files if landing_files.kind_of(file) == kind]:
                rows += _load_kind(connection, kind, chosen, run_id, longest)
        connection.execute(
            "INSERT INTO mixpeek_internal.loaded_files SELECT unnest($names)",
            {"names": [file.name for file in files]},
        )
    except BaseException:
        with suppress(duckdb.Error):  # it must not hide the first error
            connection.rollback()
        raise
    connection.commit()
    return rows


def _load_kind(
    connection: duckdb.DuckDBPyConnection,
    kind: landing_files.Kind,
    files: Sequence[Path],
    run_id: str | None,
    longest: int,
) -> RowCounts:
    for file in files:
        if landing_files.ends_in_half_a_line(file):
            raise duckdb.InvalidInputException(f"{file.name} ends in half a line")
    line, query = _LOADS[kind]
    parameters = {"files": [str(file) for file in files], "longest": longest, "columns": dict(columns_of(line))}
    rows = RowCounts()
    if kind == "tasks":
        SQL.run(connection, query, **parameters)
    else:
        with TemporaryDirectory(prefix="mixpeek-") as folder:
            brief = Path(folder) / "brief.ndjson"
            if kind == "vectors":
                landing_files.write_briefs(files, brief)
            loaded = SQL.run(connection, query, run_id=run_id, brief=str(brief), **parameters)
            ((fetched, known, rejected),) = loaded.fetchall()
        replaced, same = replace_known(connection, kind, run_id) if known else (0, 0)
        inserted = fetched - replaced - same
        rows += of_table(kind, inserted=inserted, replaced=replaced, unchanged=same, rejected=rejected)
        ((inserted, replaced, same),) = SQL.run(connection, "merge_features", run_id=run_id).fetchall()
        rows += of_table("features", inserted=inserted, replaced=replaced, unchanged=same)
    # After tasks too: a settled task may name an asset that another video's task has landed already.
    SQL.run(connection, "settle_landed")
    if kind == "vectors":
        refresh_views(connection)
    return rows


def _load_singly(
    connection: duckdb.DuckDBPyConnection, store: Store, files: Sequence[Path], run_id: str | None
) -> tuple[list[Path], RowCounts]:
    """Load the files of a failed batch one by one, and quarantine those that fail."""
    bad, rows = list[Path](), RowCounts()
    for file in files:
        try:
            rows += _load(connection, [file], run_id, max(_LONGEST_LINE, file.stat().st_size))
        except _NOT_THE_FILE as error:
            if store.outage(error):
                raise
            raise WarehouseError(f"{file} cannot be loaded now; it stays for the next load: {error}") from None
        except duckdb.Error as error:
            quarantine_file = file.with_suffix(".bad")
            reason = str(error).strip().splitlines()[0]  # DuckDB's internal errors go on with a stack trace
            log.error("%s cannot be loaded and was quarantined as %s: %s", file.name, quarantine_file, reason)  # noqa: TRY400
            connection.execute(
                "INSERT INTO mixpeek.rejects BY NAME SELECT 'landing' AS endpoint, $name AS object_id,"
                " $reason AS reason, current_date AS partition_date, now() AS loaded_at",
                {"name": str(quarantine_file), "reason": reason[:300]},
            )
            bad.append(file.rename(quarantine_file))
    return bad, rows


def _forget_loaded(
    connection: duckdb.DuckDBPyConnection, store: Store, folder: Path, batch: Sequence[Path] = ()
) -> None:
    """Remove the files that this load, or an earlier one, has committed and not removed.

    Files of other machines are theirs to remove: one that comes back would load a forgotten file once more.
    """
    names = [name for (name,) in connection.execute("SELECT name FROM mixpeek_internal.loaded_files").fetchall()]
    if store.is_shared:
        here = {file.name for file in batch}
        names = [name for name in names if name in here or (folder / name).exists()]
    for name in names:
        (folder / name).unlink(missing_ok=True)
    if names:
        connection.execute(
            "DELETE FROM mixpeek_internal.loaded_files WHERE list_contains($names, name)", {"names": names}
        )
