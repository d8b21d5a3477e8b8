"""Every fault, met once at every stage: the tables are those of an ingestion that met none."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from mixpeek_assets.api import deadline
from mixpeek_assets.api.errors import MixpeekError, ServerUnreachableError, WrongEndpointError
from mixpeek_local.faults.kinds import PLAYS
from tests.fakes import pipeline
from tests.fakes.faulty import FaultyMixpeek
from tests.faults.conftest import PATIENCE
from tests.faults.ingestion import REQUESTS, Contents, Stage, furnish, make_due, one_pass, tables

STAGES: tuple[Stage, ...] = get_args(Stage)
VIDEOS = 2
NORMAL: dict[Stage, int] = {"submit": VIDEOS, "poll": VIDEOS, "asset": VIDEOS, "feature": 3 * VIDEOS}
"""How many requests each stage sends when all is well."""

DETAILS: dict[str, dict[str, Any]] = {
    "read-timeout": {"seconds": 60},
    "late-reply": {"seconds": 60},
    "slow-drip": {"seconds": 60},
    "429-seconds": {"retry_after": 0},
    "429-date": {"retry_after": 0},
    "too-large": {"fault": "large-body", "bytes": 3_000_000},
}
"""`too-large` is a kind of this test's, and so is `refused`: nobody listens."""

HASTY = replace(PATIENCE, read=0.8, whole=0.9)
"""For the faults that take time."""

# What a fault means for a client.
HARMLESS = {"nan-json", "wrong-content-type", "large-body"}
WAITS = {"429", "429-seconds", "429-date", "429-flat"}
STOPS = {"redirect", "refused"}
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


class Prepared:
    """A project as it is before each stage, and the tables of an ingestion that met no fault."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.truth: Contents = {}

    def keep(self, *stages: Stage) -> None:
        for stage in stages:
            shutil.copytree("data", self._folder / stage)

    def restore(self, stage: Stage) -> None:
        shutil.copytree(self._folder / stage, "data")


@pytest.fixture(scope="module")
def prepared(server: FaultyMixpeek, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Made by the first test that asks, in its own folder and with its environment."""
    return Prepared(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def before(prepared: Prepared, faulty: FaultyMixpeek) -> Prepared:
    if not prepared.truth:
        pipeline.add_videos(furnish(faulty.mixpeek, VIDEOS))
        prepared.keep("submit")
        pipeline.submit()
        prepared.keep("poll")
        pipeline.poll()
        prepared.keep("asset", "feature")
        pipeline.land()
        prepared.truth = tables().contents
        shutil.rmtree("data")
        faulty.mixpeek.requests.clear()
    return prepared


def test_every_kind_of_fault_is_among_these() -> None:
    assert set(KINDS) == set(PLAYS) | {"refused", "too-large"}


def test_an_ingestion_that_meets_no_fault_lands_all(before: Prepared) -> None:
    assert [row[1:] for row in before.truth["tasks"]] == [("done", "DONE")] * VIDEOS
    counts = {table: len(rows) for table, rows in before.truth.items()}
    assert counts == {"tasks": 2, "assets": 2, "features": 6, "vectors": 8, "rejects": 0}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_passes_leaves_no_trace_in_the_tables(
    before: Prepared, faulty: FaultyMixpeek, monkeypatch: pytest.MonkeyPatch, kind: str, stage: Stage
) -> None:
    before.restore(stage)
    if "seconds" in DETAILS.get(kind, {}):
        monkeypatch.setattr(pipeline, "QUICK", HASTY)
    if kind == "too-large":
        monkeypatch.setattr(deadline, "LARGEST_REPLY", 2 << 20)

    failures = pass_that_meets(faulty, kind, stage, times=1)
    assert_failures_are_as_they_must_be(kind, failures)
    is_rejected = kind in UNREADABLE and stage in ("asset", "feature")
    if is_rejected:
        # A reply that is sound and makes no sense is told, and not asked for again unless a user says so.
        ((_, reason),) = tables().contents["rejects"]
        assert ("not a JSON object" if kind == "json-array" else "more than 2 MiB") in reason
        pipeline.land(refresh=True)
    elif kind in STOPS | UNREADABLE:
        make_due()
        assert one_pass(stage) == []

    told = tables()
    assert told.contents == before.truth
    assert faulty.seen == requests_that_it_takes(kind, stage, is_rejected=is_rejected)
    assert_nothing_was_submitted_twice_unknowingly(faulty, told.attempts, kind, stage)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("kind", ["503", "lost-acknowledgement"])
def test_a_burst_of_faults_leaves_no_trace_in_the_tables(
    before: Prepared, faulty: FaultyMixpeek, kind: str, stage: Stage
) -> None:
    before.restore(stage)
    burst = 5  # more than a call's attempts, and than a submission's rounds

    pass_that_meets(faulty, kind, stage, times=burst)
    for _ in range(burst):
        if len(faulty.played) == burst and tables().contents == before.truth:
            break
        make_due()
        one_pass()

    assert faulty.played == [kind] * burst
    assert one_pass() == []
    assert tables().contents == before.truth
    assert faulty.seen == NORMAL[stage] + burst, "what is done is not done again"


def pass_that_meets(faulty: FaultyMixpeek, kind: str, stage: Stage, *, times: int) -> list[MixpeekError]:
    rule = {"match": REQUESTS[stage], "fault": kind, "times": times, **DETAILS.get(kind, {})}
    if kind != "refused":
        faulty.order(rule)
        failures = one_pass(stage)
        assert faulty.played == [rule["fault"]] * times or times > 1
        return failures
    faulty.order({**rule, "fault": "503", "times": 0})  # which only counts
    faulty.stop()
    try:
        return one_pass(stage)
    finally:
        faulty.start()


def assert_failures_are_as_they_must_be(kind: str, failures: list[MixpeekError]) -> None:
    """One failure, of a step that was stopped; what may come later stops none."""
    expected = {"redirect": WrongEndpointError, "refused": ServerUnreachableError}
    assert [type(failure) for failure in failures] == ([expected[kind]] if kind in STOPS else [])
    if kind == "redirect":
        assert "redirects to /elsewhere" in str(failures[0])
        assert "MIXPEEK_API_URL" in str(failures[0])
    if kind == "refused":
        assert "no server at" in str(failures[0])


def requests_that_it_takes(kind: str, stage: Stage, *, is_rejected: bool) -> int:
    if kind in HARMLESS or kind == "refused":
        return NORMAL[stage]
    if is_rejected:
        return 2 * NORMAL[stage]  # the refresh asks for all
    return NORMAL[stage] + 1


def assert_nothing_was_submitted_twice_unknowingly(
    faulty: FaultyMixpeek, attempts: dict[str, list[str]], kind: str, stage: Stage
) -> None:
    is_lost = stage == "submit" and kind in NOT_DONE | DONE_AND_LOST | UNREADABLE
    assert sorted(attempts.values()) == [["done"], ["lost", "done"] if is_lost else ["done"]]
    if stage != "submit":
        assert faulty.mixpeek.asked("POST /ingest") == []
        return
    # What the server did, whatever it was that the client was told.
    accepted = Counter(request.body["url"] for request in faulty.mixpeek.asked("POST /ingest"))
    repeated = {url for url, each in attempts.items() if each[0] == "lost"}
    assert accepted == {url: 1 + (url in repeated and kind not in NOT_DONE) for url in attempts}
    careful = [request.body["url"] for request in faulty.mixpeek.asked("POST") if request.body.get("skip_duplicate")]
    assert careful == sorted(repeated), "a video that may be there already is sent so that it is not made twice"
