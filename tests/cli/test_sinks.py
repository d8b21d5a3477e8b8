"""`mixpeek-assets sinks`: what it says of each store, and what it writes."""

import json
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.project import Project
from tests.warehouse.rows import DAY, NEXT_DAY, add_videos, feature_reply, land, video

PASSWORD = "not-to-be-shown"
NOBODY = f"postgresql://somebody:{PASSWORD}@127.0.0.1:1/vectors"


@pytest.fixture
def project(warehouse: Warehouse, environment: Path) -> Project:
    """A project with two days of vectors."""
    for number, day in enumerate((DAY, NEXT_DAY)):
        add_videos(warehouse, video(f"v{number}"), day=day)
        land(
            warehouse, "vectors", feature_reply(f"f{number}", {"a": [1.0], "b": [2.0]}, video_id=f"v{number}", day=day)
        )
    return Project(environment)


def states(project: Project, *options: str, **environment: str) -> dict[str, dict[str, Any]]:
    said = project.command("sinks", "--format", "json", *options, **environment)
    return {row["sink"]: row for row in json.loads(said.stdout)}


def test_a_sink_is_off_until_its_variable_is_set(project: Project) -> None:
    found = states(project)
    assert {row["state"] for row in found.values()} == {"off"}
    assert found["lancedb"]["where"] == "set MIXPEEK_SINK_LANCEDB, e.g. data/lancedb, or s3://bucket/prefix"


def test_what_is_behind_is_written_and_then_nothing_is(project: Project) -> None:
    on = {"MIXPEEK_SINK_PARQUET": "copied"}

    before = states(project, **on)["parquet"]
    written = states(project, "--write", **on)["parquet"]
    shown = project.command("sinks", **on)

    assert (before["state"], before["rows"], before["behind"], before["days_behind"]) == ("behind", 0, 4, 2)
    assert (written["state"], written["rows"], written["behind"]) == ("up to date", 4, 0)
    assert "parquet up to date 4 0" in " ".join(shown.stdout.split())
    assert shown.returncode == 0


def test_a_store_that_does_not_answer_stops_no_other_and_its_password_is_not_shown(project: Project) -> None:
    on = {"MIXPEEK_SINK_PGVECTOR": NOBODY, "MIXPEEK_SINK_PARQUET": "copied"}

    said = project.command("sinks", "--write", **on)

    assert said.returncode == 1
    assert "pgvector PostgreSQL at 127.0.0.1:1/vectors does not answer" in said.stdout
    assert "parquet up to date 4 0" in " ".join(said.stdout.split())
    assert "pgvector unavailable 127.0.0.1:1/vectors" in " ".join(said.stdout.split())
    assert PASSWORD not in said.stdout + said.stderr
    assert project.command("query", "SELECT count(*) FROM mixpeek.vectors").returncode == 0


@pytest.mark.usefixtures("mixpeek")
def test_a_run_writes_the_sinks(environment: Path) -> None:
    (environment / "list.csv").write_text("url\nhttp://videos.test/a.mp4\n")
    project = Project(environment)

    said = project.command("run", "--videos", "list.csv", MIXPEEK_SINK_PARQUET="copied")

    vectors = project.sql("SELECT count(*) FROM mixpeek.vectors")[0][0]
    assert said.returncode == 0, said.stdout
    assert f"parquet at {load_settings(sink_parquet='copied').sink_parquet}: {vectors} rows, none behind" in said.stdout
