"""What a command imports before it works: its answer takes as long as that."""

import subprocess
import sys
from pathlib import Path

import pytest

_REPORT = """
import sys
from click.testing import CliRunner
from mixpeek_assets.cli.main import cli
result = CliRunner().invoke(cli, sys.argv[1:])
assert result.exit_code == 0, result.output
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
_SERVER = {"fastapi", "starlette", "uvicorn", "av", "onnxruntime"}


@pytest.mark.parametrize(
    ("command", "unwanted"),
    [
        (["--help"], {"dagster", "duckdb", "pandas", "requests", "rich", *_SERVER}),
        (["search", "--help"], {"dagster", "duckdb", "pandas", "requests", "rich", *_SERVER}),
        (["query", "SELECT 1"], {"dagster", "pandas", *_SERVER}),
        (["status"], {"dagster", "pandas", *_SERVER}),
    ],
    ids=["help", "search help", "query", "status"],
)
def test_a_quick_command_imports_neither_dagster_nor_what_else_it_does_not_use(
    command: list[str], unwanted: set[str], environment: Path
) -> None:
    process = subprocess.run(
        [sys.executable, "-c", _REPORT, *command], cwd=environment, capture_output=True, text=True, check=True
    )

    assert set(process.stdout.split()) & unwanted == set()


def test_the_code_location_loads_without_the_server_of_the_local_api(environment: Path) -> None:
    report = "import sys; from mixpeek_assets.definitions import defs; defs(); print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", report], cwd=environment, capture_output=True, text=True, check=True
    )

    loaded = set(process.stdout.split())
    assert loaded & _SERVER == set()
    assert {name for name in loaded if name.startswith("mixpeek_local.")} <= {"mixpeek_local.samples"}
    assert not [name for name in loaded if name.startswith(("mixpeek_assets.cluster", "psycopg"))], "this is a folder"
