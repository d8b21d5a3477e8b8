"""`mixpeek-assets search`, against a scripted API: what is shown is what the warehouse has."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.cli.main import cli
from mixpeek_assets.cli.search import EXAMPLES, try_out
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import KEY, Answer, ScriptedMixpeek, Video, scripted_mixpeek
from tests.fakes.project import Project

SEARCH = "^POST /features/search$"
URL = "http://videos.test/harbour.mp4"
Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def api() -> Iterator[ScriptedMixpeek]:
    with scripted_mixpeek() as server:
        features = [
            server.feature("image", URL, start_time=75.25, description="A lighthouse.\nIt is night."),
            server.feature("text", URL, text="[bold]Harbour[/bold]"),
            server.feature("audio", URL, labels=[{"label": "lighthouse", "score": 0.9}]),
        ]
        server.videos[URL] = Video(
            features={"image": features[:1], "text": features[1:2], "audio": features[2:]},
        )
        yield server


@pytest.fixture(scope="module")
def project(api: ScriptedMixpeek, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which one video of two features was landed."""
    project = Project(tmp_path_factory.mktemp("project"))
    (project.folder / "list.csv").write_text(f"url,collection\n{URL},films\n")
    project.environment.update(
        MIXPEEK_API_KEY=KEY, MIXPEEK_API_URL=api.url, MIXPEEK_REQUESTS_PER_MINUTE="0", MIXPEEK_VIDEOS="list.csv"
    )
    process = project.command("run")
    assert process.returncode == 0, process.stderr
    assert api.asked(SEARCH) == [], "only the samples are searched at the end of a run"
    assert 'search "lighthouse"' in process.stdout, "the label was found, and the text has brackets in it"
    return project


@pytest.fixture
def mixpeek(api: ScriptedMixpeek) -> ScriptedMixpeek:
    """The API of the project, as nobody scripted it yet."""
    api.unscript()
    api.requests.clear()
    return api


@pytest.fixture
def ask(project: Project, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The command, in this process."""
    for name in ("MIXPEEK_API_KEY", "MIXPEEK_API_URL", "MIXPEEK_REQUESTS_PER_MINUTE", "MIXPEEK_VIDEOS", "COLUMNS"):
        monkeypatch.setenv(name, project.environment[name])
    monkeypatch.setenv("DAGSTER_HOME", str(project.folder / "dagster_home"))
    monkeypatch.chdir(project.folder)
    return lambda *arguments: CliRunner().invoke(cli, ["search", *arguments])


def hits(project: Project, *extra: dict[str, Any]) -> Answer:
    """The landed features as a search's answer, the text first."""
    ids = dict(project.sql("SELECT modality, feature_id FROM mixpeek.features"))
    results = [
        {"feature_id": ids["text"], "modality": "text", "score": 0.61239},
        {"feature_id": ids["image"], "modality": "image", "score": 0.4},
    ]
    return Answer({"results": [*results, *extra], "pagination": {}})


def with_floors(answer: Answer, **floors: float) -> Answer:
    """The answer of an API that tells from which score on a hit is like the words."""
    return Answer({**answer.body, "score_floors": floors})


def test_hits_are_shown_with_what_the_warehouse_knows_of_them(
    ask: Ask, project: Project, mixpeek: ScriptedMixpeek
) -> None:
    mixpeek.script(SEARCH, hits(project))

    process = ask("a lighthouse at night")

    assert process.exit_code == 0, process.stderr
    assert [line.split() for line in process.stdout.splitlines()[:3]] == [
        ["score", "video", "at", "modality", "found"],
        ["0.612", "harbour.mp4", "text", '"[bold]Harbour[/bold]"'],
        ["0.400", "harbour.mp4", "1:15.2", "image", "A", "lighthouse.", "It", "is", "night."],
    ]
    [request] = mixpeek.asked(SEARCH)
    assert request.body["collections"] == ["films"]


def test_the_sql_that_is_shown_gives_the_same_rows(ask: Ask, project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.script(SEARCH, hits(project))

    assert "SELECT" not in ask("a lighthouse at night").stdout
    mixpeek.script(SEARCH, hits(project))
    shown = ask("a lighthouse at night", "--sql").stdout
    statement = re.search(r"SELECT.*;", shown, re.DOTALL)

    assert statement is not None
    rows = project.sql(statement[0])
    assert [(float(score), video, start, modality) for score, video, start, modality, *_ in rows] == [
        (0.6124, "harbour.mp4", None, "text"),
        (0.4, "harbour.mp4", 75.25, "image"),
    ]


def test_options_narrow_the_search(ask: Ask, project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.script(SEARCH, hits(project))

    ask("x", "--collection", "o'films", "--modality", "image", "--index", "text", "--limit", "3")

    [request] = mixpeek.asked(SEARCH)
    assert request.body["collections"] == ["o'films"]
    assert request.body["queries"][0]["vector_index"] == "text"
    assert request.body["filters"]["AND"][0]["value"] == "image"
    assert request.query == "page_size=3"


def test_hits_that_have_not_landed_are_counted(ask: Ask, project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.script(SEARCH, hits(project, {"feature_id": "o'new", "score": None}))

    process = ask("a lighthouse at night")

    assert process.exit_code == 0, process.stderr
    assert "1 of 3 hits are not in the warehouse: `mixpeek-assets run` lands them." in process.stdout


def test_programs_get_numbers_and_thumbnails(ask: Ask, project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.script(SEARCH, hits(project, {"feature_id": "new", "score": None}))

    process = ask("a lighthouse at night", "--format", "json", "--sql")

    first, second = json.loads(process.stdout)
    assert (first["score"], first["start_time"], first["found"]) == (0.61239, None, '"[bold]Harbour[/bold]"')
    assert (second["video"], second["start_time"], second["thumbnail"]) == ("harbour.mp4", 75.25, None)
    assert "1 of 3 hits are not in the warehouse" in process.stderr
    assert "SELECT" in process.stderr


@pytest.mark.parametrize("words", ["", " \t\n", "x" * 1_001])
def test_no_words_and_far_too_many_are_refused_before_anything_is_asked(
    words: str, ask: Ask, mixpeek: ScriptedMixpeek
) -> None:
    process = ask(words)

    assert (process.exit_code, process.stdout) == (2, "")
    assert re.search(r"Error: .*(to look for|is empty)", process.stderr.splitlines()[-1])
    assert mixpeek.requests == []


def test_no_hit_is_a_sentence(ask: Ask, project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.script(SEARCH, Answer({"results": []}))

    process = ask("a lighthouse at night")

    assert (process.exit_code, process.stdout) == (
        0,
        "No hits in films: nothing there can be compared with these words.\n",
    )


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer({"error": {"message": "Not Found"}}, 404), "this API offers no search (POST /features/search answered"),
        (Answer(b"", 405), "this API offers no search"),
        (Answer({"detail": [{"loc": ["body"], "msg": "no text side", "type": "x"}]}, 422), "no text side"),
        (Answer({"hits": []}), "the search reply cannot be read: the reply holds no list of results"),
        (Answer({"results": [{"id": 1}]}), "a result has no feature_id"),
    ],
)
def test_a_search_that_cannot_be_had_gets_one_sentence(
    answer: Answer, sentence: str, ask: Ask, mixpeek: ScriptedMixpeek
) -> None:
    mixpeek.script(SEARCH, answer, for_ever=True)

    process = ask("a lighthouse at night")

    assert process.exit_code == 1
    assert sentence in process.stderr
    assert len(process.stderr.strip().splitlines()) == 1, process.stderr


def test_a_project_without_videos_says_how_to_begin(
    ask: Ask, mixpeek: ScriptedMixpeek, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_DATA_DIR", str(tmp_path / "empty"))

    process = ask("a lighthouse at night")

    assert process.exit_code == 1
    assert "has no videos yet: `mixpeek-assets run`" in process.stderr
    assert mixpeek.requests == []


def test_hits_that_are_nothing_like_the_words_are_left_out_and_counted(
    ask: Ask, project: Project, mixpeek: ScriptedMixpeek
) -> None:
    mixpeek.script(SEARCH, with_floors(hits(project), text=0.6, image=0.41), for_ever=True)

    near, every = ask("a harbour").stdout, ask("a harbour", "--all").stdout

    assert [line.split()[0] for line in near.splitlines()] == ["score", "0.612", "1"]
    assert near.endswith("1 of 2 hits is nothing like it: below 0.41 (image). `--all` shows what is left out.\n")
    assert [line.split()[0] for line in every.splitlines()] == ["score", "0.612", "0.400", "1"]
    assert every.endswith("1 of 2 hits is nothing like it: below 0.41 (image).\n")


@pytest.mark.parametrize(("score", "shown"), [(0.3299, False), (0.33, True), (None, True)])
def test_a_score_at_the_floor_or_none_is_near(
    score: float | None, shown: bool, ask: Ask, project: Project, mixpeek: ScriptedMixpeek
) -> None:
    [_, image] = hits(project).body["results"]
    mixpeek.script(SEARCH, with_floors(Answer({"results": [{**image, "score": score}]}), image=0.33))

    assert ("A lighthouse." in ask("a harbour").stdout) == shown


def test_where_nothing_is_like_the_words_one_sentence_says_so_and_how_far_the_nearest_is(
    ask: Ask, project: Project, mixpeek: ScriptedMixpeek
) -> None:
    [text, image] = hits(project).body["results"]
    nearest = {**image, "score": 0.2141}
    mixpeek.script(
        SEARCH,
        *[with_floors(Answer({"results": found}), text=0.7, image=0.33) for found in ([nearest], [text], [nearest])],
        with_floors(Answer({"results": [{**nearest, "feature_id": "new"}]}), image=0.33),
    )

    needed = "and what resembles words scores 0.33 or more."
    hint = "`--all` shows what is left out.\n"
    nothing = f"Nothing like it: the nearest, harbour.mp4 at 1:15.2, scores 0.214, {needed}"
    assert ask("a tax form").stdout == f"{nothing} {hint}"
    assert "the nearest, harbour.mp4, scores 0.612" in ask("a tax form").stdout
    assert ask("a tax form", "--all").stdout.endswith(f"A lighthouse. It is night.\n{nothing}\n")
    assert ask("a tax form").stdout == f"Nothing like it: the nearest scores 0.214, {needed} {hint}"


@pytest.mark.parametrize(("format_", "lines"), [("json", ["[]"]), ("csv", ["score,video,start_time,modality,found"])])
def test_programs_get_what_people_see_and_the_sentence_beside_it(
    format_: str, lines: list[str], ask: Ask, project: Project, mixpeek: ScriptedMixpeek
) -> None:
    mixpeek.script(SEARCH, with_floors(hits(project), text=0.7, image=0.7))

    process = ask("a tax form", "--format", format_)

    assert [line[: len(lines[0])] for line in process.stdout.splitlines()] == lines
    assert process.stderr.startswith("Nothing like it: the nearest, harbour.mp4, scores 0.612")


def test_the_examples_of_a_run_are_those_that_find_something_near(project: Project, mixpeek: ScriptedMixpeek) -> None:
    warehouse = Warehouse(Site.of_file(project.warehouse))
    near = with_floors(hits(project), text=0.5, image=0.5)
    mixpeek.script(SEARCH, near, with_floors(hits(project), text=0.7, image=0.5))

    with AssetsClient(mixpeek.url, SecretStr(KEY)) as client:
        tried = try_out(client, warehouse, EXAMPLES)

    assert (list(tried.found), tried.problem) == ([EXAMPLES[0]], None)
    assert [moment.modality for moment in tried.found[EXAMPLES[0]].rows] == ["text"]
    assert [request.body["queries"][0]["value"] for request in mixpeek.asked(SEARCH)] == list(EXAMPLES)


def test_a_run_ends_well_where_words_cannot_be_searched(project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.script(SEARCH, Answer({"detail": [{"loc": ["body"], "msg": "no sentence model", "type": "x"}]}, 422))

    with AssetsClient(mixpeek.url, SecretStr(KEY)) as client:
        tried = try_out(client, Warehouse(Site.of_file(project.warehouse)), EXAMPLES)

    assert tried.found == {}
    assert "no sentence model" in (tried.problem or "")
