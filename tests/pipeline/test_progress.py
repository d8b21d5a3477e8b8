"""What the steps say, and the figures that they return."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.errors import AuthenticationError
from mixpeek_assets.api.rate_limit import limit_in_folder
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.connections import open_client
from mixpeek_assets.labels import counted, duration, size
from mixpeek_assets.pipeline import progress
from mixpeek_assets.pipeline.fetch import FetchResult, fetch_assets, fetch_vectors
from mixpeek_assets.pipeline.submit import SubmitResult, submit_videos
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import KEY, Answer, Request, ScriptedMixpeek, Video
from tests.fakes.pipeline import QUICK, TODAY, add_videos, land, poll, submit
from tests.warehouse.processes import until

Fetch = Callable[..., FetchResult]


@pytest.fixture
def said() -> list[str]:
    """What was said."""
    return []


@pytest.fixture
def features(mixpeek: ScriptedMixpeek, warehouse: Warehouse, said: list[str]) -> int:
    """Twelve features whose assets are landed."""
    for number in range(3):
        listed = [mixpeek.feature("video", str(place), start_time=place) for place in range(4)]
        mixpeek.videos[f"http://videos.test/{number}.mp4"] = Video(features={"video": listed})
    add_videos(sorted(mixpeek.videos))
    submit()
    poll()
    step(fetch_assets, warehouse, said)
    said.clear()
    mixpeek.requests.clear()
    return 12


@contextmanager
def limited(mixpeek: ScriptedMixpeek, folder: Path, per_minute: int) -> Iterator[AssetsClient]:
    """Open a client with a limit whose minute is a second."""
    limit = limit_in_folder(folder, per_minute, "a test", timedelta(seconds=1))
    with AssetsClient(mixpeek.url, SecretStr(KEY), limit=limit, policy=RetryPolicy(rate_limit=60)) as client:
        yield client


def step(fetch: Fetch, warehouse: Warehouse, said: list[str], *, refresh: bool = False) -> FetchResult:
    with open_client(load_settings(), QUICK) as client:
        return fetch(client, warehouse, [TODAY], run_id="test", refresh=refresh, say=said.append)


def send(warehouse: Warehouse, said: list[str]) -> SubmitResult:
    with open_client(load_settings(), QUICK) as client:
        return submit_videos(client, warehouse, [TODAY], run_id="test", say=said.append)


def test_a_step_says_its_plan_and_a_summary(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, said: list[str], features: int
) -> None:
    mixpeek.script("/features/", Answer(b"oops", 503))

    step(fetch_vectors, warehouse, said)

    plan, summary = said
    assert plan == f"{features} features to fetch, no rate limit"
    assert re.fullmatch(
        r"12 features in [0-9.]+ s: 13 requests, 1 retry, 0 times rate limited, [0-9.]+ (B|kB)", summary
    )


def test_a_step_with_nothing_to_do_says_so_in_one_line(warehouse: Warehouse, said: list[str], features: int) -> None:
    land()

    for fetch in (fetch_assets, fetch_vectors):
        step(fetch, warehouse, said)
    send(warehouse, said)

    assert said == ["no asset to fetch", "no feature to fetch", "no video to submit"]


@pytest.mark.usefixtures("features")
def test_a_rate_limit_is_in_the_plan_the_lines_and_the_summary(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.5)

    with limited(mixpeek, tmp_path, 6) as client:  # one in a third of a second
        fetch_vectors(client, warehouse, [TODAY], run_id="test", say=said.append)

    plan, *lines, summary = said
    assert plan == "12 features to fetch, about 2 min at 6 requests a minute"
    working = [line for line in lines if "being loaded" not in line]
    assert len(working) >= 2
    for line in working:
        assert re.match(r"\d+ of 12 features, ", line)
        assert re.search(r", waiting for the rate limit \d+ % of the time", line)
    assert any(re.search(r"features, \d+ a minute, .*, about [\d.]+ s left$", line) for line in working)
    done = [int(line.split()[0]) for line in working]
    assert all(before <= after for before, after in pairwise(done))
    assert re.search(r": 12 requests, .*, waiting for the rate limit \d\d+ % of the time$", summary)


@pytest.mark.usefixtures("features")
def test_lines_come_while_no_answer_does(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.05)
    answered = threading.Event()

    def hold(_: Request) -> None:
        answered.wait(60)

    mixpeek.on_request = hold
    working = threading.Thread(target=step, args=(fetch_vectors, warehouse, said))
    working.start()
    until(lambda: len(said) >= 4)
    stuck = said[1:4]
    answered.set()
    working.join(60)

    assert stuck == ["0 of 12 features, no answer since the last line"] * 3
    assert said[-1].startswith("12 features in ")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mixpeek-progress")]


def test_what_fails_is_counted(mixpeek: ScriptedMixpeek, warehouse: Warehouse, said: list[str], features: int) -> None:
    gone, sick, *_ = mixpeek.vectors
    mixpeek.script(f"/features/{gone}", Answer({"error": {"message": "gone"}}, 422), for_ever=True)
    mixpeek.script(f"/features/{sick}", Answer(b"oops", 503), for_ever=True)

    result = step(fetch_vectors, warehouse, said)

    assert (result.fetched, result.rejected, len(result.unfinished)) == (features - 2, 1, 1)
    assert said[-1].startswith("12 features (2 failed) in ")


@pytest.mark.usefixtures("features")
def test_a_step_that_is_stopped_says_how_far_it_came(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, said: list[str]
) -> None:
    mixpeek.script("/features/", Answer({"error": {"message": "Invalid API key"}}, 401), for_ever=True)

    with pytest.raises(AuthenticationError):
        step(fetch_vectors, warehouse, said)

    assert said[-1].startswith("0 of 12 features in ")


@pytest.mark.usefixtures("features")
def test_an_error_of_a_listener_is_not_swallowed(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.01)
    refused = threading.Event()

    def refuse(sentence: str) -> None:
        if "no answer" in sentence:
            refused.set()
            raise OSError("nobody listens")

    def hold(_: Request) -> None:
        refused.wait(60)

    mixpeek.on_request = hold
    with open_client(load_settings(), QUICK) as client, pytest.raises(OSError, match="nobody listens"):
        fetch_vectors(client, warehouse, [TODAY], run_id="test", say=refuse)
    assert refused.is_set()


def test_submissions_speak_too(mixpeek: ScriptedMixpeek, warehouse: Warehouse, said: list[str]) -> None:
    add_videos(["http://videos.test/a.mp4"])
    mixpeek.script("POST", Answer(cut=True))

    submitted = send(warehouse, said)

    assert submitted.accepted == 1
    assert said[::2] == ["1 video to submit, no rate limit", "1 video to submit again, no rate limit"]
    assert said[1].startswith("1 video (1 failed) in ")
    assert said[3].startswith("1 video in ")
    assert submitted.figures.as_metadata()["requests POST /ingest/videos/url"] == 2


def test_the_figures_of_a_step_are_numbers_with_names(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, said: list[str], features: int
) -> None:
    mixpeek.script("/features/", Answer(b"oops", 503), Answer({}, 429, {"Retry-After": "0.5"}))

    found = step(fetch_vectors, warehouse, said).figures.as_metadata("vectors")

    assert all(type(value) in (int, float) for value in found.values())
    assert {name: value for name, value in found.items() if not name.startswith(("seconds", "bytes", "percent"))} == {
        "requests": features + 2,
        "requests GET /features/{id}": features + 2,
        "retries": 1,
        "rate_limited": 1,
        "rows_inserted": features,
        "rows_replaced": 0,
        "rows_unchanged": 0,
        "rows_rejected": 0,
    }
    assert found["seconds_waiting_for_rate_limit"] >= 0.5
    assert 0 < found["percent_waiting_for_rate_limit"] <= 100
    for name in ("seconds", "seconds_in_api", "seconds_waiting_for_lock", "seconds_loading", "bytes"):
        assert found[name] > 0


def test_the_figures_are_of_one_step_though_its_client_made_several(
    warehouse: Warehouse, said: list[str], features: int
) -> None:
    step(fetch_vectors, warehouse, said)
    with open_client(load_settings(), QUICK) as client:
        assets = fetch_assets(client, warehouse, [TODAY], run_id="again", refresh=True)
        vectors = fetch_vectors(client, warehouse, [TODAY], run_id="again", refresh=True)

    assert assets.figures.api.requests == {"GET /assets/{id}/features": 3}
    assert vectors.figures.api.requests == {"GET /features/{id}": features}
    assert assets.figures.as_metadata("assets")["rows_unchanged"] == 3
    assert assets.figures.as_metadata("features")["rows_unchanged"] == features
    assert vectors.figures.as_metadata("vectors")["rows_unchanged"] == features


def test_a_poll_has_figures(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    add_videos(["http://videos.test/a.mp4", "http://videos.test/b.mp4"])
    submit()

    found = poll().figures.as_metadata()

    assert (found["requests"], found["requests GET /tasks/{id}"]) == (2, 2)
    assert not [name for name in found if name.startswith("rows")]


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (counted(1, "feature"), "1 feature"),
        (counted(0, "retry", "retries"), "0 retries"),
        (counted(12_000, "video"), "12,000 videos"),
        (duration(55.14), "55 s"),
        (duration(51 * 60), "51 min"),
        (duration(12_000), "3.3 h"),
        (duration(1e7), "116 days"),
        (size(0), "0 B"),
        (size(999), "999 B"),
        (size(1_234_567), "1.2 MB"),
        (size(5_000_000_000_000), "5,000.0 GB"),
    ],
)
def test_figures_read_as_a_person_says_them(shown: str, text: str) -> None:
    assert shown == text
