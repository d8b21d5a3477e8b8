"""How far a task is can be read while it is under way."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.process import running
from mixpeek_local.state import api_key
from mixpeek_local.store.store import Store
from tests.mixpeek_local import hostile
from tests.mixpeek_local.caller import WAIT_SECONDS, Caller, until
from tests.mixpeek_local.processes import caller, serving
from tests.mixpeek_local.video_host import VideoHost

SEE_ONLY = {"read": {"enabled": False}, "transcribe": {"enabled": False}, "describe": {"enabled": False}}


@pytest.fixture
def store(own: LocalApiConfig) -> Iterator[Store]:
    """What the server of `own` stores, read beside it."""
    own.state_dir.mkdir()
    store = Store(own.database)
    yield store
    store.close()


def shares(store: Store, task_id: str) -> Iterator[tuple[str, float]]:
    """Status and progress of a task, again and again until it has ended."""
    deadline = time.monotonic() + 3 * WAIT_SECONDS
    while time.monotonic() < deadline:
        task = store.tasks.get(task_id)
        assert task is not None
        yield task["status"], task["progress"]
        if task["status"] in ("DONE", "FAILED"):
            return
        time.sleep(0.02)
    raise AssertionError("the task did not end")


def test_progress_grows_from_nothing_to_the_whole(own: LocalApiConfig, store: Store, folder: Path) -> None:
    video = hostile.still(folder / "four-minutes.mp4", frames=6_000, per_second=25)
    with running(own) as url:
        task_id = Caller(url, api_key(own.state_dir)).ingest(video, feature_extractors=[SEE_ONLY])
        seen = list(shares(store, task_id))
    values = [share for _, share in seen]
    assert values == sorted(values)
    assert seen[-1] == ("DONE", 1)
    assert len({share for status, share in seen if status == "PROCESSING" and 0.1 < share < 1}) >= 2


def test_a_download_counts_too(own: LocalApiConfig, store: Store, host: VideoHost) -> None:
    with running(own) as url:
        api = Caller(url, api_key(own.state_dir))
        task_id = api.ingest(host.address("/later"))
        until(lambda: next(shares(store, task_id))[1] > 0)
        status, share = next(shares(store, task_id))
        assert status == "DOWNLOADING"
        assert share <= 0.05  # at most half has come of the download, which is a tenth of it all
        host.released.set()
        assert api.settled(task_id)["status"] == "DONE"


def test_a_task_that_is_taken_up_again_starts_from_nothing(own: LocalApiConfig, store: Store, host: VideoHost) -> None:
    with serving(own) as server:
        task_id = caller(own).ingest(host.address("/later"))
        until(lambda: next(shares(store, task_id))[1] > 0)
        server.kill()
        server.wait()
    store.tasks.recover()
    assert next(shares(store, task_id)) == ("QUEUED", 0)


def test_decoding_that_takes_too_long_is_given_up(own: LocalApiConfig, folder: Path) -> None:
    video = hostile.still(folder / "hour.mp4", frames=90_000, per_second=25)
    with running(replace(own, processing_timeout=1)) as url:
        api = Caller(url, api_key(own.state_dir))
        assert api.reason(video, feature_extractors=[SEE_ONLY]) == "the video took longer than 1 seconds to process"
