"""DuckDB's extensions for search, which are packaged for DuckDB 1.5.5 alone, on what is published."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.environments import python_with
from tests.warehouse.rows import add_videos, asset_reply, feature, feature_reply, land, publisher_of, video, write

pytestmark = pytest.mark.file

ROOT = Path(__file__).parents[2]
SAID = ["a boat on the sea", "the sea at night, the sea by day", "a lamp", "night in the city with a lamp and a boat"]


@pytest.fixture
def answers(warehouse: Warehouse) -> dict[str, Any]:
    """What another program with DuckDB 1.5.5 and its extensions finds in a published file."""
    chance = np.random.default_rng(3)
    add_videos(warehouse, video("v1"))
    names = [f"f{number}" for number in range(40)]
    said = {name: {"description": SAID[number % 4] + " again" * (number // 4)} for number, name in enumerate(names)}
    write(warehouse.landing_folder, "assets", asset_reply("a1", *(feature(name, **said[name]) for name in names)))
    land(warehouse, "vectors", *(feature_reply(name, {"clip": chance.normal(size=16).tolist()}) for name in names))
    publisher_of(warehouse).publish("now")
    assert not publisher_of(warehouse).is_behind()
    python = python_with(ROOT / "locks" / "duckdb-extensions.txt")
    command = [python, Path(__file__).with_name("extensions.py"), publisher_of(warehouse).path, "clip", "sea night"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env={})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_extensions_index_what_is_published_and_find_what_the_macros_find(answers: dict[str, Any]) -> None:
    assert answers["version"] == "1.5.5"
    assert "HNSW_INDEX_SCAN" in answers["plan"]
    assert answers["by graph"] == answers["nearest"]
    assert answers["by fts"][:10] == answers["find_text"]
