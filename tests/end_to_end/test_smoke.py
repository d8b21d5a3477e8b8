"""The smoke test of the real API, against the local one in the style of today."""

from pathlib import Path

from tests.fakes.project import Project


def test_the_smoke_test_lands_a_sample_through_the_local_api(environment: Path) -> None:
    process = Project(environment).command("smoke", "--yes")

    assert process.returncode == 0, process.stdout + process.stderr
    assert "videos 1, tasks 1, assets 1, features " in process.stdout
    assert "the video was submitted, polled and landed" in process.stdout
    assert not (environment / "data").exists(), "it has a warehouse of its own"
