"""A DuckDB file that cannot be used."""

import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.bad_input.case import FIFO, LOOP, UNREADABLE, Case, Content, link_to
from tests.warehouse.rows import file_of

FILE = "data/warehouse.duckdb"


@cache
def sound() -> bytes:
    """Return a sound warehouse, with some rows."""
    with TemporaryDirectory() as folder:
        made = Warehouse(Site.of_file(Path(folder) / "w.duckdb"), timeout=30)
        with made.reader():
            pass
        with duckdb.connect(str(file_of(made))) as connection:
            connection.execute(
                "INSERT INTO mixpeek.videos BY NAME SELECT range::VARCHAR AS video_id, 'c' AS collection,"
                " 'http://x/' || range AS url, DATE '2026-01-01' AS partition_date FROM range(50000)"
            )
        return file_of(made).read_bytes()


def changed(*statements: str) -> Callable[[Path], object]:
    """Make a warehouse in which somebody has run statements."""

    def make(path: Path) -> None:
        path.write_bytes(sound())
        run(path, *statements)

    return make


def foreign(*statements: str) -> Callable[[Path], object]:
    """Make a DuckDB file of somebody else."""
    return lambda path: run(path, *statements)


def run(path: Path, *statements: str) -> None:
    """Run statements on a file."""
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)


def spoilt(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Make a sound warehouse whose bytes are changed."""
    return lambda path: path.write_bytes(change(sound()))


def sqlite(path: Path) -> None:
    """Make an SQLite file."""
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE videos (video_id TEXT)")
    database.commit()
    database.close()


def overwritten(start: int, length: int) -> Callable[[Path], object]:
    """Overwrite some bytes of a sound warehouse."""
    return spoilt(lambda whole: whole[:start] + b"\xa5" * length + whole[start + length :])


UNUSABLE: dict[str, Content] = {
    "a text": "url\n",
    "an empty file": b"",
    "garbage": b"garbage" * 10_000,
    "zeros": b"\0" * 1_000_000,
    "SQLite": sqlite,
    "Parquet": b"PAR1" + b"\0" * 100 + b"PAR1",
    "a folder": None,
    "a loop": LOOP,
    "unreadable": UNREADABLE,
    "a device": link_to("/dev/full"),
    "nowhere": link_to("/nowhere/x.duckdb"),
    "a pipe": FIFO,
    "cut at 100": spoilt(lambda whole: whole[:100]),
    "cut at 5,000": spoilt(lambda whole: whole[:5_000]),
    "cut at 12,288": spoilt(lambda whole: whole[:12_288]),
    "cut in half": spoilt(lambda whole: whole[: len(whole) // 2]),
    "cut at nine tenths": spoilt(lambda whole: whole[: len(whole) * 9 // 10]),
    "without its last byte": spoilt(lambda whole: whole[:-1]),
    "a spoilt header": overwritten(0, 100),
    "spoilt database headers": overwritten(4_096, 8_192),
    "a first block that is spoilt": overwritten(12_288, 100_000),
    "all blocks spoilt": spoilt(lambda whole: whole[:12_288] + b"\xa5" * (len(whole) - 12_288)),
    "a newer DuckDB's": spoilt(lambda whole: whole[:12] + (9_999).to_bytes(8, "little") + whole[20:]),
}

FILES = [Case(name, ("status",), ("data/warehouse.duckdb",), {FILE: content}) for name, content in UNUSABLE.items()]

SCHEMA = "CREATE SCHEMA mixpeek"
OTHERS: dict[str, Content] = {
    "other columns": foreign(
        SCHEMA, "CREATE TABLE mixpeek.videos (number INTEGER)", "INSERT INTO mixpeek.videos VALUES (1)"
    ),
    "other types": foreign(SCHEMA, "CREATE TABLE mixpeek.videos (video_id INTEGER, url BLOB, added_at INTEGER)"),
    "other keys": foreign(
        SCHEMA, "CREATE TABLE mixpeek.videos (video_id VARCHAR NOT NULL, url VARCHAR, mine INTEGER NOT NULL)"
    ),
    "a view": foreign(SCHEMA, "CREATE VIEW mixpeek.videos AS SELECT 1 AS video_id"),
    "a view of the same columns": foreign(SCHEMA, "CREATE VIEW mixpeek.tasks AS SELECT 'x' AS video_id, 1 AS attempt"),
    "a table called like a view": foreign(SCHEMA, "CREATE TABLE mixpeek.latest_tasks (x INTEGER)"),
    "a view called like a view": foreign(SCHEMA, "CREATE VIEW mixpeek.failures AS SELECT 1 AS x"),
    "a table called like a state": foreign(
        "CREATE SCHEMA mixpeek_internal",
        "CREATE TABLE mixpeek_internal.schema_version (v VARCHAR)",
        "INSERT INTO mixpeek_internal.schema_version VALUES ('x')",
    ),
    "a view called like a state": foreign(
        "CREATE SCHEMA mixpeek_internal", "CREATE VIEW mixpeek_internal.loaded_files AS SELECT 1 AS x"
    ),
    "a table in capitals": foreign(SCHEMA, 'CREATE TABLE mixpeek."Videos" ("Number" INTEGER)'),
}

OF_OTHERS = [
    Case(f"somebody else's: {name}", ("status",), ("data/warehouse.duckdb", "mixpeek"), {FILE: content})
    for name, content in OTHERS.items()
]

NEW = "UPDATE mixpeek_internal.schema_version SET fingerprint = 'older'"
CHANGES: dict[str, tuple[str, ...]] = {
    "a column of another type": ("ALTER TABLE mixpeek.videos ALTER url TYPE BLOB USING encode(url)",),
    "a number for a time": ("ALTER TABLE mixpeek.tasks ALTER next_poll_at TYPE INTEGER USING 1",),
    "a column that is gone": ("ALTER TABLE mixpeek.tasks DROP state",),
    "a column that is renamed": ("ALTER TABLE mixpeek.tasks RENAME landed_at TO landed",),
    "a table that is gone": ("DROP TABLE mixpeek.tasks",),
    "a table that is renamed": ("ALTER TABLE mixpeek.tasks RENAME TO tasks_old",),
    "a table that is a view now": (
        "ALTER TABLE mixpeek.tasks RENAME TO t",
        "CREATE VIEW mixpeek.tasks AS FROM mixpeek.t",
    ),
    "the state is gone": ("DROP SCHEMA mixpeek_internal CASCADE",),
    "the schema is gone": ("DROP SCHEMA mixpeek CASCADE",),
    "a view that is gone": ("DROP VIEW mixpeek.latest_tasks",),
    "a version that is no number": (
        "ALTER TABLE mixpeek_internal.schema_version ALTER version TYPE VARCHAR USING 'x'",
    ),
    "a newer version": ("UPDATE mixpeek_internal.schema_version SET version = 99",),
    "older, a column of another type": ("ALTER TABLE mixpeek.videos ALTER url TYPE BLOB USING encode(url)", NEW),
    "older, a table that is a view now": (
        "ALTER TABLE mixpeek.tasks RENAME TO t",
        "CREATE VIEW mixpeek.tasks AS FROM mixpeek.t",
        NEW,
    ),
    "older, a column that must be set": (
        "CREATE TABLE mixpeek.x (a INTEGER)",
        "ALTER TABLE mixpeek.videos ADD COLUMN mine INTEGER DEFAULT 1",
        "ALTER TABLE mixpeek.videos ALTER mine SET NOT NULL",
        NEW,
    ),
}

CHANGED = [
    Case(f"changed: {name}", command, (), {FILE: changed(*statements)}, code=None, writes=True)
    for name, statements in CHANGES.items()
    for command in (("status",), ("plan",), ("retry", "--dry-run"))
]

PLACES = [
    Case("MIXPEEK_WAREHOUSE is the root", ("status",), ("MIXPEEK_WAREHOUSE",), variables={"WAREHOUSE": "/"}),
    Case("a file in the folder's place", ("status",), ("data", "MIXPEEK_DATA_DIR"), {"data": "a file"}),
    Case("the folder is a loop", ("status",), ("data",), {"data": LOOP}),
    Case("the folder is nowhere", ("status",), ("data",), {"data": link_to("/proc/nothing")}),
    Case("the lock is a folder", ("status",), (), {f"{FILE}.lock": None}, code=None),
    Case("the lock is a pipe", ("status",), (), {f"{FILE}.lock": FIFO}, code=None),
    Case("landing is a file", ("status",), (), {FILE: changed(), "data/landing": "a file"}, code=None),
    Case("landing is a loop", ("status",), (), {FILE: changed(), "data/landing": LOOP}, code=None),
    Case("the unfinished file is a folder", ("status",), ("warehouse.duckdb.new",), {f"{FILE}.new": None}),
    Case(
        "a log of another file",
        ("status",),
        (),
        {FILE: changed(), f"{FILE}.wal": b"garbage" * 1_000},
        code=None,
        writes=True,
    ),
    Case("a log that is a folder", ("status",), ("data/warehouse.duckdb",), {FILE: changed(), f"{FILE}.wal": None}),
    Case(
        "a landing file of garbage",
        ("status",),
        (".bad",),
        {FILE: changed(), "data/landing/warehouse.duckdb/tasks-1.ndjson": b"garbage\xff" * 100},
        code=0,
        writes=True,
    ),
    Case(
        "a landing file that is a folder",
        ("status",),
        (),
        {FILE: changed(), "data/landing/warehouse.duckdb/tasks-1.ndjson": None},
        code=None,
    ),
    Case(
        "query: a file cut in half",
        ("query", "FROM mixpeek.videos"),
        ("data/warehouse.duckdb",),
        {FILE: UNUSABLE["cut in half"]},
    ),
    Case(
        "query: spoilt blocks",
        ("query", "SELECT sum(length(url)) FROM mixpeek.videos"),
        ("data/warehouse.duckdb",),
        {FILE: UNUSABLE["all blocks spoilt"]},
    ),
    Case("doctor: a text", ("doctor",), ("data/warehouse.duckdb",), {FILE: "x"}),
    Case("doctor: somebody else's", ("doctor",), ("mixpeek.videos",), {FILE: OTHERS["other columns"]}),
]

DATA_BLOCKS = [
    Case(f"a spoilt block at {start}", command, (), {FILE: overwritten(start, 4_000)}, code=None)
    for start in range(12_288 + 70_000, 12_288 + 262_144 * 6, 262_144)
    for command in (("status",), ("plan",), ("query", "SELECT sum(length(url)) FROM mixpeek.videos"))
]

CASES = [*FILES, *OF_OTHERS, *CHANGED, *PLACES, *DATA_BLOCKS]
