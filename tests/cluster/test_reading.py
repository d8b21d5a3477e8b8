"""A lake is read as a file is: by the command, from Python, and by a program that has only what `doctor` prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import mixpeek_assets
from deploy.services import PostgresServer
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.commands import give
from tests.warehouse.rows import add_videos, feature_reply, land, video


@pytest.fixture
def landed(warehouse: Warehouse) -> Warehouse:
    """Three vectors of two videos."""
    add_videos(warehouse, video("v1"), video("v2"))
    replies = {"east": [1, 0], "north": [0, 1], "north-east": [1, 1]}
    land(warehouse, "vectors", *(feature_reply(name, {"clip": vector}) for name, vector in replies.items()))
    return warehouse


def test_the_command_reads_it(landed: Warehouse, tmp_path: Path) -> None:
    sql = "SELECT feature_id FROM mixpeek.nearest('clip', [2, 0], k := 2)"
    done = give(["query", sql, "--format", "csv"], tmp_path, os.environ)
    assert done.stdout.split() == ["feature_id", "east", "north-east"]


def test_python_reads_it_and_cannot_write(landed: Warehouse) -> None:
    lake = mixpeek_assets.connect()
    assert lake.query("SELECT count(*) AS vectors FROM mixpeek.vectors")["vectors"].tolist() == [3]
    assert lake.nearest("clip", "east", k=1)["feature_id"].tolist() == ["north-east"]
    with pytest.raises(duckdb.Error, match="read-only"):
        lake.query("DELETE FROM mixpeek.vectors")


def test_any_duckdb_opens_it_by_what_doctor_prints(landed: Warehouse, postgres: PostgresServer, tmp_path: Path) -> None:
    said = give(["doctor"], tmp_path, os.environ).stdout
    statements = re.findall(r"(?:CREATE SECRET|ATTACH) .*?;", said)
    assert len(statements) == 1  # of a lake in a folder
    assert postgres.password not in said
    code = f"""
import duckdb
from mixpeek_assets.warehouse.extensions import load_extensions
reader = duckdb.connect()
load_extensions(reader)
for statement in {[*statements, "USE warehouse"]!r}:
    reader.execute(statement)
print(reader.sql("SELECT count(*) FROM mixpeek.vectors").fetchall())
"""
    environment = {**os.environ, "PGPASSWORD": postgres.password}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[(3,)]", done.stderr
