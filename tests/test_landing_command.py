"""The command that the local API's page shows: it lands where the server was started."""

import shlex
from pathlib import Path

import pytest

from mixpeek_assets.landing_command import landing_command
from mixpeek_assets.settings import load_settings


@pytest.fixture
def project(environment: Path) -> Path:
    (environment / "dagster_home").mkdir()
    (environment / "dagster_home" / "dagster.yaml").touch()
    return environment


def test_it_goes_to_the_project_and_runs_its_own_script(project: Path) -> None:
    _cd, folder, _and, script, *options = shlex.split(landing_command(load_settings()))

    assert folder == str(project)
    assert Path(script).is_file()
    assert options == ["run", "--videos"]


def test_it_names_the_places_that_are_not_the_usual_ones(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "my home").mkdir()
    (project / "my home" / "dagster.yaml").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(project / "my home"))
    monkeypatch.setenv("MIXPEEK_DATA_DIR", "my data")
    monkeypatch.setenv("MIXPEEK_WAREHOUSE", "/tables.duckdb")

    assert shlex.split(landing_command(load_settings()))[3:6] == [
        f"DAGSTER_HOME={project}/my home",
        f"MIXPEEK_DATA_DIR={project}/my data",
        "MIXPEEK_WAREHOUSE=/tables.duckdb",
    ]


def test_there_is_none_outside_of_a_project(environment: Path) -> None:
    assert landing_command(load_settings()) == ""


def test_there_is_none_where_videos_go_to_another_api(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_API_KEY", "sk_1")

    assert landing_command(load_settings()) == ""
