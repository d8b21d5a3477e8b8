"""The tables as they are declared, and every older, newer or unusable file in their place."""

import struct
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.landing_files import LandingFile
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.schema import SCHEMA_VERSION, TABLES, Table
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.processes import count_rows, run_all
from tests.warehouse.rows import (
    DAY,
    add_videos,
    asset_reply,
    done_task,
    feature,
    feature_reply,
    file_of,
    land,
    query,
    table,
    video,
    warehouse_in,
)


@pytest.fixture
def warehouse(unmade_warehouse: Warehouse) -> Warehouse:
    """Each of these tests sees the warehouse being made."""
    return unmade_warehouse


def change_plainly(warehouse: Warehouse, *statements: str) -> None:
    """Change the file as another program would."""
    with duckdb.connect(file_of(warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def make_older(warehouse: Warehouse, *statements: str) -> None:
    """Take from the file what an older version did not know."""
    change_plainly(warehouse, *statements, "UPDATE mixpeek_internal.schema_version SET fingerprint = 'older'")


def read(warehouse: Warehouse) -> None:
    ask(warehouse, Reader.table_counts)


def write(warehouse: Warehouse) -> None:
    with warehouse.database.transaction():
        pass


by_reading_and_by_writing = pytest.mark.parametrize("use", [read, write])


@pytest.mark.each_on_a_lake
@pytest.mark.parametrize("declared", TABLES, ids=lambda declared: declared.name)
def test_a_new_warehouse_has_each_declared_column_with_its_type_and_meaning(
    warehouse: Warehouse, declared: Table
) -> None:
    found = query(
        warehouse,
        "SELECT column_name, data_type, comment FROM duckdb_columns()"
        " WHERE schema_name = 'mixpeek' AND table_name = $name ORDER BY column_index",
        {"name": declared.name},
    )
    types = {
        column.type: query(warehouse, f"SELECT typeof(NULL::{column.type})")[0][0]
        for column in declared.columns
        if column.type not in ("VARCHAR", "INTEGER", "DATE", "DOUBLE", "JSON")
    }
    assert found == [
        (column.name, types.get(column.type, column.type), column.description) for column in declared.columns
    ]


def test_each_table_says_in_the_catalog_what_a_row_is(warehouse: Warehouse) -> None:
    found = dict(query(warehouse, "SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'mixpeek'"))
    assert found == {declared.name: f"A row is {declared.row}." for declared in TABLES}


def test_the_key_of_each_table_is_among_its_columns() -> None:
    for declared in TABLES:
        assert set(declared.key) <= {column.name for column in declared.columns}


def test_a_warehouse_that_is_opened_again_keeps_its_rows(warehouse: Warehouse, tmp_path: Path) -> None:
    add_videos(warehouse, video("v1"))
    assert [row["video_id"] for row in table(warehouse_in(tmp_path), "videos")] == ["v1"]


@pytest.mark.file
@by_reading_and_by_writing
def test_a_column_that_an_older_warehouse_lacks_is_added_and_its_rows_stay(
    warehouse: Warehouse, use: Callable[[Warehouse], None]
) -> None:
    add_videos(warehouse, video("v1"), video("v2"))
    make_older(
        warehouse,
        "ALTER TABLE mixpeek.videos DROP COLUMN source",
        "ALTER TABLE mixpeek.vectors DROP COLUMN sparse",
    )
    use(warehouse)
    assert [(row["video_id"], row["source"]) for row in table(warehouse, "videos")] == [("v1", None), ("v2", None)]
    described = query(
        warehouse,
        "SELECT column_name, data_type, comment FROM duckdb_columns()"
        " WHERE schema_name = 'mixpeek' AND (table_name, column_name) IN (('videos', 'source'), ('vectors', 'sparse'))"
        " ORDER BY column_name",
    )
    assert described == [
        ("source", "VARCHAR", "The manifest that named it."),
        ("sparse", query(warehouse, "SELECT typeof(sparse) FROM mixpeek.vectors RIGHT JOIN (SELECT 1) ON TRUE")[0][0],
         "The vector, when sparse."),
    ]  # fmt: skip


@pytest.mark.file
def test_rows_go_into_a_column_that_was_added_later(warehouse: Warehouse) -> None:
    read(warehouse)
    # Put back, it stands last: what inserts by position would now put values into the wrong columns.
    make_older(warehouse, "ALTER TABLE mixpeek.videos DROP COLUMN collection")
    add_videos(warehouse, video("v1", collection="films"))
    [row] = table(warehouse, "videos")
    assert (row["collection"], row["url"], row["partition_date"]) == ("films", "https://videos.test/v1.mp4", DAY)


@pytest.mark.file
@by_reading_and_by_writing
def test_a_table_that_is_missing_is_made_again(warehouse: Warehouse, use: Callable[[Warehouse], None]) -> None:
    add_videos(warehouse, video("v1"))
    make_older(warehouse, "DROP TABLE mixpeek.rejects")
    use(warehouse)
    assert ask(warehouse, Reader.table_counts) == {
        "videos": 1, "tasks": 0, "assets": 0, "features": 0, "vectors": 0, "rejects": 0,
    }  # fmt: skip


@pytest.mark.file
def test_tables_and_columns_of_others_are_left_alone(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"))
    change_plainly(
        warehouse,
        *(f"ALTER TABLE mixpeek.{declared.name} ADD COLUMN note VARCHAR DEFAULT 'mine'" for declared in TABLES),
        "CREATE TABLE mixpeek.labels AS SELECT 'v1' AS video_id, 'nice' AS label",
        "CREATE SCHEMA other",
        "CREATE TABLE other.videos (number INTEGER)",
    )
    done_task(warehouse)
    land(warehouse, "assets", asset_reply("a1", feature("f1")))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0]}, text="seen"))
    assert ask(warehouse, Reader.table_counts) == {
        "videos": 1, "tasks": 1, "assets": 1, "features": 1, "vectors": 1, "rejects": 0,
    }  # fmt: skip
    assert [row["note"] for row in table(warehouse, "videos") + table(warehouse, "features")] == ["mine", "mine"]
    assert query(warehouse, "SELECT label FROM mixpeek.labels JOIN mixpeek.videos USING (video_id)") == [("nice",)]
    assert query(warehouse, "SELECT count(*) FROM other.videos") == [(0,)]


@by_reading_and_by_writing
@pytest.mark.file
def test_tables_of_a_newer_version_are_refused_and_stay_as_they_are(
    warehouse: Warehouse, use: Callable[[Warehouse], None]
) -> None:
    read(warehouse)
    newer = SCHEMA_VERSION + 1
    change_plainly(warehouse, f"UPDATE mixpeek_internal.schema_version SET version = {newer}")
    with pytest.raises(WarehouseError) as refused:
        use(warehouse)
    for part in (str(file_of(warehouse)), f"version {newer}", "upgrade", "MIXPEEK_WAREHOUSE"):
        assert part in str(refused.value)
    with duckdb.connect(file_of(warehouse)) as connection:
        assert connection.execute("SELECT version FROM mixpeek_internal.schema_version").fetchall() == [(newer,)]


@pytest.mark.file
@by_reading_and_by_writing
def test_tables_of_an_older_version_are_taken_on(warehouse: Warehouse, use: Callable[[Warehouse], None]) -> None:
    add_videos(warehouse, video("v1"))
    change_plainly(warehouse, "UPDATE mixpeek_internal.schema_version SET version = 0")
    use(warehouse)
    assert query(warehouse, "SELECT version FROM mixpeek_internal.schema_version") == [(SCHEMA_VERSION,)]
    assert len(table(warehouse, "videos")) == 1


@pytest.mark.slow
def test_several_processes_may_make_the_warehouse_at_once(warehouse: Warehouse, tmp_path: Path) -> None:
    run_all([(count_rows, (tmp_path,))] * 4)
    assert query(warehouse, "SELECT count(*) FROM mixpeek_internal.schema_version") == [(1,)]


@by_reading_and_by_writing
@pytest.mark.file
@pytest.mark.parametrize("content", [b"", b"url,collection\nhttps://videos.test/1.mp4,films\n" * 200])
def test_a_file_that_is_no_duckdb_file_is_refused_and_kept(
    warehouse: Warehouse, use: Callable[[Warehouse], None], content: bytes
) -> None:
    file_of(warehouse).write_bytes(content)
    with pytest.raises(WarehouseError, match=r"is not a DuckDB file: move it away, or set MIXPEEK_WAREHOUSE") as error:
        use(warehouse)
    assert str(file_of(warehouse)) in str(error.value)
    assert file_of(warehouse).read_bytes() == content


def _checksum(block: bytes | bytearray) -> int:
    """DuckDB's checksum of a block of whole words."""
    total = 5381
    for (word,) in struct.iter_unpack("<Q", block):
        total ^= (word * 0xBF58476D1CE4E5B9) % 2**64
    return total


def _with_storage_version(content: bytes, version: int) -> bytes:
    """Change the version in the main header of a DuckDB file: 8 bytes of checksum, `DUCK`, 8 bytes of version."""
    header = bytearray(content[8:4096])
    header[4:12] = struct.pack("<Q", version)
    return struct.pack("<Q", _checksum(header)) + bytes(header) + content[4096:]


@by_reading_and_by_writing
@pytest.mark.file
def test_a_file_of_a_newer_duckdb_is_refused_with_what_to_do(
    warehouse: Warehouse, use: Callable[[Warehouse], None]
) -> None:
    read(warehouse)
    written = file_of(warehouse).read_bytes()
    version = struct.unpack("<Q", written[12:20])[0]
    assert _with_storage_version(written, version) == written, "DuckDB's header is no longer as this test knows it"
    newer = _with_storage_version(written, 1_000_000)
    file_of(warehouse).write_bytes(newer)
    with pytest.raises(WarehouseError) as refused:
        use(warehouse)
    for part in (str(file_of(warehouse)), "newer DuckDB", duckdb.__version__, "upgrade duckdb", "MIXPEEK_WAREHOUSE"):
        assert part in str(refused.value)
    assert file_of(warehouse).read_bytes() == newer


@pytest.mark.file
@pytest.mark.parametrize("length", [5_000, 9_000])
def test_a_file_that_was_cut_off_is_refused_by_name(warehouse: Warehouse, length: int) -> None:
    read(warehouse)
    file_of(warehouse).write_bytes(file_of(warehouse).read_bytes()[:length])
    with pytest.raises(WarehouseError, match=str(file_of(warehouse))):
        read(warehouse)


@by_reading_and_by_writing
@pytest.mark.file
def test_a_folder_in_place_of_the_file_is_refused_by_name(
    warehouse: Warehouse, use: Callable[[Warehouse], None]
) -> None:
    file_of(warehouse).mkdir()
    with pytest.raises(WarehouseError, match=str(file_of(warehouse))):
        use(warehouse)


def begin_landing(warehouse: Warehouse) -> None:
    LandingFile(warehouse.landing_folder, "tasks")


def lock_partitions(warehouse: Warehouse) -> None:
    with warehouse.partitions_locked("submit", [DAY]):
        pass


# Nobody may write below /proc, not even root.
@pytest.mark.parametrize("use", [read, write, begin_landing, lock_partitions])
@pytest.mark.parametrize("folder", [Path("a-file"), Path("/proc/mixpeek")], ids=["below a file", "not writable"])
def test_a_data_folder_that_cannot_be_made_is_named_with_the_setting_to_change(
    tmp_path: Path, folder: Path, use: Callable[[Warehouse], None]
) -> None:
    (tmp_path / "a-file").write_text("not a folder")
    with pytest.raises(WarehouseError, match="MIXPEEK_DATA_DIR") as refused:
        use(warehouse_in(tmp_path / folder / "data"))
    assert str(tmp_path / folder) in str(refused.value)
