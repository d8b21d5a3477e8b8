"""What a client says that it has done."""

import gzip
import json
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.concurrency import map_concurrently
from mixpeek_assets.api.errors import NotFoundError, SubmissionOutcomeUnknownError, TransientError
from mixpeek_assets.api.figures import Figures
from mixpeek_assets.api.rate_limit import limit_in_folder
from tests.api.conftest import Connect
from tests.fakes.mixpeek import Answer, Request, ScriptedMixpeek
from tests.warehouse.processes import until

FEATURE, ASSET = "GET /features/{id}", "GET /assets/{id}/features"
SUBMISSION = "POST /ingest/videos/url"


@pytest.fixture
def features(mixpeek: ScriptedMixpeek) -> list[str]:
    """Forty features that the server has."""
    return [mixpeek.feature("video", str(number))["feature_id"] for number in range(40)]


def test_a_client_that_has_sent_nothing_has_nothing_to_show(client: AssetsClient) -> None:
    assert client.figures == Figures()
    assert client.figures.limit_share == 0


def test_requests_are_counted_by_endpoint_whatever_id_they_name(
    mixpeek: ScriptedMixpeek, client: AssetsClient, features: list[str]
) -> None:
    for feature_id in features[:3]:
        client.get_feature(feature_id)
    client.submit_video("http://videos.test/a.mp4", "talks")
    with pytest.raises(NotFoundError):
        client.get_asset("unknown")

    assert client.figures.requests == {FEATURE: 3, SUBMISSION: 1, ASSET: 1}
    assert sum(client.figures.requests.values()) == len(mixpeek.requests)


def test_threads_lose_no_count(client: AssetsClient, features: list[str]) -> None:
    answers = list(map_concurrently(client.get_feature, features * 10, 16))

    assert len(answers) == 400
    assert client.figures.requests == {FEATURE: 400}


def test_a_retry_is_a_request_beyond_the_first_of_a_call(
    mixpeek: ScriptedMixpeek, client: AssetsClient, features: list[str]
) -> None:
    mixpeek.script("/features/", Answer(b"oops", 503), Answer(cut=True))

    client.get_feature(features[0])
    client.get_feature(features[1])

    figures = client.figures
    assert (figures.requests, figures.retries, figures.rate_limited) == ({FEATURE: 4}, 2, 0)


def test_a_call_that_is_given_up_counts_what_it_tried(
    mixpeek: ScriptedMixpeek, client: AssetsClient, features: list[str]
) -> None:
    mixpeek.script("/features/", Answer(b"oops", 503), for_ever=True)

    with pytest.raises(TransientError):
        client.get_feature(features[0])

    assert (client.figures.requests, client.figures.retries) == ({FEATURE: 3}, 2)


def test_a_submission_that_is_not_sent_again_is_no_retry(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("POST", Answer(cut=True))

    with pytest.raises(SubmissionOutcomeUnknownError):
        client.submit_video("http://videos.test/a.mp4", "talks")

    assert (client.figures.requests, client.figures.retries) == ({SUBMISSION: 1}, 0)


def test_a_429_is_no_retry_and_its_pause_is_a_wait_for_the_rate_limit(
    mixpeek: ScriptedMixpeek, client: AssetsClient, features: list[str]
) -> None:
    mixpeek.script("/features/", *[Answer({}, 429, {"Retry-After": "0.5"})] * 2)

    client.get_feature(features[0])

    figures = client.figures
    assert (figures.requests, figures.retries, figures.rate_limited) == ({FEATURE: 3}, 0, 2)
    assert figures.limit_seconds >= 1


def test_a_wait_for_our_own_limit_counts_too(connect: Connect, tmp_path: Path, features: list[str]) -> None:
    client = connect(limit=limit_in_folder(tmp_path, 6, "a test", timedelta(seconds=1)))

    for feature_id in features[:3]:  # one at once, then one in each third of a second (with the margin)
        client.get_feature(feature_id)

    assert client.per_minute == 6
    assert client.figures.limit_seconds >= 0.6
    assert client.figures.limit_share > 0.5


def test_a_wait_that_is_still_going_on_counts(
    mixpeek: ScriptedMixpeek, client: AssetsClient, features: list[str]
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def hold(_: Request) -> None:
        asked.set()
        answered.wait(30)

    mixpeek.on_request = hold
    caller = threading.Thread(target=client.get_feature, args=(features[0],))
    caller.start()
    assert asked.wait(30)
    began, before = time.monotonic(), client.figures
    until(lambda: client.figures.api_seconds > before.api_seconds + 0.05)
    assert client.figures.requests == {FEATURE: 1}
    assert (client.figures - before).api_seconds <= time.monotonic() - began
    answered.set()
    caller.join(30)


def test_bytes_are_those_on_the_wire(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    plain = json.dumps({"feature_id": "f", "vectors": {"clip": [0.5] * 1000}}).encode()
    packed = gzip.compress(plain)
    mixpeek.script("/features/", Answer(plain), Answer(packed, headers={"Content-Encoding": "gzip"}))

    client.get_feature("f")
    assert client.figures.bytes == len(plain)
    client.get_feature("f")
    assert client.figures.bytes == len(plain) + len(packed)


def test_the_figures_of_a_step_are_a_difference(client: AssetsClient, features: list[str]) -> None:
    client.get_feature(features[0])
    before = client.figures
    client.submit_video("http://videos.test/a.mp4", "talks")

    step = client.figures - before

    assert step.requests == {SUBMISSION: 1}
    assert before.requests == {FEATURE: 1}, "a record does not change any more"
    assert 0 < step.api_seconds < client.figures.api_seconds
