"""Every fault, met once at every stage: the tables are those of an ingestion that met none."""

import copy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.api import deadline
from mixpeek_assets.api.errors import InsufficientCreditsError, MixpeekError, ServerUnreachableError, WrongEndpointError
from mixpeek_local.faults.kinds import PLAYS
from tests.fakes import pipeline
from tests.fakes.faulty import Faulty
from tests.faults.conftest import PATIENCE
from tests.faults.ingestion import Contents, furnish, make_due, one_pass, tables
from tests.faults.styles import SITE, STYLES, Stage, Step, Style, world

VIDEOS = 2

DETAILS: dict[str, dict[str, Any]] = {
    "read-timeout": {"seconds": 60},
    "late-reply": {"seconds": 60},
    "slow-drip": {"seconds": 60},
    "429-seconds": {"retry_after": 0},
    "429-date": {"retry_after": 0},
    "503-refused": {"retry_after": 0},
    "too-large": {"fault": "large-body", "bytes": 3_000_000},
}
"""`too-large` is a kind of this test's, and so is `refused`: nobody listens."""

HASTY = replace(PATIENCE, read=0.8, whole=0.9)
"""For the faults that take time."""

# What a fault means for a client.
HARMLESS = {"nan-json", "wrong-content-type", "large-body"}
WAITS = {"429", "429-seconds", "429-date", "429-flat", "503-refused"}
STOPS = {"redirect", "refused", "403-quota"}
UNREADABLE = {"json-array", "too-large"}
NOT_DONE = {"reset", "read-timeout", "408", "500", "502-html", "503"}
DONE_AND_LOST = {
    "lost-acknowledgement",
    "late-reply",
    "cut-off",
    "slow-drip",
    "truncated-json",
    "empty-body",
    "broken-gzip",
}
KINDS = sorted(HARMLESS | WAITS | STOPS | UNREADABLE | NOT_DONE | DONE_AND_LOST)


EACH = [(style, stage) for style in STYLES for stage in STYLES[style].stages]
each_stage = pytest.mark.parametrize(("style", "name"), EACH, indirect=["style"], scope="module")


class Prepared:
    """A project as it is before each step, what the server knows by then, and the tables of a run without a fault."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._worlds: dict[Step, dict[str, Any]] = {}
        self.truth: Contents = {}

    def keep(self, step: Step, mixpeek: Any) -> None:
        shutil.copytree("data", self._folder / step)
        self._worlds[step] = world(mixpeek)

    def restore(self, step: Step, mixpeek: Any) -> None:
        shutil.copytree(self._folder / step, "data")
        vars(mixpeek).update(copy.deepcopy(self._worlds[step]))


@pytest.fixture(scope="module")
def prepared(server: Faulty, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Made by the first test that asks, in its own folder and with its environment."""
    return Prepared(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def before(prepared: Prepared, faulty: Faulty, style: Style) -> Prepared:
    if not prepared.truth:
        pipeline.add_videos(furnish(style, faulty.mixpeek, VIDEOS))
        prepared.keep("submit", faulty.mixpeek)
        pipeline.submit()
        prepared.keep("poll", faulty.mixpeek)
        pipeline.poll()
        prepared.keep("land", faulty.mixpeek)
        pipeline.land()
        prepared.truth = tables().contents
        shutil.rmtree("data")
        faulty.mixpeek.requests.clear()
    return prepared


def test_every_kind_of_fault_is_among_these() -> None:
    assert set(KINDS) == set(PLAYS) | {"refused", "too-large"}


def test_an_ingestion_that_meets_no_fault_lands_all(before: Prepared, style: Style) -> None:
    assert [row[1:] for row in before.truth["tasks"]] == [("done", style.status)] * VIDEOS
    counts = {table: len(rows) for table, rows in before.truth.items()}
    assert counts == {"tasks": 2, "assets": 2, "features": 6, "vectors": 8, "rejects": 0}


@each_stage
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_passes_leaves_no_trace_in_the_tables(
    before: Prepared, faulty: Faulty, style: Style, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    stage = style.stages[name]
    before.restore(stage.step, faulty.mixpeek)
    if "seconds" in DETAILS.get(kind, {}):
        monkeypatch.setattr(pipeline, "QUICK", HASTY)
    if kind == "too-large":
        monkeypatch.setattr(deadline, "LARGEST_REPLY", 2 << 20)

    failures = pass_that_meets(faulty, kind, stage, times=1)
    assert_failures_are_as_they_must_be(kind, failures)
    is_rejected = kind in UNREADABLE and name in ("asset", "feature")
    if is_rejected:
        # A reply that is sound and makes no sense is told, and not asked for again unless a user says so.
        ((_, reason),) = tables().contents["rejects"]
        assert ("not a JSON object" if kind == "json-array" else "more than 2 MiB") in reason
        pipeline.land(refresh=True)
    elif kind in STOPS | UNREADABLE:
        make_due()
        assert one_pass(stage.step) == []

    told = tables()
    assert told.contents == before.truth
    assert faulty.seen == requests_that_it_takes(kind, name, stage, is_rejected=is_rejected)
    assert_nothing_was_submitted_twice_unknowingly(style, faulty, told.attempts, kind, name)


@each_stage
@pytest.mark.parametrize("kind", ["503", "lost-acknowledgement"])
def test_a_burst_of_faults_leaves_no_trace_in_the_tables(
    before: Prepared, faulty: Faulty, style: Style, kind: str, name: str
) -> None:
    stage = style.stages[name]
    before.restore(stage.step, faulty.mixpeek)
    burst = 5  # more than a call's attempts, and than a submission's rounds
    if (name, kind) == ("start", "lost-acknowledgement"):
        burst = 1  # that a batch has started is read, so it is not started again

    pass_that_meets(faulty, kind, stage, times=burst)
    for _ in range(burst):
        if len(faulty.played) == burst and tables().contents == before.truth:
            break
        make_due()
        one_pass()

    assert faulty.played == [kind] * burst
    assert one_pass() == []
    assert tables().contents == before.truth
    assert faulty.seen == requests_that_it_takes(kind, name, stage, is_rejected=False) + burst - 1


@pytest.mark.parametrize("style", ["documents"], indirect=True, scope="module")
@pytest.mark.parametrize("match", SITE)
@pytest.mark.parametrize("kind", ["reset", "lost-acknowledgement", "503", "truncated-json", "429-flat", "503-refused"])
def test_the_accounts_side_is_made_once_whatever_happens_meanwhile(
    before: Prepared, faulty: Faulty, style: Style, kind: str, match: str
) -> None:
    before.restore("submit", faulty.mixpeek)
    pass_that_meets(faulty, kind, Stage("submit", match, 1), times=2)
    make_due()
    assert one_pass() == []
    assert tables().contents == before.truth
    made = faulty.mixpeek
    assert (len(made.namespaces), len(made.buckets), len(made.collections)) == (1, 1, 1)
    assert set(style.worked_on(made).values()) == {1}


def pass_that_meets(faulty: Faulty, kind: str, stage: Stage, *, times: int) -> list[MixpeekError]:
    rule = {"match": stage.match, "fault": kind, "times": times, **DETAILS.get(kind, {})}
    if kind != "refused":
        faulty.order(rule)
        failures = one_pass(stage.step)
        assert faulty.played == [rule["fault"]] * times or times > 1
        return failures
    faulty.order({**rule, "fault": "503", "times": 0})  # which only counts
    faulty.stop()
    try:
        return one_pass(stage.step)
    finally:
        faulty.start()


def assert_failures_are_as_they_must_be(kind: str, failures: list[MixpeekError]) -> None:
    """One failure, of a step that was stopped; what may come later stops none."""
    expected = {
        "redirect": WrongEndpointError,
        "refused": ServerUnreachableError,
        "403-quota": InsufficientCreditsError,
    }
    assert [type(failure) for failure in failures] == ([expected[kind]] if kind in STOPS else [])
    if kind == "redirect":
        assert "redirects to /elsewhere" in str(failures[0])
        assert "MIXPEEK_API_URL" in str(failures[0])
    if kind == "403-quota":
        assert "What is processed already can still be landed" in str(failures[0])
    if kind == "refused":
        assert "no server at" in str(failures[0])


def requests_that_it_takes(kind: str, name: str, stage: Stage, *, is_rejected: bool) -> int:
    if kind in HARMLESS or kind == "refused":
        return stage.requests
    if is_rejected:
        return 2 * stage.requests  # the refresh asks for all
    if name == "start" and kind in DONE_AND_LOST | UNREADABLE:
        return stage.requests  # it is read that the batch has started
    if name == "page" and kind in UNREADABLE:
        return 1 + VIDEOS  # by halves
    return stage.requests + 1


def assert_nothing_was_submitted_twice_unknowingly(
    style: Style, faulty: Faulty, attempts: dict[str, list[str]], kind: str, name: str
) -> None:
    if style.name == "documents":
        assert list(attempts.values()) == [["done"]] * VIDEOS, "a submission goes on as what it was"
        assert list(style.worked_on(faulty.mixpeek).values()) == [1] * VIDEOS
        return
    is_lost = name == "submit" and kind in NOT_DONE | DONE_AND_LOST | UNREADABLE
    assert sorted(attempts.values()) == [["done"], ["lost", "done"] if is_lost else ["done"]]
    accepted = style.worked_on(faulty.mixpeek)
    if name != "submit":
        assert not accepted
        return
    # What the server did, whatever it was that the client was told.
    repeated = {url for url, each in attempts.items() if each[0] == "lost"}
    assert accepted == {url: 1 + (url in repeated and kind not in NOT_DONE) for url in attempts}
    careful = [request.body["url"] for request in faulty.mixpeek.asked("POST") if request.body.get("skip_duplicate")]
    assert careful == sorted(repeated), "a video that may be there already is sent so that it is not made twice"
