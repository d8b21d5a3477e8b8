"""The folders of the local API import only from those below them, and callers need none of its packages."""

import ast
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mixpeek_local"

GROUND = {"config", "addresses", "errors", "senses", "state", "locks"}
"""Modules at the top of the package that every folder may use; they import each other and nothing above."""

ALLOWED: dict[str, set[str]] = {
    "models": set(),
    "extract": {"models"},
    "store": {"extract"},
    "search": {"store", "extract", "models"},
    "http": {"search", "store", "extract", "models", "local_files"},
    "faults": {"http", "store"},
    "work": {"store", "extract", "local_files"},
    "local_files": {"extract", "samples"},
    "samples": set(),
}
"""Which folder may import from which others: arrows run down only, so there is no circle."""

ENTRANCES: dict[str, set[str]] = {
    "process": set(),
    "serve": {"faults", "http", "store", "work", "extract"},
    "__main__": {"faults"},
    "get_models": {"models", "extract"},
    "learn": {"extract", "models"},
}
"""What starts the server or calls it; no folder imports any of these."""

CLIENT = ("config", "errors", "state", "process", "models.capabilities", "samples")
"""What callers use, with no more than requests and orjson."""


def imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "mixpeek_local":
            found.update(f"mixpeek_local.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def rooms(files: list[Path]) -> set[str]:
    names = chain.from_iterable(map(imported, files))
    return {name.split(".")[1] for name in names if name.startswith("mixpeek_local.")}


def files(room: str) -> list[Path]:
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def test_every_module_is_in_the_tables() -> None:
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"__init__"} == GROUND | ALLOWED.keys() | ENTRANCES.keys()


@pytest.mark.parametrize("room", ALLOWED)
def test_a_folder_imports_only_from_those_below_it(room: str) -> None:
    assert rooms(files(room)) <= {room, *GROUND, *ALLOWED[room]}


def test_no_circle_is_allowed() -> None:
    seen: set[str] = set()
    while left := {room for room in ALLOWED if room not in seen}:
        lowest = {room for room in left if ALLOWED[room] <= seen}
        assert lowest, left
        seen |= lowest


@pytest.mark.parametrize("module", sorted(GROUND))
def test_the_ground_imports_nothing_above_it(module: str) -> None:
    assert rooms(files(module)) <= GROUND


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_an_entrance_imports_what_it_starts(entrance: str) -> None:
    assert rooms(files(entrance)) <= {*GROUND, *ENTRANCES, *ENTRANCES[entrance]}


def test_callers_load_no_package_of_the_server() -> None:
    modules = ", ".join(f"mixpeek_local.{name}" for name in CLIENT)
    script = f"import sys, {modules}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "requests" in loaded
    assert not {"fastapi", "starlette", "uvicorn", "av", "numpy", "filelock", "pydantic", "mixpeek_assets"} & {*loaded}
