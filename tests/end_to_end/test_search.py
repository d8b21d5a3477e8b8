"""Words, through the local API and its models, to a second of a video in the warehouse."""

import re

import pytest

from mixpeek_local.samples import FOLDER
from tests.fakes.project import Project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which one of the samples was run: a lighthouse at night is its second ten seconds."""
    project = Project(tmp_path_factory.mktemp("search"))
    for name in [name for name in project.environment if name.startswith(("MIXPEEK_", "DAGSTER_"))]:
        del project.environment[name]
    process = project.command("run", "--videos", str(FOLDER / "harbour.mp4"))
    assert process.returncode == 0, process.stdout + process.stderr
    return project


def test_words_find_the_second_of_the_video_in_the_warehouse(project: Project) -> None:
    process = project.command("search", "a lighthouse at night", "--modality", "image", "--limit", "1")

    assert process.returncode == 0, process.stderr
    score, video, moment, modality = process.stdout.splitlines()[1].split()[:4]
    assert (video, modality) == ("harbour.mp4", "image")
    assert re.fullmatch(r"0:1\d\.\d", moment), "the sea is before it, the reef after it"
    statement = re.search(r"SELECT.*;", process.stdout, re.DOTALL)
    assert statement is not None
    [(value, _, start, *_)] = project.sql(statement[0])
    assert f"{value:.3f}" == score
    assert 10 <= start < 20


def test_without_its_models_the_search_says_what_is_missing(project: Project) -> None:
    process = project.command("search", "a lighthouse at night", MIXPEEK_MODELS=str(project.folder / "none"))

    assert process.returncode == 1
    assert "`multimodal` cannot be searched by words." in process.stderr
    assert "Traceback" not in process.stderr
