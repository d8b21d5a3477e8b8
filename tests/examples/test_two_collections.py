"""The example project, as a stranger has it: the wheel in an environment of its own, without this repository."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.fakes.mixpeek import KEY, ScriptedMixpeek

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("materialize_both.py")
DG = "import sys; sys.argv[0] = 'dg'; from dagster_dg_cli.cli import main; main()"
COMMAND_SECONDS = 300

pytestmark = pytest.mark.slow


class Example:
    """The example in a folder of its own, with the wheel installed beside it.

    Only the packages of others come from the environment of the tests: its own site-packages are read as a plain
    folder, in which the editable install is not followed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "two_collections"
        shutil.copytree(ROOT / "examples" / "two_collections", self.folder)
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "DAGSTER_HOME": str(folder / "home")}
        home = folder / "home"
        home.mkdir()
        shutil.copy(ROOT / "dagster_home" / "dagster.yaml", home)
        wheels = folder / "wheels"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq"]
        self._run([*pip, "wheel", "--no-deps", "--no-build-isolation", f"--wheel-dir={wheels}", str(ROOT)])
        venv.create(folder / "venv")
        self.python = folder / "venv" / "bin" / "python"
        [wheel] = wheels.glob("mixpeek_assets-*.whl")
        self._run([*pip, f"--python={self.python}", "install", "--no-deps", "--no-index", str(wheel)])
        [packages] = (folder / "venv").glob("lib/python*/site-packages")
        (packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n{self.folder / 'src'}\n")

    def python_says(self, *arguments: str, **variables: str) -> str:
        """Run Python in the example's folder: isolated, so that no variable and no folder of the tests is seen."""
        return self._run([str(self.python), "-I", *arguments], **variables)

    def dg(self, *arguments: str) -> str:
        """Run `dg`."""
        return self.python_says("-c", DG, *arguments)

    def _run(self, command: list[str], **variables: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self._environment, **variables},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return Example(tmp_path_factory.mktemp("example"))


def test_dg_finds_the_component(example: Example) -> None:
    found = json.loads(example.dg("list", "components", "--json"))
    ours = [one for one in found["items"] if one["key"] == "mixpeek_assets.MixpeekCollectionComponent"]
    assert len(ours) == 1
    assert "One collection of videos" in ours[0]["summary"]


def test_a_scaffolded_component_loads_and_names_every_field(example: Example) -> None:
    example.dg("scaffold", "defs", "mixpeek_assets.MixpeekCollectionComponent", "my_videos")
    made = example.folder / "src" / "two_collections" / "defs" / "my_videos"
    try:
        assert "All definitions loaded successfully" in example.dg("check", "defs")
        text = (made / "defs.yaml").read_text(encoding="utf-8")
        assert (made / "videos.csv").read_text(encoding="utf-8").startswith("url")
    finally:
        shutil.rmtree(made)
    for field in ("collection", "source", "warehouse", "key_variable", "schedule", "sensors"):
        assert f"{field}: " in text


def test_dg_lists_both_collections(example: Example) -> None:
    listed: dict[str, Any] = json.loads(example.dg("list", "defs", "--json"))
    keys = {asset["asset_key"] for asset in listed["assets"]}
    jobs = {job["name"] for job in listed["jobs"]}
    for name in ("trailers", "lectures"):
        assert {f"{name}/{table}" for table in ("videos", "tasks", "assets", "features", "vectors")} <= keys
        assert {f"{name}_{verb}" for verb in ("ingest", "land", "retry_failed", "plan")} <= jobs


def test_both_collections_are_materialized_from_the_wheel_and_nothing_is_sent_twice(
    example: Example, mixpeek: ScriptedMixpeek
) -> None:
    said = json.loads(
        example.python_says(
            str(PROGRAM), MIXPEEK_API_KEY=KEY, MIXPEEK_API_URL=mixpeek.url, MIXPEEK_REQUESTS_PER_MINUTE="0"
        )
    )

    assert said["landed"] == {"trailers/vectors": True, "lectures/vectors": True}
    assert not [path for path in said["modules"].values() if Path(path).is_relative_to(ROOT / "mixpeek_assets")]
    assert said["modules"]["mixpeek_assets"].startswith(str(example.python.parents[1]))
    asked = [f"{request.method} {request.path}" for request in mixpeek.asked("^(POST|GET /(assets|features))")]
    assert sorted(request.body["url"] for request in mixpeek.asked("^POST")) == [
        "https://videos.example.com/lectures/first.mp4",
        "https://videos.example.com/trailers/first.mp4",
        "https://videos.example.com/trailers/second.mp4",
    ]
    assert len(asked) == 9, "each video: one submission, one asset, one feature"
    with duckdb.connect(example.folder / "data" / "warehouse.duckdb", read_only=True) as connection:
        found = connection.execute(
            "SELECT collection, count(*) FROM mixpeek.vectors JOIN mixpeek.videos USING (video_id) GROUP BY 1"
        ).fetchall()
    assert sorted(found) == [("lectures", 1), ("trailers", 2)]
