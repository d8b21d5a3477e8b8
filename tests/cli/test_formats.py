"""What commands print for programs and for people: `--format`, and the one style of tables."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from mixpeek_assets.cli.main import cli
from mixpeek_assets.cli.tables import Column, show_table
from tests.fakes.mixpeek import ScriptedMixpeek, Video
from tests.fakes.project import Project

VALUES = """
SELECT 1 AS a, 2 AS a, 170141183460469231731687303715884105727 AS big, 1.5::DECIMAL(4, 2) AS money,
    true AS yes, NULL AS nothing, 'nan'::DOUBLE AS no_number, 'Köln, "x"\nnext' AS words, chr(27) || '[31m' AS control,
    DATE '2026-01-31' AS day, TIMESTAMPTZ '2026-01-31 10:00:00+00' AS moment, [0.5, NULL] AS list,
    {'in': [DATE '2026-01-31']} AS struct, '{"deep": [1, null]}'::JSON AS json, repeat('x', 500) AS long
"""


def give(*arguments: str) -> Result:
    # What the command line sets for its process is not to outlive the call.
    return CliRunner().invoke(
        cli, arguments, env={"COLUMNS": "40", "DAGSTER_HOME": str(Path("dagster_home").absolute())}
    )


def test_a_query_as_json_is_one_document_with_real_types() -> None:
    [row] = json.loads(give("query", VALUES, "--format", "json").stdout)

    assert row == {
        "a": 1,
        "a_1": 2,
        "big": 2**127 - 1,
        "money": 1.5,
        "yes": True,
        "nothing": None,
        "no_number": None,
        "words": 'Köln, "x"\nnext',
        "control": "\x1b[31m",
        "day": "2026-01-31",
        "moment": "2026-01-31T10:00:00+00:00",
        "list": [0.5, None],
        "struct": {"in": ["2026-01-31"]},
        "json": {"deep": [1, None]},
        "long": "x" * 500,
    }


@pytest.mark.parametrize("sql", ["SELECT 1 AS n WHERE false", "SET threads = 1"])
def test_a_query_without_rows_is_an_empty_list(sql: str) -> None:
    assert json.loads(give("query", sql, "--format", "json").stdout) == []


def test_a_query_as_csv_has_a_header_and_whole_values_and_is_quoted_as_rfc_4180_says() -> None:
    process = give("query", VALUES, "--format", "csv")

    header, row = csv.reader(io.StringIO(process.stdout, newline=""), strict=True)
    values = dict(zip(header, row, strict=True))
    assert process.stdout_bytes.count(b"\r\n") == 2
    assert (values["nothing"], values["words"], values["long"]) == ("", 'Köln, "x"\nnext', "x" * 500)
    assert (values["day"], values["list"]) == ("2026-01-31", "[0.5, NULL]")


def test_a_table_that_is_piped_is_not_cut_and_a_missing_value_is_an_empty_cell() -> None:
    header, row = give("query", "SELECT NULL AS time, repeat('x', 500) AS long, 1 AS n").stdout.splitlines()

    assert header.split() == ["time", "long", "n"]
    assert row.split() == ["x" * 500, "1"]


def test_a_table_on_a_terminal_is_cut_to_its_width_and_obeys_no_value() -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, color_system=None, width=40)
    rows = [("\x1b[31mred", 5, "x" * 100), ("[bold]", None, "日本" * 20)]

    show_table(console, [Column("a"), Column("number", right=True), Column("long")], rows)

    assert shown.getvalue().splitlines() == [
        "a            number  long",
        "\\x1b[31mred       5  " + "x" * 18 + "…",
        "[bold]               " + "日本" * 4 + "日…",
    ]


def test_a_reason_on_a_terminal_goes_on_in_the_next_line() -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, color_system=None, width=30)

    show_table(console, [Column("video"), Column("why not", wraps=True)], [("a.mp4", "no video that FFmpeg can read")])

    assert shown.getvalue().splitlines() == ["video  why not", "a.mp4  no video that FFmpeg", "       can read"]


@pytest.fixture
def failed(environment: Path, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch) -> ScriptedMixpeek:
    """A project with a landed video and a failed one."""
    Project(environment)
    (environment / "list.csv").write_text("url\nhttp://videos.test/good.mp4\nhttp://videos.test/bad.mp4\n")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    mixpeek.videos["http://videos.test/bad.mp4"] = Video(["FAILED"], error="moov atom not found")
    assert give("run").exit_code == 1
    return mixpeek


def read_json(*arguments: str) -> Any:
    return json.loads(give(*arguments, "--format", "json").stdout)


def read_csv(*arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(give(*arguments, "--format", "csv").stdout, newline=""), strict=True))


def test_every_command_speaks_to_programs(failed: ScriptedMixpeek) -> None:
    status = read_json("status")
    assert [(row["landed"], row["failed"]) for row in status["partitions"]] == [(1, 1)]
    assert [problem["reason"] for problem in status["problems"]] == ["moov atom not found"]
    assert [(row["landed"], row["failed"]) for row in read_csv("status")] == [("1", "1")]

    plan = read_json("plan", "--retry-failed")
    assert [(line["verb"], line["requests"]) for line in plan["requests"]] == [("submit", 1)]
    assert (plan["videos"], plan["requests_now"], plan["requests_per_minute"]) == (2, 1, None)
    assert [line["why"] for line in read_csv("plan", "--retry-failed")] == ["failed before"]

    assert [(one["kind"], one["outcome"]) for one in read_json("retry", "--dry-run")] == [("failed", "not tried")]
    assert [one["outcome"] for one in read_csv("retry")] == ["failed"]
    failed.videos.clear()
    assert [one["outcome"] for one in read_json("retry")] == ["succeeded"]
    assert read_json("retry") == []
