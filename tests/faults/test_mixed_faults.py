"""Faults of many kinds at once, and faults without an end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mixpeek_assets.api import transport
from mixpeek_assets.api.documents import client
from mixpeek_assets.api.errors import MixpeekError
from mixpeek_assets.pipeline.fetch import FetchResult
from mixpeek_assets.pipeline.poll import PollResult
from mixpeek_assets.pipeline.submit import SubmitResult
from tests.defs.test_materialization import failures, run
from tests.fakes import pipeline
from tests.fakes.faulty import Faulty
from tests.faults.conftest import PATIENCE
from tests.faults.ingestion import Contents, furnish, make_due, one_pass, tables
from tests.faults.styles import Style

MANY, FEW = 20, 3

# One of each family: the connection, the work that is done and not told, the body, the server, the limit, the content.
MIXED = ("reset", "lost-acknowledgement", "cut-off", "503", "429-flat", "truncated-json")


@pytest.fixture(scope="module")
def truths(style: Style) -> dict[int, Contents]:
    """What ingestions of so many videos come to that meet no fault; each is made once."""
    return {}


@pytest.fixture
def truth_of(
    truths: dict[int, Contents], faulty: Faulty, style: Style, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], Contents]:
    def truth_of(videos: int) -> Contents:
        if videos not in truths:
            with monkeypatch.context() as elsewhere:
                (tmp_path / "truth").mkdir()
                elsewhere.chdir(tmp_path / "truth")
                pipeline.add_videos(furnish(style, faulty.mixpeek, videos))
                assert one_pass() == []
                truths[videos] = tables().contents
            style.reset(faulty.mixpeek)
        return truths[videos]

    return truth_of


@pytest.mark.parametrize("seed", range(5))
def test_one_request_in_ten_meets_each_of_six_faults_and_the_tables_are_the_truth(
    faulty: Faulty, style: Style, truth_of: Callable[[int], Contents], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    truth = truth_of(MANY)
    # As many requests as there are videos, so that there are faults enough.
    monkeypatch.setenv("MIXPEEK_BATCH_VIDEOS", "1")
    monkeypatch.setattr(client, "ASSETS_PER_FETCH", 1)
    pipeline.add_videos(furnish(style, faulty.mixpeek, MANY))
    faulty.order(*({"fault": kind, "rate": 0.1, "seed": seed} for kind in MIXED))

    for _ in range(20):
        assert one_pass() == [], "none of these faults is one that stops a step"
        if tables().contents == truth:
            break
        make_due()

    told = tables()
    assert told.contents == truth
    assert set(faulty.played) == set(MIXED), "all were met"
    assert all(states[-1] == "done" and set(states[:-1]) <= {"lost"} for states in told.attempts.values())
    assert_repeated_only_with_care(style, faulty)


ENDLESS: dict[str, tuple[dict[str, Any], str]] = {
    "reset": ({}, "no complete reply (ProtocolError)"),
    "lost-acknowledgement": ({}, "no complete reply (ProtocolError)"),
    "read-timeout": ({"seconds": 60}, "no complete reply (ReadTimeoutError)"),
    "cut-off": ({}, "no complete reply (ProtocolError)"),
    "503": ({}, "answered 503: the service is not available"),
    "502-html": ({}, "answered 502: no error message in the reply (text/html; charset=utf-8): <!DOCTYPE html>"),
    "429": ({}, "rate limit exceeded for longer than 0 s"),
    "truncated-json": ({}, "a reply that is not complete JSON"),
    "broken-gzip": ({}, "no complete reply (DecodeError)"),
    "redirect": ({}, "redirects to /elsewhere. Check MIXPEEK_API_URL, MIXPEEK_API_PREFIX and MIXPEEK_API_STYLE"),
    "refused": ({}, "no server at"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_when_everything_fails_a_step_says_so_and_the_next_run_goes_on_from_there(
    faulty: Faulty, style: Style, truth_of: Callable[[int], Contents], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    truth = truth_of(FEW)
    pipeline.add_videos(furnish(style, faulty.mixpeek, FEW))
    details, words = ENDLESS[kind]

    for step in (pipeline.submit, pipeline.poll, pipeline.land):
        before = tables()
        for message in messages_of_failing(step, faulty, monkeypatch, {"fault": kind, **details}):
            assert words in message
            assert message.count("\n") == 0
        after = tables()
        stored = ("assets", "features", "vectors", "rejects")
        assert {name: after.contents[name] for name in stored} == {name: before.contents[name] for name in stored}
        if step is not pipeline.submit:
            assert after.attempts == before.attempts
        make_due()
        step()

    assert tables().contents == truth
    assert_repeated_only_with_care(style, faulty)
    sent = style.worked_on(faulty.mixpeek)
    assert len(sent) == FEW
    if style.name == "documents" or kind not in ("lost-acknowledgement", "cut-off", "truncated-json", "broken-gzip"):
        assert set(sent.values()) == {1}, "what was never done was sent once, in the end"


def test_a_job_whose_every_call_fails_fails_in_one_sentence(
    faulty: Faulty,
    style: Style,
    truth_of: Callable[[int], Contents],
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth = truth_of(FEW)
    pipeline.add_videos(furnish(style, faulty.mixpeek, FEW))
    monkeypatch.setenv("MIXPEEK_VIDEOS", "manifest.csv")
    monkeypatch.setattr(transport, "RetryPolicy", lambda: PATIENCE)
    broken = {"fault": "503"}

    faulty.order(broken)
    (said,) = failures(run("mixpeek_ingest", instance))
    assert said.startswith("3 answers did not come; the rest is submitted, and the next run asks for them again")
    assert "answered 503: the service is not available" in said
    faulty.order()
    assert run("mixpeek_ingest", instance).success
    pipeline.poll()

    faulty.order(broken)
    (said,) = failures(run("mixpeek_land", instance))
    assert said.startswith("3 assets did not come; the rest is landed, and the next run asks")
    faulty.order()
    assert run("mixpeek_land", instance).success
    assert tables().contents == truth
    assert list(style.worked_on(faulty.mixpeek).values()) == [1] * FEW


def messages_of_failing(
    step: Callable[[], object], faulty: Faulty, monkeypatch: pytest.MonkeyPatch, rule: dict[str, Any]
) -> list[str]:
    """Take a step while every request meets the fault; return what it says, whichever way it says it."""
    impatient = replace(PATIENCE, read=0.3, rate_limit=0.3)
    with monkeypatch.context() as hurried:
        hurried.setattr(pipeline, "QUICK", impatient)
        if rule["fault"] == "refused":
            faulty.stop()
        else:
            faulty.order(rule)
        try:
            done = step()
        except MixpeekError as error:
            return [str(error)]
        finally:
            if rule["fault"] == "refused":
                faulty.start()
            faulty.order()
    match done:
        case SubmitResult(lost=errors) | PollResult(errors=errors) | (FetchResult(unfinished=errors), FetchResult()):
            assert errors, "it fails, and says so"
            return [str(error) for error in errors]
    raise AssertionError(done)


def assert_repeated_only_with_care(style: Style, faulty: Faulty) -> None:
    """Whatever the server has made of a video once, it is asked for again only so that it makes no second."""
    if style.name == "documents":
        assert set(style.worked_on(faulty.mixpeek).values()) == {1}
        return
    first = set[str]()
    for request in faulty.mixpeek.asked("POST /ingest"):
        url = request.body["url"]
        assert url not in first or request.body.get("skip_duplicate") is True
        first.add(url)
