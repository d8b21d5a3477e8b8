"""Replies as raw bytes, served over HTTP, landed, and read back from the DuckDB file."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

import orjson

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import Answer, ScriptedMixpeek
from tests.fakes.pipeline import land, let_pass
from tests.warehouse.rows import all_tables

Row = dict[str, Any]
TABLES = ("assets", "features", "vectors", "rejects")
_JSON_COLUMNS = ("metadata", "payload", "error")


def serve(mixpeek: ScriptedMixpeek, assets: Mapping[str, bytes], details: Mapping[str, Answer | bytes]) -> None:
    """Have the bodies of assets and features be these bytes."""
    for asset_id, body in assets.items():
        _script(mixpeek, f"/assets/{quote(asset_id, safe='')}/features", body)
    for feature_id, body in details.items():
        _script(mixpeek, f"/features/{quote(feature_id, safe='')}", body)


def _script(mixpeek: ScriptedMixpeek, path: str, body: Answer | bytes) -> None:
    answer = body if isinstance(body, Answer) else Answer(body)
    mixpeek.script(f"^GET {re.escape(path)}$", answer, for_ever=True)


def finish_tasks(warehouse: Warehouse, asset_ids: list[str], day: date) -> None:
    """Have tasks be over that made these assets, each of a video of its own."""
    with warehouse.database.transaction() as connection:
        connection.execute(
            "INSERT INTO mixpeek.tasks BY NAME SELECT 'video of ' || unnest($assets) AS video_id, 1 AS attempt,"
            " 'done' AS state, unnest($assets) AS asset_id, 1 AS polls, now() AS settled_at, $day AS partition_date",
            {"assets": asset_ids, "day": day},
        )


def landed(warehouse: Warehouse, day: date, *, refresh: bool = False) -> dict[str, list[Row]]:
    """Land a day, and return its rows, with what is JSON read."""
    let_pass(hours=1)  # what is a 404 by then is none that heals
    for step in land(refresh=refresh, day=day):
        assert step.unfinished == []
    tables = all_tables(warehouse)
    return {name: [_read(row) for row in tables[name] if row["partition_date"] == day] for name in TABLES}


def _read(row: Row) -> Row:
    return {
        name: orjson.loads(value) if name in _JSON_COLUMNS and value is not None else value
        for name, value in row.items()
    }
