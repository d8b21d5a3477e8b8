"""Values of a server that break a column, a date, a path or a page, through every path: they stop no other video."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets.defs.checks import DAY_CHECKS, STANDING_CHECKS, evaluate
from mixpeek_assets.warehouse.schema import TABLES
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import KEY, Answer, scripted_mixpeek
from tests.fakes.pipeline import TODAY
from tests.fakes.project import Project
from tests.security.hostile_values import teach

LONGEST_LINE = 12_000
"""Characters that a line of a terminal or an entry of a page may have at most."""


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """What each command said."""
    return {}


@pytest.fixture(scope="module")
def project(said: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project(tmp_path_factory.mktemp("project"))
    with scripted_mixpeek() as mixpeek:
        urls = teach(mixpeek)
        Path(project.folder / "list.csv").write_text("\n".join(["url", *urls]), encoding="utf-8")
        project.environment.update(
            MIXPEEK_API_KEY=KEY,
            MIXPEEK_API_URL=mixpeek.url,
            MIXPEEK_REQUESTS_PER_MINUTE="0",
            MIXPEEK_VIDEOS="list.csv",
        )
        mixpeek.script(
            "^POST /features/search",
            Answer({"results": [{"feature_id": "." * 900_000, "score": 1e308}]}),
            for_ever=True,
        )
        for arguments in (["run"], ["status"], ["retry", "--dry-run"], ["search", "words"]):
            process = project.command(*arguments)
            said[f"{len(said)} {arguments[0]}"] = process.stdout + process.stderr
        yield project


def test_every_plain_video_lands_beside_them(project: Project) -> None:
    states = project.sql(
        "SELECT state, landed_at IS NOT NULL, count(*) FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id)"
        " WHERE url LIKE '%/plain/%' GROUP BY ALL"
    )
    [(state, landed, count)] = states
    assert (state, landed) == ("done", True)
    assert project.sql("SELECT count(*) FROM mixpeek.videos WHERE url LIKE '%/plain/%'") == [(count,)]


def test_every_other_has_come_to_its_end_or_says_why_it_waits(project: Project) -> None:
    open_ = project.sql(
        "SELECT url, state, task_id FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id)"
        " WHERE state IN ('submitting', 'open') ORDER BY ALL"
    )
    assert open_ == []
    silent = project.sql(
        "SELECT url, state FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id)"
        " WHERE state IN ('failed', 'lost') AND error IS NULL"
    )
    assert silent == []
    not_landed = project.sql(
        "SELECT url FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id) WHERE state = 'done' AND landed_at IS NULL"
    )
    assert not_landed == []


def test_no_command_ends_in_a_traceback_or_prints_without_an_end(project: Project, said: dict[str, str]) -> None:
    for command, text in said.items():
        assert "Traceback" not in text, text[-3000:]
        assert max(map(len, text.splitlines()), default=0) <= LONGEST_LINE, command


def test_every_cell_can_be_read_back(project: Project) -> None:
    for table in TABLES:
        for row in project.sql(f"SELECT * FROM mixpeek.{table.name}"):
            for column, value in zip(table.columns, row, strict=True):
                assert column.type not in ("TIMESTAMPTZ", "DATE") or not isinstance(value, str), (column, value)
                assert column.type != "JSON" or value is None or json.dumps(json.loads(value)) is not None
    assert project.sql("SELECT feature_id FROM mixpeek.vectors WHERE NOT isfinite(list_sum(embedding))") == []


def test_every_check_and_page_is_of_a_bounded_size(project: Project) -> None:
    warehouse = Warehouse(Site.of_file(project.warehouse))
    checks = (*DAY_CHECKS, *STANDING_CHECKS)
    with warehouse.reader() as reader:
        results = evaluate(reader, checks, dg.AssetKey, [TODAY])
    assert len(results) == len(checks)
    assert [result.check_name for result in results if not result.passed and result.severity.value == "ERROR"] == []
    with dg.DagsterInstance.from_config(str(project.folder / "dagster_home")) as instance:
        for run in instance.get_runs():
            for record in instance.all_logs(run.run_id):
                shown = str(record)
                assert len(shown) < 200_000, shown[:2000]
