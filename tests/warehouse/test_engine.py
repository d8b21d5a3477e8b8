"""One DuckDB serves a process's openings of its files, one after the other, and nothing of one is left in the next."""

import duckdb
import pytest

from mixpeek_assets.warehouse import engine
from mixpeek_assets.warehouse.engine import OpenFile
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.processes import open_plainly, run
from tests.warehouse.rows import file_of

pytestmark = pytest.mark.file


def test_duckdb_is_started_once(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    connect = duckdb.connect
    monkeypatch.setattr(engine, "_idle", {})
    monkeypatch.setattr(duckdb, "connect", lambda **given: started.append(given) or connect(**given))

    for _ in range(3):
        ask(warehouse, Reader.open_tasks)
        with warehouse.database.transaction() as connection:
            connection.execute("SELECT 1")

    assert len(started) == 1


def test_what_is_temporary_ends_with_the_opening(warehouse: Warehouse) -> None:
    with warehouse.database.connection() as connection:
        connection.execute("CREATE TEMP TABLE mine AS SELECT 1 AS one")
    with warehouse.database.connection() as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("FROM mine")


@pytest.mark.slow
def test_a_closed_file_is_free_for_another_process_and_wholly_written(warehouse: Warehouse) -> None:
    with warehouse.database.transaction() as connection:
        connection.execute("INSERT INTO mixpeek.videos (video_id) VALUES ('v1')")

    assert not file_of(warehouse).with_name(f"{file_of(warehouse).name}.wal").exists()
    run(open_plainly, file_of(warehouse), False)


def test_an_engine_that_cannot_let_go_is_ended(warehouse: Warehouse) -> None:
    ask(warehouse, Reader.open_tasks)
    file = OpenFile(file_of(warehouse))
    file._engine.execute("DETACH warehouse")

    file.close()

    assert ask(warehouse, Reader.open_tasks).tasks == 0
