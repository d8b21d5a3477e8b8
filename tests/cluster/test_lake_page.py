"""What docs/scale.md says of the lake is run."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb
import pytest

from mixpeek_assets.postgres import Postgres
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.extensions import load_extensions
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import DAY, add_videos, asset_reply, done_task, feature, feature_reply, land, video

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
BLOCKS = re.findall(r"```SQL\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def lake(warehouse: Warehouse) -> Warehouse:
    """A lake with a week's worth of commits."""
    for number in range(2):
        add_videos(warehouse, video(f"v{number}"))
        done_task(warehouse, f"v{number}", f"a{number}")
        listed = feature(f"f{number}", text="a lighthouse at sea")
        land(warehouse, "assets", asset_reply(f"a{number}", listed, video_id=f"v{number}"))
        land(warehouse, "vectors", feature_reply(f"f{number}", {"clip": [1, number]}, video_id=f"v{number}", day=DAY))
    return warehouse


@pytest.fixture
def reader(lake: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A DuckDB with its extensions, and how it names the lake: as a user of PostgreSQL who may only read."""
    cluster = load_settings().cluster
    assert cluster is not None
    place = urlsplit(cluster.get_secret_value())
    with Postgres(cluster).connect("test") as owner:
        owner.execute("DROP ROLE IF EXISTS reader")
        owner.execute("CREATE ROLE reader LOGIN PASSWORD 'read only'")
        owner.execute("GRANT USAGE ON SCHEMA mixpeek_lake TO reader")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA mixpeek_lake TO reader")
        monkeypatch.setenv("PGPASSWORD", "read only")
        with duckdb.connect() as connection:
            load_extensions(connection)
            yield connection, f"host={place.hostname} port={place.port} dbname={unquote(place.path[1:])} user=reader"
        owner.execute("DROP OWNED BY reader")
        owner.execute("DROP ROLE reader")


def test_every_statement_of_the_page_runs(reader: tuple[duckdb.DuckDBPyConnection, str]) -> None:
    connection, place = reader
    moment = "2026-11-30 06:00:00+00"
    for block in BLOCKS:
        for statement in connection.extract_statements(
            block.replace("host=db.example dbname=mixpeek user=reader", place)
        ):
            text = statement.query
            if moment in text:
                found = connection.execute("SELECT max(snapshot_time)::VARCHAR FROM warehouse.snapshots()").fetchone()
                assert found is not None
                text = text.replace(moment, found[0])
            answer = connection.execute(text).fetchall()
            if "find_text" in text:
                assert len(answer) == 2
            if "pipeline_status" in text:
                assert answer == [(2, 2)]
    assert len(BLOCKS) == 3
