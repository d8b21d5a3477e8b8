"""What `doctor` warns of, and where it says that a variable comes from."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from mixpeek_assets.cli.main import cli
from tests.fakes.mixpeek import KEY, ScriptedMixpeek
from tests.fakes.project import Project


@pytest.fixture
def project(environment: Path, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch) -> Project:
    (environment / "list.csv").write_text("url\nhttp://videos.test/a.mp4\n")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    monkeypatch.setenv("DAGSTER_HOME", str(environment / "dagster_home"))
    return Project(environment)


def lines_of_doctor() -> dict[str, str]:
    """Return what each check says, by its name; the verdict has none."""
    process = CliRunner().invoke(cli, ["doctor"])
    assert process.exit_code == 0, process.stdout
    assert KEY not in process.stdout
    assert "secret" not in process.stdout
    lines = process.stdout.splitlines()
    return {line.split(":")[0].split(maxsplit=1)[1]: line for line in lines[:-1]} | {"": lines[-1]}


def test_rows_that_cannot_be_used_are_a_warning(project: Project) -> None:
    assert lines_of_doctor()[""] == "All checks passed."
    (project.folder / "list.csv").write_text("url,added_at\nhttp://videos.test/a.mp4,\nhttp://videos.test/b.mp4,soon\n")

    said = lines_of_doctor()

    assert said["videos"].startswith("warn videos: list.csv, 1 video. 1 of 2 rows cannot be used and are left out; the")
    assert said[""] == "All checks passed, with 1 warning."


def test_a_variable_of_the_environment_wins_over_dotenv_and_doctor_says_so(project: Project) -> None:
    (project.folder / ".env").write_text(
        "MIXPEEK_VIDEOS=nowhere.csv\nMIXPEEK_API_KEY=sk_secret\nMIXPEEK_CONCURRENCY=3\nMIXPEEK_NAMESPACE=\nOTHER=1\n"
    )

    said = lines_of_doctor()

    assert said["variables"] == (
        "ok   variables: MIXPEEK_API_KEY, MIXPEEK_VIDEOS from the environment, which wins over .env;"
        " MIXPEEK_API_STYLE, MIXPEEK_API_URL, MIXPEEK_REQUESTS_PER_MINUTE from the environment;"
        " MIXPEEK_CONCURRENCY from .env"
    )
    assert "list.csv" in said["videos"]
    assert "3 in flight" in said["environment"]


def test_a_variable_that_nothing_reads_is_a_warning(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_VIDEO", "secret")
    (project.folder / ".env").write_text("DAGSTER_HOME=/secret\n")

    said = lines_of_doctor()["variables"]

    assert said.startswith(
        "warn variables: MIXPEEK_VIDEO is no setting (did you mean MIXPEEK_VIDEOS?);"
        " DAGSTER_HOME in .env is not read: export it; "
    )
