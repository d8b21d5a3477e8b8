"""What holds for the repository as a whole."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
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
    "cluster": {"ground"},
    "api": {"ground", "cluster"},
    "warehouse": {"ground", "cluster"},
    "sinks": {"ground"},
    "manifest": {"ground", "local_api"},
    "chosen_api": {"ground", "local_api", "api", "cluster"},
    "connections": {"ground", "local_api", "chosen_api", "api", "warehouse", "cluster", "manifest"},
    "search": {"ground", "api", "warehouse"},
    "notebook": {"ground", "connections", "api", "warehouse", "search"},
    "__init__": {"ground", "notebook", "definitions", "component"},
    "pipeline": {"ground", "api", "warehouse", "manifest", "sinks"},
    "defs": {"ground", "chosen_api", "connections", "api", "warehouse", "manifest", "pipeline", "sinks"},
    "definitions": {"ground", "connections", "defs", "sinks"},
    "component": {"ground", "definitions"},
    "cli": {
        "ground",
        "local_api",
        "chosen_api",
        "connections",
        "api",
        "warehouse",
        "search",
        "manifest",
        "pipeline",
        "sinks",
        "defs",
        "definitions",
    },
}
"""Which room may import from which others: arrows run down only. The door `local_api` alone leads to the sibling."""

MAY_IMPORT_DAGSTER = {"defs", "definitions", "component", "cli"}


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


def test_the_locks_name_no_address_and_pin_every_package_by_hash() -> None:
    locks = sorted((ROOT / "locks").glob("*.txt"))

    assert {"run.txt", "dev.txt", "bench.txt", "notebook.txt"} <= {lock.name for lock in locks}
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_the_other_locks_only_add_to_that_of_a_run() -> None:
    pins = {
        name: set(re.findall(r"^[a-z0-9].*==.*$", (ROOT / "locks" / f"{name}.txt").read_text("utf-8"), re.MULTILINE))
        for name in ("run", "dev", "bench", "notebook")
    }

    assert pins["run"] & (pins["dev"] | pins["bench"] | pins["notebook"]) == set()
    versions = {name: {pin.split()[0] for pin in found} for name, found in pins.items()}
    assert versions["notebook"] < versions["dev"], "CI runs the notebook"


def test_nothing_of_an_instance_or_of_data_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )

    assert [file for file in listed if file.startswith("dagster_home/")] == ["dagster_home/dagster.yaml"]
    assert not [file for file in listed if file.startswith(("data/", ".venv/")) or file == ".env"]
