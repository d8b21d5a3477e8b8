"""Names and texts of a manifest and of a server, hostile ones, through every path: they are text, and nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import dagster as dg
import duckdb
import pytest

from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.settings import load_settings
from mixpeek_assets.sql_files import literal
from mixpeek_assets.warehouse.schema import TableName
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.views import view_name
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.checks import broken, day_check
from tests.fakes.mixpeek import KEY, Answer, ScriptedMixpeek, scripted_mixpeek
from tests.fakes.pipeline import TODAY
from tests.fakes.project import Project
from tests.security.hostile_api import EVERY, Named, rows, teach, write_manifest
from tests.security.names import NAMES

SEARCH = "^POST /features/search$"

# What no terminal may get; the line breaks are ours.
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def mixpeek() -> Iterator[ScriptedMixpeek]:
    with scripted_mixpeek() as server:
        teach(server)
        yield server


@pytest.fixture(scope="module")
def project(mixpeek: ScriptedMixpeek, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("project"))
    write_manifest(project.folder / "list.json")
    project.environment.update(
        COLUMNS="5000",
        MIXPEEK_API_KEY=KEY,
        MIXPEEK_API_URL=mixpeek.url,
        MIXPEEK_REQUESTS_PER_MINUTE="0",
        MIXPEEK_VIDEOS="list.json",
    )
    return project


@pytest.fixture(scope="module")
def ran(project: Project) -> CompletedProcess[str]:
    """The run that ingested it all."""
    return project.command("run")


@pytest.fixture
def landed(project: Project, ran: CompletedProcess[str]) -> Project:
    """The project after its run."""
    return project


@pytest.fixture
def instance(landed: Project) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(landed.folder / "dagster_home")) as instance:
        yield instance


def assert_is_harmless(process: CompletedProcess[str], code: int) -> None:
    said = process.stdout + process.stderr
    assert "Traceback" not in said, said[-3000:]
    assert process.returncode == code, said
    assert CONTROLS.findall(said) == []


def assert_nothing_was_executed(project: Project) -> None:
    assert [file for file in project.folder.rglob("owned*") if file.is_file()] == []
    assert project.sql("SELECT count(*) FROM mixpeek.videos") == [(2 * len(EVERY),)]


def test_a_run_says_how_each_video_fared_in_plain_text(ran: CompletedProcess[str], landed: Project) -> None:
    assert_is_harmless(ran, 1)
    assert_nothing_was_executed(landed)
    assert f"Rows: videos {2 * len(EVERY)}, tasks {2 * len(EVERY)}, assets {len(EVERY)}" in ran.stdout
    assert "Which moments are most similar to this one?" in ran.stdout
    comment = next(line for line in ran.stdout.splitlines() if f" -- {' '.join(EVERY[0].name.splitlines())}" in line)
    assert "COPY (SELECT 1) TO 'owned.csv';" in comment
    assert NAMES["rich markup"] in ran.stdout
    assert r"\x1b[31m\x1b]0;owned\x07\x9b2J\x08" in ran.stdout
    assert NAMES["emoji"] in ran.stdout


def test_the_tables_hold_every_text_unchanged(landed: Project) -> None:
    videos = landed.sql("SELECT url, collection, metadata FROM mixpeek.videos")
    assert {url: (collection, json.loads(metadata)) for url, collection, metadata in videos} == {
        row["url"]: (row["collection"], row["metadata"]) for row in rows()
    }

    tasks = landed.sql(
        "SELECT url, task_id, tasks.asset_id, state FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id)"
    )
    assert {task for task in tasks if task[3] == "done"} == {
        (one.url, f"task {one.name} {one.number}", one.asset_id, "done") for one in EVERY
    }
    errors = landed.sql(
        "SELECT url, tasks.error FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id) WHERE state = 'failed'"
    )
    assert {url: json.loads(error) for url, error in errors} == {one.bad_url: {"message": one.name} for one in EVERY}

    assets = landed.sql(
        "SELECT asset_id, collection_id, status, modality, url, metadata, error, payload FROM mixpeek.assets"
    )
    assert {(*row[:5], _sorted(row[5]), json.loads(row[6])) for row in assets} == {
        (one.asset_id, one.collection, one.name, one.name, one.url, _sorted(json.dumps(one.metadata)), one.name)
        for one in EVERY
    }
    assert {json.loads(row[7])["asset_id"] for row in assets} == {one.asset_id for one in EVERY}


def test_features_and_vectors_hold_every_text_unchanged(landed: Project) -> None:
    columns = "feature_id, asset_id, modality, text, transcription, description"
    features = landed.sql(f"SELECT {columns}, payload FROM mixpeek.features WHERE description IS NOT NULL")
    assert {row[:6] for row in features} == {
        (one.feature_id, one.asset_id, one.name, one.name, one.name, one.name) for one in EVERY
    }
    assert all(json.loads(row[6])[row[3]] == row[3] for row in features)
    vectors = landed.sql("SELECT feature_id, vector_name FROM mixpeek.vectors")
    assert set(vectors) == {(one.feature_id, name) for one in EVERY for name in (one.name, "shared")}
    rejects = landed.sql("SELECT object_id, endpoint FROM mixpeek.rejects")
    assert set(rejects) == {(one.missing_id, "GET /features/{id}") for one in EVERY}


def test_every_id_reaches_the_server_as_it_was_given(landed: Project, mixpeek: ScriptedMixpeek) -> None:
    assert len(mixpeek.asked("^POST /ingest")) == 2 * len(EVERY)
    assert len(mixpeek.asked("^GET /assets/")) == len(EVERY)
    assert len(mixpeek.asked("^GET /features/")) == 2 * len(EVERY)


@pytest.mark.parametrize("one", EVERY, ids=NAMES)
def test_views_and_macros_take_every_name_for_a_name(landed: Project, one: Named) -> None:
    if "\x00" not in one.name:  # which cannot stand in the text of a view
        found = landed.sql(f"SELECT feature_id, typeof(embedding) FROM mixpeek.{view_name(one.name)}")
        assert found == [(one.feature_id, "FLOAT[2]")]
    nearest = landed.sql("SELECT feature_id FROM mixpeek.nearest(?, [3, 4])", [one.name])
    assert nearest == [(one.feature_id,)]
    call = f"mixpeek.similar({literal(one.feature_id)}, 'shared', k := 99)"
    similar = landed.sql(f"SELECT feature_id, similarity FROM {call}")
    assert {name for name, _ in similar} == {other.feature_id for other in EVERY if other != one}
    assert_nothing_was_executed(landed)


@pytest.mark.parametrize(("table", "check"), [("tasks", "succeeded"), ("vectors", "whole")])
def test_the_checks_show_foreign_texts_in_cells_with_the_reason(landed: Project, table: TableName, check: str) -> None:
    failed = day_check(Warehouse(Site.of_file(landed.warehouse)), table, check, TODAY)
    assert failed.metadata["failing_rows"].value == len(EVERY)
    rows = broken(failed)
    assert len(rows) == len(EVERY)
    assert CONTROLS.findall("".join(map(str, rows)) + str(failed.description)) == []
    assert all("410: it is gone" in row["reason"] or row["state"] == "failed" for row in rows)


def test_what_a_materialization_shows_is_the_text_itself(instance: dg.DagsterInstance) -> None:
    for asset in ("videos", "tasks", "assets", "features", "vectors"):
        event = instance.get_latest_materialization_event(dg.AssetKey(["mixpeek", asset]))
        assert event is not None
        assert event.asset_materialization is not None
        preview = event.asset_materialization.metadata["preview"]
        assert isinstance(preview, dg.TableMetadataValue)
        assert len(preview.records) == 5
        assert CONTROLS.findall("".join(str(record.data) for record in preview.records)) == []


def test_status_prints_plain_text(landed: Project) -> None:
    process = landed.command("status", "--problems", "100")
    assert_is_harmless(process, 0)
    assert NAMES["rich markup"] in process.stdout


def test_query_prints_plain_text(landed: Project) -> None:
    process = landed.command("query", "SELECT * FROM mixpeek.features JOIN mixpeek.videos USING (video_id)")
    assert_is_harmless(process, 0)
    assert len(process.stdout.splitlines()) == 1 + 2 * len(EVERY), "a row is a line"
    assert "[red]a[/red] [/foo]" in process.stdout


def test_an_error_of_a_query_is_plain_text(landed: Project) -> None:
    every = " | ".join(NAMES.values()).replace("\x00", "")  # which no argument of a command can hold
    process = landed.command("query", f"SELECT error({literal(every)})")
    assert_is_harmless(process, 1)
    assert NAMES["rich markup"] in process.stderr


def test_search_prints_plain_text_and_the_sql_finds_the_same(landed: Project, mixpeek: ScriptedMixpeek) -> None:
    hits = [{"feature_id": one.feature_id, "score": 0.5} for one in EVERY]
    mixpeek.script(
        SEARCH, Answer({"results": [*hits, {"feature_id": "'); DROP TABLE mixpeek.videos; --", "score": 0.1}]})
    )

    process = landed.command("search", "a lighthouse", "--limit", "100")

    assert_is_harmless(process, 0)
    assert_nothing_was_executed(landed)
    assert f"1 of {len(EVERY) + 1} hits are not in the warehouse" in process.stdout
    assert len(re.findall("^0.500 ", process.stdout, re.MULTILINE)) == len(EVERY)


def test_what_a_server_says_of_a_failure_is_plain_text(landed: Project, mixpeek: ScriptedMixpeek) -> None:
    words = " ".join(NAMES[name] for name in ("escape sequences", "rich markup", "marks of direction"))
    refusal = Answer({"error": {"message": words, "type": words}}, 422)
    mixpeek.unscript()
    mixpeek.script(SEARCH, refusal)
    mixpeek.script("^GET /tasks/0000", refusal)

    mixpeek.script(SEARCH, Answer({"results": [words]}))

    search = ("search", "a lighthouse", "--collection", words)
    for process in (landed.command(*search), landed.command(*search), landed.command("doctor")):
        assert_is_harmless(process, 1)
        assert NAMES["rich markup"] in process.stdout + process.stderr
    mixpeek.unscript()


def test_rows_of_a_manifest_that_cannot_be_used_are_named_in_plain_text(landed: Project) -> None:
    manifest = landed.folder / "bad.json"
    bad: list[dict[str, Any]] = [{"url": "http://videos.test/0/x", "added_at": name} for name in NAMES.values()]
    manifest.write_text(json.dumps([*bad, *({"url": f"{name}://x"} for name in NAMES.values())]), encoding="utf-8")

    process = landed.command("run", MIXPEEK_VIDEOS="bad.json")

    assert_is_harmless(process, 1)
    assert f"None of the {2 * len(NAMES)} rows of bad.json can be used" in process.stderr


def csv_of(listed: list[dict[str, Any]]) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    lines = [f"{cell(row['url'])},{cell(row['collection'])},{cell(json.dumps(row['metadata']))}" for row in listed]
    return "\n".join(["url,collection,metadata", *lines, ""])


@pytest.mark.parametrize("kind", ["json", "ndjson", "csv", "parquet"])
def test_every_kind_of_manifest_gives_the_names_unchanged(environment: Path, kind: str) -> None:
    # A CSV file cannot hold a zero byte.
    listed = [row for row in rows() if kind != "csv" or "\x00" not in row["url"]]
    path = environment / f"list.{kind}"
    if kind == "parquet":
        with duckdb.connect() as connection:
            text = [{**row, "metadata": json.dumps(row["metadata"])} for row in listed]
            connection.execute(f"COPY (SELECT unnest($rows, max_depth := 2)) TO '{path}'", {"rows": text})
    elif kind == "csv":
        path.write_text(csv_of(listed), encoding="utf-8", newline="")
    else:
        path.write_text(
            "\n".join(map(json.dumps, listed)) if kind == "ndjson" else json.dumps(listed), encoding="utf-8"
        )

    with read_manifest(load_settings(), str(path)) as manifest, duckdb.connect() as connection:
        assert manifest.problems == []
        read = connection.execute(f"SELECT url, collection, metadata FROM '{manifest.videos}'").fetchall()

    assert {(url, collection, _sorted(metadata)) for url, collection, metadata in read} == {
        (row["url"], row["collection"], _sorted(json.dumps(row["metadata"]))) for row in listed
    }
    assert list(environment.glob("owned*")) == []


def _sorted(text: str) -> str:
    """JSON in one order of its names."""
    return json.dumps(json.loads(text), sort_keys=True)
