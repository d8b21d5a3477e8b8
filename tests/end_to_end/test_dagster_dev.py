"""`mixpeek-assets dev`: the real daemon, code server, sensor ticks, run queue, and the local API."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import requests

from tests.fakes.dev import Dev, running_dev, until
from tests.fakes.mixpeek import KEY, ScriptedMixpeek
from tests.fakes.project import Project


@pytest.fixture
def dev(environment: Path) -> Iterator[Dev]:
    project = Project(environment, is_new=True)
    project.environment["MIXPEEK_MODELS"] = str(environment / "none")  # what they see is tested with `run`
    project.environment["MIXPEEK_SINK_PARQUET"] = str(environment / "copied")
    with running_dev(project) as dev:
        yield dev


def landed(project: Project) -> int:
    try:
        return project.sql("SELECT count(*) FROM mixpeek.tasks WHERE landed_at IS NOT NULL")[0][0]
    except duckdb.Error:
        return 0  # not made yet, or a run is writing


def vectors(project: Project) -> int:
    return project.sql("SELECT count(*) FROM mixpeek.vectors")[0][0]


def copied(project: Project) -> int:
    files = f"{project.folder}/copied/*/*/*.parquet"
    try:
        return duckdb.execute("SELECT count(*) FROM read_parquet($files)", {"files": files}).fetchall()[0][0]
    except duckdb.IOException:
        return 0  # none is there yet


def test_with_no_click_at_all_the_samples_become_vectors_and_a_sink_and_ctrl_c_ends_everything(dev: Dev) -> None:
    project = dev.project

    until(lambda: landed(project) == 5, "vectors of all samples")
    until(lambda: copied(project) == vectors(project), "copy of every vector")
    until(lambda: {run["status"] for run in dev.runs()} == {"SUCCESS"}, "end of every run")
    assert {run["jobName"] for run in dev.runs()} == {"mixpeek_ingest", "mixpeek_land", "__ASSET_JOB"}

    said = (project.folder / "dev.log").read_text()
    [page] = re.findall(r"http://127.0.0.1:\d+/#key=\S+", said)
    key = page.partition("#key=")[2]
    assert f"Dagster's UI:         {dev.url}\n" in said
    assert requests.get(page, timeout=20).ok
    assert requests.get(f"{page.partition('/#')[0]}/tasks", headers={"Authorization": f"Bearer {key}"}, timeout=20).ok
    assert "Warning" not in said
    assert "DEBUG" not in said

    status = project.command("status")
    assert status.returncode == 0
    assert str(vectors(project)) in status.stdout

    endpoint = project.folder / "data" / "local_api" / "endpoint.json"
    assert endpoint.exists()
    os.killpg(dev.process.pid, signal.SIGINT)
    assert dev.process.wait(60) == 0
    assert not endpoint.exists(), "the local API has ended too"
    with pytest.raises(requests.ConnectionError):
        requests.get(dev.url, timeout=5)


def test_exported_variables_win_over_dotenv_in_the_code_location_its_sensors_and_its_runs(
    environment: Path, mixpeek: ScriptedMixpeek
) -> None:
    project = Project(environment, is_new=True)
    for name in ("exported", "dotenv"):
        (environment / f"{name}.csv").write_text(f"url\nhttp://videos.test/{name}.mp4\n")
    (environment / ".env").write_text("MIXPEEK_VIDEOS=dotenv.csv\nMIXPEEK_API_KEY=sk_wrong\nMIXPEEK_COLLECTION=films\n")
    project.environment.update({name: value for name, value in os.environ.items() if name.startswith("MIXPEEK_")})
    project.environment["MIXPEEK_VIDEOS"] = "exported.csv"
    with running_dev(project) as dev:
        until(lambda: landed(project) == 1, "landed video")
        os.killpg(dev.process.pid, signal.SIGINT)
        assert dev.process.wait(60) == 0

    assert project.sql("SELECT url, collection FROM mixpeek.videos") == [("http://videos.test/exported.mp4", "films")]
    assert {request.headers["Authorization"] for request in mixpeek.requests} == {f"Bearer {KEY}"}
    assert KEY not in (environment / "dev.log").read_text()


def test_a_port_that_is_taken_is_named_before_anything_starts(environment: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = Project(environment).command("dev", "--port", str(port))

    assert process.returncode == 1
    assert process.stderr == f"Error: port {port} of 127.0.0.1 is in use: give another with --port\n"
