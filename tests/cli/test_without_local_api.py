"""Without the extras `local` and `ui` everything works with a key, and else one sentence says what to install."""

import os
from pathlib import Path

import pytest

from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.project import Project

# Not those that the core's own packages bring: certifi, filelock, numpy.
HIDDEN = "fastapi starlette uvicorn av onnxruntime tokenizers PIL faster_whisper ctranslate2 dagster_webserver"
HIDE = f"""
import sys
from importlib.machinery import PathFinder

class WithoutExtras(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {set(HIDDEN.split())} else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutExtras
"""


@pytest.fixture
def project(environment: Path) -> Project:
    """A project whose Python has none of the packages of the extras."""
    hidden = environment / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(HIDE)
    project = Project(environment)
    project.environment["PYTHONPATH"] = os.pathsep.join([str(hidden), os.environ.get("PYTHONPATH", "")])
    return project


def test_with_a_key_everything_lands(project: Project, mixpeek: ScriptedMixpeek) -> None:
    (project.folder / "list.csv").write_text("url\nhttp://videos.test/a.mp4\n")
    project.environment |= {name: value for name, value in os.environ.items() if name.startswith("MIXPEEK_")}

    process = project.script("run", "--videos", "list.csv")

    assert process.returncode == 0, process.stdout + process.stderr
    assert project.sql("SELECT count(*) FROM mixpeek.vectors") == [(1,)]


@pytest.mark.parametrize("command", ["run", "serve-local-api"])
def test_without_a_key_one_sentence_says_what_to_install(command: str, project: Project) -> None:
    process = project.script(command)

    assert process.returncode == 1
    assert process.stderr == (
        "Error: the local API needs av, fastapi, starlette, uvicorn: install it with"
        " `pip install 'mixpeek-assets[local]'`, or set MIXPEEK_API_KEY to use Mixpeek's own API\n"
    )


def test_without_the_ui_dev_says_what_to_install(project: Project) -> None:
    process = project.script("dev")

    assert process.returncode == 1
    assert process.stderr == "Error: Dagster's UI is not installed: `pip install 'mixpeek-assets[ui]'` installs it\n"
