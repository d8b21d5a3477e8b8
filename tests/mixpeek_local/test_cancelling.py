"""Cancelling a task stops the work on it, and nothing of it stays."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.process import running
from mixpeek_local.state import api_key
from mixpeek_local.store.removal import cancel
from mixpeek_local.store.store import Store, Submission
from mixpeek_local.work import worker
from tests.mixpeek_local import hostile
from tests.mixpeek_local.caller import Caller, until
from tests.mixpeek_local.processes import children, is_gone, server_pid
from tests.mixpeek_local.video_host import VideoHost


@pytest.fixture
def api(own: LocalApiConfig) -> Iterator[Caller]:
    with running(own) as url:
        yield Caller(url, api_key(own.state_dir))


def cancelled(api: Caller, task_id: str) -> str:
    """Cancel a task, and give the id of its asset."""
    api.request("DELETE", f"/tasks/{task_id}").raise_for_status()
    task = api.task(task_id)
    assert task["status"] == "CANCELLED"
    return task["asset_id"]


def stop(pid: int, database: Path) -> None:
    """Stop a worker, but not while it writes to the store: then all would wait for it, as for no decoder."""
    for _ in range(100):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.05)  # it may be on its way
        with closing(sqlite3.connect(database, timeout=0)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(pid, signal.SIGCONT)
                time.sleep(0.01)
            else:
                connection.rollback()
                return
    raise AssertionError("the worker does nothing but write")


def test_a_worker_that_is_stuck_is_ended_and_replaced(
    api: Caller, own: LocalApiConfig, host: VideoHost, clip: Path
) -> None:
    task_id = api.ingest(host.address("/later"))
    assert host.asked.wait(60)
    (stuck,) = children(server_pid(own.state_dir))
    stop(stuck, own.database)  # as good as a decoder that never comes back
    cancelled(api, task_id)
    until(lambda: is_gone(stuck))
    assert api.process(clip)["asset"]["status"] == "DONE"
    assert list(own.downloads.iterdir()) == []


def test_the_asset_of_a_cancelled_task_is_cancelled_and_has_no_features(
    api: Caller, own: LocalApiConfig, host: VideoHost
) -> None:
    task_id = api.ingest(host.address("/later"))
    assert host.asked.wait(60)
    asset_id = cancelled(api, task_id)
    host.released.set()  # too late
    until(lambda: not list(own.downloads.iterdir()))
    body = api.get(f"/assets/{asset_id}/features")
    assert body["asset"]["status"] == "CANCELLED"
    assert [feature for several in body["features"].values() for feature in several] == []


def test_a_task_that_waits_is_never_begun(api: Caller, host: VideoHost, clip: Path) -> None:
    first, second = api.ingest(host.address("/later")), api.ingest(host.address("/clip"))
    assert host.asked.wait(60)
    cancelled(api, second)
    host.released.set()
    assert api.settled(first)["status"] == "DONE"
    assert api.process(clip)["asset"]["status"] == "DONE"
    assert [path for path, _ in host.requests] == ["/later"]


def progress(store: Store, task_id: str) -> float:
    task = store.tasks.get(task_id)
    assert task is not None
    return task["progress"]


def test_a_worker_that_comes_along_stops_by_itself(own: LocalApiConfig, folder: Path, tmp_path: Path) -> None:
    own.state_dir.mkdir()
    store = Store(own.database)
    hour = hostile.still(folder / "hour.mp4", frames=90_000, per_second=25)
    settings = ExtractionSettings(read=False, transcribe=False, describe=False)
    task_id = store.ingest(Submission(str(hour), "c", {}, settings))
    job = store.tasks.claim("worker")
    assert job is not None

    def cancel_once_begun() -> None:
        other = Store(own.database)
        until(lambda: progress(other, task_id) > 0.12)
        cancel(other, task_id)
        other.close()

    canceller = threading.Thread(target=cancel_once_begun)
    canceller.start()
    worker.run(store, job, own)
    canceller.join()
    task = store.tasks.get(task_id)
    assert task is not None
    assert task["status"] == "CANCELLED"
    assert 0.12 < task["progress"] < 0.95  # it did not go on to the end
    assert store.features(job.asset_id) == []
    store.close()
