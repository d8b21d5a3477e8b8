"""What holds for the repository as a whole."""

import ast
import subprocess
from pathlib import Path

import pytest

from tests.tables_page import README, with_tables

ROOT = README.parent
PACKAGE = ROOT / "mixpeek_assets"


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return found


ALLOWED: dict[str, set[str]] = {
    "ground": set(),
    "mixpeek_local": {"ground"},
    "local_api": {"ground", "mixpeek_local"},
    "api": {"ground"},
    "warehouse": {"ground", "manifest"},
    "manifest": {"ground", "local_api"},
    "pipeline": {"ground", "api", "warehouse", "manifest"},
    "defs": {"ground", "api", "warehouse", "manifest", "pipeline", "local_api"},
    "definitions": {"ground", "defs"},
    "cli": {"ground", "api", "warehouse", "manifest", "pipeline", "defs", "definitions", "local_api"},
}
"""Which room may import from which others: arrows run down only. The door `local_api` alone leads to the sibling."""

MAY_IMPORT_DAGSTER = {"defs", "definitions", "cli"}


def room_of(module: str) -> str | None:
    """Return the room of one of our modules; None for anybody else's."""
    top, _, rest = module.partition(".")
    if top == "mixpeek_local":
        return top
    if top != "mixpeek_assets":
        return None
    first = rest.partition(".")[0]
    return first if first in ALLOWED else "ground"


FILES = [
    (file, ".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in sorted(ROOT.glob("mixpeek_*/**/*.py"))
]


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_from_rooms_below_it(room: str) -> None:
    files = [file for file, module in FILES if room_of(module) == room]
    arrows = {(str(file.relative_to(ROOT)), name) for file in files for name in imports(file)}

    assert files
    assert {(file, name) for file, name in arrows if room_of(name) not in {None, room, *ALLOWED[room]}} == set()
    if room not in MAY_IMPORT_DAGSTER:
        assert {(file, name) for file, name in arrows if name.startswith("dagster")} == set()


def test_the_local_api_uses_one_module_of_the_pipeline() -> None:
    borrowed = {
        name
        for file, module in FILES
        for name in imports(file)
        if room_of(module) == "mixpeek_local" and name.startswith("mixpeek_assets")
    }

    assert borrowed == {"mixpeek_assets.terminal_safe", "mixpeek_assets.terminal_safe.terminal_safe"}


def test_the_readme_has_the_tables_that_the_schema_has() -> None:
    text = README.read_text(encoding="utf-8")

    assert with_tables(text) == text, "run `python -m tests.tables_page`"


def test_the_locks_name_no_address_and_pin_every_package_by_hash() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_nothing_of_an_instance_or_of_data_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )

    assert [file for file in listed if file.startswith("dagster_home/")] == ["dagster_home/dagster.yaml"]
    assert not [file for file in listed if file.startswith(("data/", ".venv/")) or file == ".env"]
