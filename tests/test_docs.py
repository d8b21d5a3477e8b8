"""What the documents say is there: links, anchors, citations, queries, commands, options, targets, settings, checks."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import duckdb
import pytest

from mixpeek_assets.api.port import TaskState
from mixpeek_assets.cli.main import cli
from mixpeek_assets.component import MixpeekCollectionComponent
from mixpeek_assets.defs.checks import DAY_CHECKS, STANDING_CHECKS
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse.views import refresh_views
from tests import tables_page
from tests.fakes.stores import Stores

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").glob("**/*.md"),
        *ROOT.glob("examples/*/README.md"),
        ROOT / "benchmarks" / "README.md",
        ROOT / "tests" / "README.md",
    ]
)
CONTRACT = ROOT / "docs" / "api-contract.md"

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SQL = re.compile(r"```sql\n(.*?)```", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
SECTION = r"\(?(?:a|c|b\d|timeline)\)?"
CITATION = re.compile(rf"contract,? ({SECTION}(?:(?:,| to| and) {SECTION})*)(?: trap (\d+))?(?![\w-])", re.IGNORECASE)
TODAY = re.compile(r"today's contract,? (?:section )?(\d+)(?:(?:,| to| and) (\d+))*", re.IGNORECASE)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return what a link to the page may name: its headings, as GitHub writes them, and explicit anchors."""
    text = re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)
    found = set(re.findall(r'<a id="([^"]+)">', text))
    for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower()).strip()
        found.add(words.replace(" ", "-"))
    return found


def code_of(page: Path) -> Iterator[str]:
    """Yield what the page shows as commands: lines of console blocks that are typed, and inline code."""
    text = text_of(page)
    for block in CONSOLE.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                yield line.partition("#")[0].strip()
    yield from CODE.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@pytest.fixture(scope="module")
def warehouse(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with every table, a frame of a video, and the views of two named vectors."""
    with (
        stores.warehouse(tmp_path_factory.mktemp("docs") / "warehouse.duckdb") as filled,
        filled.database.connection() as connection,
    ):
        connection.execute("INSERT INTO mixpeek.videos BY NAME SELECT 'v' AS video_id, 'file:///harbour.mp4' AS url")
        connection.execute(
            "INSERT INTO mixpeek.features BY NAME"
            " SELECT 'feature-1' AS feature_id, 'v' AS video_id, 'image' AS modality, 0 AS start_time"
        )
        for number, name in enumerate(["audio", "image"]):
            connection.execute(
                "INSERT INTO mixpeek.vectors BY NAME SELECT $feature AS feature_id, $name AS vector_name,"
                " 2 AS dimensions, [0.5, 0.5]::FLOAT[] AS embedding",
                {"feature": f"feature-{number}", "name": name},
            )
        connection.execute(
            "INSERT INTO mixpeek.videos BY NAME SELECT 'v1' AS video_id, 'file:///harbour.mp4' AS url;"
            "INSERT INTO mixpeek.features BY NAME SELECT 'feature-1' AS feature_id, 'v1' AS video_id,"
            " 'image' AS modality, 0 AS start_time"
        )
        refresh_views(connection)
        yield connection


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(text_of(page)) if "://" not in target]
    broken = []
    for target in targets:
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert broken == []


def test_every_citation_of_the_contract_has_its_anchor() -> None:
    sections = anchors(CONTRACT)
    cited = set()
    for folder in ("mixpeek_assets", "mixpeek_local", "tests", "benchmarks", "docs"):
        for file in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.sql"), *(ROOT / folder).rglob("*.md")]:
            # A citation may be broken over two lines, of which the second begins as a comment does.
            text = re.sub(r"\s*\n\s*(?:#|--)?\s*", " ", text_of(file))
            for match in CITATION.finditer(text):
                cited.update(re.findall(r"timeline|b\d|a|c", match[1].lower()))
                cited.update([f"trap{match[2]}"] if match[2] else [])
            for match in TODAY.finditer(text):
                cited.update(f"today{number}" for number in re.findall(r"\d+", match[0]))

    assert {"a", "b1", "b7", "c", "timeline", "trap3", "today3", "today12"} <= cited, "the search finds no citations"
    assert cited - sections == set()


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(sql, id=f"{name_of(page)}-{i}")
        for page in PAGES
        if page.parent.name != "sinks"  # those are other databases'; tests/sinks runs them
        for i, sql in enumerate(SQL.findall(text_of(page)))
    ],
)
def test_every_query_runs(query: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute(query).fetchall()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_exists(page: Path) -> None:
    unknown = []
    for code in code_of(page):
        for name, rest in re.findall(r"mixpeek-assets ([a-z-]+)([^`|;&]*)", code):
            command = cli.commands.get(name)
            if command is None and name != "--help":
                unknown.append(code)
            elif command is not None and not command.ignore_unknown_options:
                options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
                unknown += [code for option in re.findall(r"(?<!\S)--[a-z-]+", rest) if option not in options]

    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_option_that_is_named_alone_belongs_to_a_command(page: Path) -> None:
    options = {option for command in cli.commands.values() for parameter in command.params for option in parameter.opts}
    for file in (ROOT / "mixpeek_local").glob("*.py"):
        options.update(re.findall(r'"(--[a-z-]+)', text_of(file)))
    named = {match[1] for code in code_of(page) if (match := re.match(r"(--[a-z-]+)", code))}

    assert named - options - {"--help"} == set()


def test_every_command_is_in_a_document() -> None:
    shown = {name for page in PAGES for code in code_of(page) for name in re.findall(r"mixpeek-assets ([a-z-]+)", code)}

    assert set(cli.commands) - shown == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text_of(ROOT / "Makefile"), flags=re.MULTILINE))
    named = {target for code in code_of(page) for target in re.findall(r"\bmake ([a-z0-9-]+)(?![=\w])", code)}

    assert named - targets == set()


def test_every_test_that_a_page_names_exists() -> None:
    named = []
    for folder, first, more in re.findall(
        r"\b([a-z_/]+)/(test_\w+)((?:, test_\w+)*)", text_of(ROOT / "tests" / "README.md")
    ):
        named += [ROOT / "tests" / folder / f"{name}.py" for name in [first, *re.findall(r"test_\w+", more)]]

    assert len(named) > 20
    assert [name_of(file) for file in named if not file.is_file()] == []


def test_the_page_of_the_tables_is_made_of_the_schema() -> None:
    assert text_of(tables_page.PAGE) == tables_page.page(), "run `python -m tests.tables_page`"


def test_the_page_of_the_tables_names_every_view_and_macro(warehouse: duckdb.DuckDBPyConnection) -> None:
    names = warehouse.execute(
        "SELECT view_name FROM duckdb_views() WHERE schema_name = 'mixpeek'"
        " UNION SELECT function_name FROM duckdb_functions() WHERE schema_name = 'mixpeek'"
    ).fetchall()
    text = text_of(tables_page.PAGE)

    assert len(names) >= 4
    assert [
        name
        for (name,) in names
        if f"## {name}\n" not in text and f"`{name}(" not in text and not name.startswith("vectors_")
    ] == []


def test_every_setting_is_documented() -> None:
    names = [f"MIXPEEK_{name.upper()}" for name in Settings.model_fields]
    configuration, example = text_of(ROOT / "docs" / "configuration.md"), text_of(ROOT / ".env.example")

    assert [name for name in names if f"`{name}`" not in configuration] == []
    assert [name for name in names if f"# {name}=" not in example] == []


def test_every_field_of_the_component_is_documented() -> None:
    page = text_of(ROOT / "docs" / "in-your-project.md")

    assert [name for name in MixpeekCollectionComponent.model_fields if f"`{name}`" not in page] == []


def test_every_state_and_every_check_has_a_line_of_what_to_do() -> None:
    operations = text_of(ROOT / "docs" / "operations.md")

    assert [state for state in get_args(TaskState) if f"| `{state}` |" not in operations] == []
    assert [check.name for check in (*DAY_CHECKS, *STANDING_CHECKS) if f"`{check.name}`" not in operations] == []


def test_the_readme_is_short() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) <= 150


def test_the_strangers_test_has_ten_questions_with_a_file_each() -> None:
    section = text_of(ROOT / "CONTRIBUTING.md").split("## Ten questions")[1].split("\n## ")[0]
    rows = [row for row in section.splitlines() if row.startswith("| ") and "?" in row]

    assert len(rows) == 10
    assert all(LINK.search(row) for row in rows)
