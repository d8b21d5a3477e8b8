"""What holds for the repository as a whole."""

import ast
import subprocess
from pathlib import Path

import pytest

from tests.readme import README, with_tables

ROOT = README.parent
PACKAGE = ROOT / "mixpeek_assets"


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("layer", ["api", "warehouse", "manifest", "local_api", "samples"])
def test_the_layers_below_the_assets_import_no_dagster_and_nothing_above_them(layer: str) -> None:
    above = ("dagster", "mixpeek_assets.assets", "mixpeek_assets.automation", "mixpeek_assets.resources")
    files = list((PACKAGE / layer).rglob("*.py"))

    assert files
    assert {(file.name, name) for file in files for name in imports(file) if name.startswith(above)} == set()


def test_only_the_command_line_imports_the_definitions() -> None:
    importers = {
        file.relative_to(PACKAGE).parts[0]
        for file in PACKAGE.rglob("*.py")
        if "mixpeek_assets.definitions" in imports(file)
    }

    assert importers == {"cli"}


def test_the_readme_has_the_tables_that_the_schema_has() -> None:
    text = README.read_text(encoding="utf-8")

    assert with_tables(text) == text, "run `python -m tests.readme`"


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
