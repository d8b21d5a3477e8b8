"""The console script, as a user runs it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from mixpeek_assets.warehouse.publishing import published_path
from tests.fakes.mixpeek import KEY, Answer, ScriptedMixpeek, Video
from tests.fakes.project import Project

URL = "http://videos.test/a.mp4"


@pytest.fixture
def project(environment: Path) -> Project:
    return Project(environment)


@pytest.fixture
def listed(project: Project, mixpeek: ScriptedMixpeek) -> Project:
    """A project whose manifest names two videos of the scripted API."""
    (project.folder / "list.csv").write_text(f"url\n{URL}\nhttp://videos.test/b.mp4\n")
    project.environment.update({name: value for name, value in os.environ.items() if name.startswith("MIXPEEK_")})
    project.environment["MIXPEEK_VIDEOS"] = "list.csv"
    return project


def said(process: subprocess.CompletedProcess[str]) -> str:
    return process.stdout + process.stderr


def test_help_names_every_command() -> None:
    script = Path(sys.executable).with_name("mixpeek-assets")
    shown = subprocess.run([script, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout

    for command in ("run", "dev", "status", "plan", "retry", "query", "search", "serve-local-api", "doctor"):
        assert f"\n  {command} " in shown


def test_run_lands_everything_through_an_api_that_the_environment_names(
    listed: Project, mixpeek: ScriptedMixpeek
) -> None:
    process = listed.command("run")

    assert process.returncode == 0, said(process)
    assert "videos 2, tasks 2, assets 2, features 2, vectors 2, rejects 0" in process.stdout
    assert str(published_path(listed.warehouse)) in process.stdout
    assert "mixpeek.similar(" in process.stdout
    assert listed.sql("SELECT count(*) FROM mixpeek.vectors") == [(2,)]
    assert not (listed.folder / "data" / "local_api").exists(), "with a key set, no local API is started"


def test_a_second_run_sends_nothing_and_says_so(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    listed.command("run")
    before = len(mixpeek.requests)

    process = listed.command("run")

    assert process.returncode == 0, said(process)
    assert "Nothing new to submit or fetch." in process.stdout
    assert len(mixpeek.requests) == before


def test_a_run_goes_on_while_a_video_fails_and_exits_with_1(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.videos[URL] = Video(["FAILED"], error="moov atom not found")

    process = listed.command("run")

    assert process.returncode == 1
    assert "moov atom not found" in process.stdout
    assert "1 of 2 videos did not land completely" in process.stdout
    assert listed.sql("SELECT count(*) FROM mixpeek.vectors") == [(1,)]

    mixpeek.videos.pop(URL)
    assert listed.command("run").returncode == 1, "a failed video is not submitted again by itself"
    assert listed.command("run", "--retry-failed").returncode == 0


def test_refresh_fetches_again(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    listed.command("run")
    before = len(mixpeek.asked("GET /features"))

    assert listed.command("run", "--refresh").returncode == 0

    assert len(mixpeek.asked("GET /features")) == before + 2
    assert len(mixpeek.asked("POST /ingest")) == 2


def test_a_run_waits_for_a_reader_that_holds_the_file(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    listed.command("run")
    (listed.folder / "list.csv").write_text("url\nhttp://videos.test/c.mp4\n")
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); sys.stdin.read()"
    log = listed.folder / "run.log"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(listed.warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        process = listed.start(log, "run")
        try:
            deadline = time.monotonic() + 60
            while f"(process {holder.pid}) has it open" not in log.read_text() and time.monotonic() < deadline:
                time.sleep(0.1)
            waiting = log.read_text()
            holder.communicate()
            assert process.wait(60) == 0, log.read_text()
        finally:
            process.kill()

    assert f"(process {holder.pid}) has it open" in waiting
    assert listed.sql("SELECT count(*) FROM mixpeek.vectors") == [(3,)]


def not_duckdb(project: Project) -> None:
    project.warehouse.parent.mkdir()
    project.warehouse.write_text("hello " * 1000)


def from_the_future(project: Project) -> None:
    project.command("status")
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("UPDATE mixpeek_internal.schema_version SET version = 99")


def data_is_a_file(project: Project) -> None:
    (project.folder / "data").write_text("")


@pytest.mark.parametrize(
    ("prepare", "environment_", "sentence"),
    [
        (None, {"MIXPEEK_VIDEOS": "nowhere.csv"}, "there is no such file, folder or pattern"),
        (None, {"MIXPEEK_VIDEOS": "workspace.yaml/x"}, "there is no such file, folder or pattern"),
        (None, {"MIXPEEK_API_KEY": "sk_wrong"}, "Set MIXPEEK_API_KEY to a key that this server accepts"),
        (None, {"MIXPEEK_API_KEY": "sk two"}, "MIXPEEK_API_KEY: contains a character that no API key has"),
        (None, {"MIXPEEK_API_URL": "http://127.0.0.1:9"}, "no server at http://127.0.0.1:9"),
        (None, {"MIXPEEK_API_URL": "mixpeek"}, "MIXPEEK_API_URL: must be an http(s) URL"),
        (None, {"MIXPEEK_API_KEY": ""}, "MIXPEEK_API_URL is set and MIXPEEK_API_KEY is not"),
        (None, {"MIXPEEK_CONCURRENCY": "0"}, "MIXPEEK_CONCURRENCY"),
        (None, {"DAGSTER_HOME": "elsewhere"}, "has no dagster.yaml"),
        (not_duckdb, {}, "is not a DuckDB file: move it away"),
        (from_the_future, {}, "was written by a newer mixpeek_assets"),
        (data_is_a_file, {}, "MIXPEEK_DATA_DIR"),
    ],
)
def test_a_mistake_gets_one_sentence_no_traceback_and_a_bad_exit_code(
    prepare: object, environment_: dict[str, str], sentence: str, listed: Project, mixpeek: ScriptedMixpeek
) -> None:
    if callable(prepare):
        prepare(listed)

    process = listed.command("run", **environment_)

    assert process.returncode == 1
    assert sentence in said(process)
    assert "Traceback" not in said(process)
    assert len(process.stderr.strip().splitlines()) == 1, process.stderr


def test_no_credits_are_told_apart_from_a_wrong_key(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    broke = {"error": "Unauthorized", "message": "Insufficient credits to process", "details": {"required_credits": 9}}
    mixpeek.script("POST /ingest", Answer(broke, 401), for_ever=True)

    process = listed.command("run")

    assert process.returncode == 1
    assert "Insufficient credits to process" in said(process)
    assert "Traceback" not in said(process)
    assert listed.sql("SELECT count(*) FROM mixpeek.videos") == [(2,)], "what was stored stays"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("url\n", "lists no video"),
        ("link\nhttp://x/a.mp4\n", "has no column `url`"),
        ("url\nftp://x/a.mp4\n", "is not an http(s) URL"),
        ("url\nclips/a.mp4\n", "is a local path, which only the local API can read"),
    ],
)
def test_a_manifest_without_a_usable_row_gets_one_sentence(
    text: str, sentence: str, listed: Project, mixpeek: ScriptedMixpeek
) -> None:
    (listed.folder / "list.csv").write_text(text)

    process = listed.command("run")

    assert process.returncode == 1
    assert sentence in process.stderr
    assert "Traceback" not in said(process)
    assert mixpeek.requests == []


def test_rows_that_cannot_be_used_are_named_and_the_others_land(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    (listed.folder / "list.csv").write_text(f"url,added_at\n{URL},\nhttp://videos.test/b.mp4,soon\n")

    process = listed.command("run")

    assert process.returncode == 1
    assert "list.csv row 2 added_at is soon, which is no date" in process.stdout
    assert listed.sql("SELECT count(*) FROM mixpeek.vectors") == [(1,)]


def test_status_shows_every_partition_and_what_went_wrong(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.videos[URL] = Video(["FAILED"], error="moov atom not found")
    listed.command("run")

    process = listed.command("status")

    assert process.returncode == 0
    header, row = process.stdout.splitlines()[:2]
    assert dict(zip(header.split()[2:], row.split()[2:], strict=True)) == {
        "videos": "2",
        "landed": "1",
        "failed": "1",
        "features": "1",
        "vectors": "1",
    }
    assert "moov atom not found" in process.stdout


def test_status_of_an_empty_project_says_how_to_begin(project: Project) -> None:
    assert "has no videos yet" in project.command("status").stdout


def test_query_runs_sql_read_only(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    listed.command("run")

    assert "2" in listed.command("query", "SELECT count(*) AS n FROM mixpeek.vectors").stdout
    denied = listed.command("query", "DELETE FROM mixpeek.vectors")
    assert denied.returncode == 1
    assert "read-only" in denied.stderr
    assert listed.sql("SELECT count(*) FROM mixpeek.vectors") == [(2,)]


def test_doctor_finds_nothing_to_mend_in_a_sound_project(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    process = listed.command("doctor")

    assert process.returncode == 0, said(process)
    assert "All checks passed" in process.stdout
    assert KEY not in said(process)


def test_doctor_names_the_models_that_the_local_api_lacks(environment: Path) -> None:
    project = Project(environment)
    for name in ("MIXPEEK_API_KEY", "MIXPEEK_API_URL"):
        project.environment.pop(name, None)

    process = project.command("doctor", MIXPEEK_MODELS=str(environment / "none"))

    assert process.returncode == 1
    assert "Speech is not transcribed. The model whisper-tiny-en is missing" in process.stdout
    assert "(local) answers" in process.stdout


def test_doctor_says_how_to_query_a_file_that_is_called_like_the_schema(
    listed: Project, mixpeek: ScriptedMixpeek
) -> None:
    process = listed.command("doctor", MIXPEEK_WAREHOUSE="data/mixpeek.duckdb")

    assert process.returncode == 0
    assert "USE mixpeek.mixpeek" in process.stdout
    with duckdb.connect(str(listed.folder / "data" / "mixpeek.duckdb"), read_only=True) as connection:
        connection.execute("USE mixpeek.mixpeek")
        assert connection.execute("SELECT count(*) FROM videos").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("environment_", "sentence"),
    [
        ({"MIXPEEK_API_KEY": "sk_wrong"}, "Invalid API key"),
        ({"MIXPEEK_API_URL": "http://127.0.0.1:9"}, "no server at"),
        ({"MIXPEEK_VIDEOS": "nowhere.csv"}, "there is no such file"),
        ({"MIXPEEK_CONCURRENCY": "x"}, "MIXPEEK_CONCURRENCY"),
    ],
)
def test_doctor_names_what_is_to_be_mended(
    environment_: dict[str, str], sentence: str, listed: Project, mixpeek: ScriptedMixpeek
) -> None:
    process = listed.command("doctor", **environment_)

    assert process.returncode == 1
    assert sentence in process.stdout
    assert "Traceback" not in said(process)


def test_the_key_is_in_no_file_that_a_failing_run_leaves(listed: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.script("GET /features", Answer(f"your key is {KEY}".encode(), 400), for_ever=True)

    process = listed.command("run")

    assert process.returncode == 1
    assert KEY not in said(process)
    left = [file for file in listed.folder.rglob("*") if file.is_file()]
    assert len(left) > 5
    assert [file for file in left if KEY.encode() in file.read_bytes()] == []
