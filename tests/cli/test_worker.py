"""`mixpeek-assets worker` where there is no cluster: one sentence says what is missing."""

from pathlib import Path

import pytest

from tests.fakes.project import Project


@pytest.fixture
def project(environment: Path) -> Project:
    """A project in a folder, with the embedded default."""
    return Project(environment)


def test_a_worker_without_a_cluster_says_what_it_is_for(project: Project) -> None:
    done = project.command("worker")

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Error: a worker is for a cluster: set MIXPEEK_CLUSTER and MIXPEEK_LAKE (docs/scale.md)"
    )


def test_a_worker_without_its_packages_says_how_to_install_them(project: Project) -> None:
    cluster = {"MIXPEEK_CLUSTER": "postgresql://nobody@127.0.0.1:1/none", "MIXPEEK_LAKE": str(project.folder / "lake")}
    done = project.command("worker", **cluster)

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Error: a worker needs the packages of a cluster: `pip install 'mixpeek-assets[cluster]'`"
    )
