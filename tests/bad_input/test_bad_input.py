"""Every wrong input gets one clear sentence and the right exit code, in a moment, and loses nothing."""

import hashlib
import re
import subprocess
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.settings import load_settings
from tests.bad_input import command_lines, instances, local_apis, manifests, settings, warehouses
from tests.bad_input.case import ENVIRONMENT, Case
from tests.fakes.commands import give
from tests.fakes.mixpeek import KEY
from tests.fakes.project import SCRIPT, Project

KINDS = {
    kind.__name__.rpartition(".")[2]: kind
    for kind in (settings, instances, warehouses, local_apis, manifests, command_lines)
}
CASES = [pytest.param(case, id=f"{name} - {case.name}"[:80]) for name, kind in KINDS.items() for case in kind.CASES]

LONGEST = 2_500
"""Characters of all that is said about one input."""

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
OF_A_BUG = ("Traceback", "Exception ignored", "Stack Trace", "Internal error", "site-packages", "INTERNAL Error")


def read() -> object:
    with open_warehouse(load_settings()).reader() as reader:
        return reader.table_counts()


def list_videos() -> object:
    with read_manifest(load_settings()) as manifest:
        return manifest


@pytest.mark.parametrize("case", CASES)
def test_it_gets_one_sentence_and_the_exit_code_of_its_kind(case: Case, environment: Path) -> None:
    project = Project(environment)
    case.put(environment)
    before = stored(environment)

    process = give(case.command, environment, {**project.environment, **case.environment()}, seconds=30)

    said = process.stdout + process.stderr
    assert [word for word in OF_A_BUG if word in said] == [], said[-3000:]
    assert process.returncode in ([case.code] if case.code is not None else [0, 1]), said[:3000]
    assert [word for word in case.says if word not in said] == [], said[:3000]
    assert len(said) <= LONGEST
    assert KEY not in said
    assert CONTROLS.findall(said) == []
    if process.returncode == 1 and "doctor" not in case.command:
        assert process.stderr.startswith("Error: "), process.stderr
        assert len(process.stderr.splitlines()) <= 4, process.stderr
    if process.returncode == 2:
        assert process.stderr.lower().startswith("usage: "), process.stderr
    after = stored(environment)
    assert before.keys() <= after.keys()
    assert [name for name in before if after[name] != before[name] and not (case.writes and "duckdb" in name)] == []


CLOSED = "Error: standard output is closed, so nothing can be shown\n"
FULL = "Error: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("command", "redirection", "sentence"),
    [
        (("status",), ">&-", CLOSED),
        (("status",), "> /dev/full", FULL),
        (("status",), "| head -0", ""),
        (("query", "FROM range(100000)"), "> /dev/full", FULL),
        (("query", "FROM range(100000)"), "| head -1", ""),
        (("--help",), "> /dev/full", FULL),
    ],
)
def test_an_output_that_cannot_be_written_gets_one_sentence(
    command: tuple[str, ...], redirection: str, sentence: str, environment: Path
) -> None:
    project = Project(environment)
    Case("", ()).put(environment)
    line = f'{{ "$0" "$@"; echo $? >code; }} {redirection}'

    process = subprocess.run(
        ["sh", "-c", line, SCRIPT, *command],
        cwd=environment,
        env={**project.environment, **ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert process.stderr == sentence
    assert (environment / "code").read_text() in ("1\n", "0\n" if "head" in redirection else "1\n")


def test_a_text_that_the_terminal_cannot_show_is_escaped(environment: Path) -> None:
    project = Project(environment)
    project.environment["PYTHONIOENCODING"] = "ascii"

    process = project.script("query", "SELECT 'é' AS a")

    assert (process.returncode, process.stdout.split(), process.stderr) == (0, ["a", r"\xe9"], "")


def test_a_wrong_setting_leaves_nothing_behind_that_is_printed_at_the_end(environment: Path) -> None:
    project = Project(environment)
    project.environment["MIXPEEK_LAKE"] = "x"

    process = project.script("status")

    # The frames of an error that outlive it made DuckDB print sixty lines.
    assert (process.returncode, len(process.stderr.splitlines())) == (1, 1)


def test_a_working_folder_that_is_gone_gets_one_sentence(environment: Path) -> None:
    line = 'mkdir gone && cd gone && rmdir ../gone && "$0" status'
    process = subprocess.run(["sh", "-c", line, SCRIPT], capture_output=True, text=True, timeout=60, check=False)

    assert process.returncode == 1
    assert process.stderr == "Error: the working folder is gone: change to the project's folder\n"


@pytest.mark.parametrize(
    ("case", "use"),
    [
        (Case("settings", (), ("MIXPEEK_CONCURRENCY",), variables={"CONCURRENCY": "x"}), load_settings),
        (Case(".env", (), ("not UTF-8 text",), {".env": b"\xff"}), load_settings),
        (Case("a warehouse", (), ("mixpeek.videos",), {warehouses.FILE: warehouses.OTHERS["a view"]}), read),
        (Case("a manifest", (), ("has no column `url`",), {"list.csv": "link\nx\n"}), list_videos),
    ],
    ids=lambda value: value.name if isinstance(value, Case) else "",
)
def test_the_same_sentence_fails_a_step_in_dagster(
    case: Case, use: Callable[[], object], environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.put(environment)
    for name, value in case.environment().items():
        monkeypatch.setenv(name, value)

    with pytest.raises(dg.Failure) as failed, user_errors_as_failures():
        use()

    assert failed.value.description is not None
    assert [word for word in case.says if word not in failed.value.description] == []
    assert "\n" not in failed.value.description


def stored(folder: Path) -> dict[str, str]:
    """Return a digest of each file that is somebody's."""
    files = chain(folder.glob("data/*"), folder.glob("*.*"))
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file() and not file.is_symlink() and file.suffix != ".lock" and "landing" not in file.parts
    }
