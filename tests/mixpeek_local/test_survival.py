"""Nothing is lost when servers, workers and users are stopped or killed, and none of them is left behind."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.process import running
from mixpeek_local.state import api_key, endpoint
from tests.mixpeek_local.caller import Caller, until
from tests.mixpeek_local.processes import USE, caller, children, first_line, is_gone, process, server_pid, serving
from tests.mixpeek_local.video_host import VideoHost


def test_a_server_and_its_worker_end_with_a_killed_user(own: LocalApiConfig) -> None:
    with process(sys.executable, "-c", USE, str(own.state_dir)) as starter:
        first_line(starter)
        pid = server_pid(own.state_dir)
        (worker,) = children(pid)
        starter.kill()
        until(lambda: is_gone(pid) and is_gone(worker))
    assert endpoint(own.state_dir) is None


def test_a_worker_ends_with_a_killed_server(own: LocalApiConfig) -> None:
    with serving(own) as server:
        (worker,) = until(lambda: children(server.pid))
        server.kill()
        until(lambda: is_gone(worker))
    assert endpoint(own.state_dir) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_server_at_once_whatever_it_is_at(
    own: LocalApiConfig, host: VideoHost, number: signal.Signals
) -> None:
    with serving(own) as server:
        api = caller(own)
        task_id = api.ingest(host.address("/later"))
        assert host.asked.wait(60)
        (worker,) = children(server.pid)
        server.send_signal(number)
        assert server.wait(30) == 0
        assert not host.released.is_set(), "it has not waited for its download"
        assert is_gone(worker)
        assert not (own.state_dir / "endpoint.json").exists()
    host.released.set()
    with running(own) as url:
        assert Caller(url, api.key).settled(task_id)["status"] == "DONE"


def test_a_task_survives_a_killed_server(own: LocalApiConfig, host: VideoHost, clip: Path) -> None:
    with serving(own) as server:
        api = caller(own)
        done = api.process(clip)
        task_id, queued_id = api.ingest(host.address("/later")), api.ingest(clip)
        assert host.asked.wait(60)
        server.kill()
    host.released.set()
    with running(own) as url:
        api = Caller(url, api.key)
        again = api.get(f"/assets/{done['asset']['asset_id']}/features")
        assert without_links(again) == without_links(done)
        assert api.settled(task_id)["status"] == api.settled(queued_id)["status"] == "DONE"


def without_links(body: dict[str, Any]) -> dict[str, Any]:
    """A reply without the addresses of thumbnails, which have the server's port."""
    features = (feature for several in body["features"].values() for feature in several)
    for item in (body["asset"], *features):
        item.pop("preview_url", None)
    return body


def test_a_task_that_was_under_way_in_three_deaths_fails(own: LocalApiConfig, host: VideoHost) -> None:
    with running(own) as url:
        task_id = Caller(url, api_key(own.state_dir)).ingest(host.address("/later"))
        assert host.asked.wait(60)  # ended on purpose: counts for nothing
    for _ in range(3):
        with serving(own) as server:
            api = caller(own)
            until(lambda api=api: api.task(task_id)["status"] == "DOWNLOADING")
            server.kill()
            server.wait()
    with running(own) as url:
        assert "died 3 times" in Caller(url, api_key(own.state_dir)).settled(task_id)["error"]


def test_a_task_survives_a_killed_worker_and_fails_when_three_have_died_at_it(
    own: LocalApiConfig, host: VideoHost, clip: Path
) -> None:
    with running(own) as url:
        api = Caller(url, api_key(own.state_dir))
        tasks = [api.ingest(host.address("/later")), api.ingest(clip)]
        for _ in range(3):
            until(lambda: api.task(tasks[0])["status"] == "DOWNLOADING")
            (worker,) = children(server_pid(own.state_dir))
            os.kill(worker, signal.SIGKILL)
            until(lambda: api.task(tasks[0])["status"] != "DOWNLOADING")
        died = "the process that worked on this video died (signal SIGKILL), 3 times"
        assert api.settled(tasks[0])["error"] == died
        assert api.settled(tasks[1])["status"] == "DONE"


def test_a_video_that_takes_too_long_is_given_up(own: LocalApiConfig, host: VideoHost, clip: Path) -> None:
    with running(replace(own, processing_timeout=3)) as url:
        api = Caller(url, api_key(own.state_dir))
        assert "took longer than 3 seconds" in api.reason(host.address("/later"))
        assert api.process(clip)["asset"]["status"] == "DONE"


def test_workers_come_as_they_are_needed_and_are_never_too_many(own: LocalApiConfig, host: VideoHost) -> None:
    with running(replace(own, workers=2)) as url:
        api = Caller(url, api_key(own.state_dir))
        server = server_pid(own.state_dir)
        assert len(children(server)) == 1
        tasks = [api.ingest(host.address("/later")) for _ in range(3)]
        until(lambda: [api.task(task)["status"] for task in tasks] == ["DOWNLOADING", "DOWNLOADING", "QUEUED"])
        assert len(children(server)) == 2
        host.released.set()
        assert [api.settled(task)["status"] for task in tasks] == ["DONE"] * 3
        assert len(children(server)) == 2


def test_two_workers_share_the_queue(own: LocalApiConfig, host: VideoHost, clip: Path) -> None:
    with running(replace(own, workers=2)) as url:
        api = Caller(url, api_key(own.state_dir))
        slow = api.ingest(host.address("/later"))
        assert host.asked.wait(60)
        assert api.process(clip)["asset"]["status"] == "DONE"
        assert api.task(slow)["status"] == "DOWNLOADING"
