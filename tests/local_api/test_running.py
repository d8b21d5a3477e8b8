"""Servers start, are shared, end with those who use them, and lose nothing when they are killed."""

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import requests

from mixpeek_assets.local_api.config import LocalApiConfig
from mixpeek_assets.local_api.process import FolderNotAllowedError, NotStartedError, api_key, endpoint, running
from tests.local_api.caller import Caller, until
from tests.local_api.video_host import VideoHost

SERVE = [sys.executable, "-m", "mixpeek_assets.local_api"]

# A caller in a process of its own: it uses the server until its standard input ends.
USE = """
import sys
from pathlib import Path
from mixpeek_assets.local_api.config import LocalApiConfig
from mixpeek_assets.local_api.process import running
with running(LocalApiConfig(Path(sys.argv[1]))) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=subprocess.STDOUT, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def first_line(started: subprocess.Popen[str]) -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()


def server_pid(state_dir: Path) -> int:
    return orjson.loads((state_dir / "endpoint.json").read_bytes())["pid"]


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, check=False)
    return [int(line) for line in found.stdout.split()]


def is_gone(pid: int) -> bool:
    # A zombie is gone: its parent, here the container's first process, may be slow to collect it.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], stdout=subprocess.PIPE, check=False)
    return not state.stdout.strip() or state.stdout.startswith(b"Z")


def caller(config: LocalApiConfig) -> Caller:
    return Caller(until(lambda: endpoint(config.state_dir)), api_key(config.state_dir))


@pytest.fixture
def own(tmp_path: Path, folder: Path) -> LocalApiConfig:
    """A state directory of one's own."""
    return LocalApiConfig(tmp_path / "state", allowed_folders=(folder,))


def serving(config: LocalApiConfig, *options: str):
    folders = [f"--allow-folder={folder}" for folder in config.allowed_folders]
    return process(*SERVE, f"--state-dir={config.state_dir}", *folders, *options)


def test_a_server_runs_for_as_long_as_its_context(own: LocalApiConfig) -> None:
    assert endpoint(own.state_dir) is None
    with running(own) as url:
        assert endpoint(own.state_dir) == url
        assert url.startswith("http://127.0.0.1:")
        pid = server_pid(own.state_dir)
        (worker,) = children(pid)
    assert endpoint(own.state_dir) is None
    assert is_gone(pid)
    assert is_gone(worker)


def test_a_context_within_another_uses_the_same_server(own: LocalApiConfig) -> None:
    with running(own) as outer:
        with running(own) as inner:
            assert inner == outer
        assert endpoint(own.state_dir) == outer


def test_contexts_that_start_at_once_share_one_server(own: LocalApiConfig) -> None:
    command = [sys.executable, "-c", USE, str(own.state_dir)]
    with process(*command) as one, process(*command) as two, process(*command) as three:
        assert len({first_line(started) for started in (one, two, three)}) == 1


def test_a_server_outlives_its_starter_while_others_use_it(own: LocalApiConfig) -> None:
    with process(sys.executable, "-c", USE, str(own.state_dir)) as starter:
        url = first_line(starter)
        with running(replace(own, allowed_folders=())) as shared:
            assert shared == url
            pid = server_pid(own.state_dir)
            starter.communicate(timeout=10)
            assert starter.returncode == 0
            assert endpoint(own.state_dir) == url
        until(lambda: is_gone(pid))


def test_a_server_and_its_worker_end_with_a_killed_user(own: LocalApiConfig) -> None:
    with process(sys.executable, "-c", USE, str(own.state_dir)) as starter:
        first_line(starter)
        pid = server_pid(own.state_dir)
        (worker,) = children(pid)
        starter.kill()
        until(lambda: is_gone(pid) and is_gone(worker), seconds=5)
    assert endpoint(own.state_dir) is None


def test_a_worker_ends_with_a_killed_server(own: LocalApiConfig) -> None:
    with serving(own) as server:
        (worker,) = until(lambda: children(server.pid))
        server.kill()
        until(lambda: is_gone(worker), seconds=5)
    assert endpoint(own.state_dir) is None


def test_a_second_server_of_a_state_directory_gives_up(own: LocalApiConfig) -> None:
    with serving(own):
        url = caller(own).url
        with serving(own) as second:
            output, _ = second.communicate(timeout=10)
        assert second.returncode == 1
        assert f"another local API serves {own.state_dir} at {url}" in output
        assert endpoint(own.state_dir) == url


def test_a_second_server_that_waits_takes_over(own: LocalApiConfig) -> None:
    with serving(own) as first:
        caller(own)
        with serving(own, "--wait") as second:
            first_line(second)
            first.terminate()
            first.wait(3)
            caller(own)
            assert server_pid(own.state_dir) == second.pid


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_server_within_three_seconds_whatever_it_is_at(
    own: LocalApiConfig, host: VideoHost, number: signal.Signals
) -> None:
    with serving(own) as server:
        api = caller(own)
        task_id = api.ingest(host.address("/later"))
        assert host.asked.wait(10)
        (worker,) = children(server.pid)
        server.send_signal(number)
        assert server.wait(3) == 0
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
        assert host.asked.wait(10)
        server.kill()
    host.released.set()
    with running(own) as url:
        api = Caller(url, api.key)
        assert api.get(f"/assets/{done['asset']['asset_id']}/features") == done
        assert api.settled(task_id)["status"] == api.settled(queued_id)["status"] == "DONE"


def test_a_task_that_was_under_way_in_three_deaths_fails(own: LocalApiConfig, host: VideoHost) -> None:
    with running(own) as url:
        task_id = Caller(url, api_key(own.state_dir)).ingest(host.address("/later"))
        assert host.asked.wait(10)  # ended on purpose: counts for nothing
    for _ in range(3):
        with serving(own) as server:
            api = caller(own)
            until(lambda api=api: api.task(task_id)["status"] == "DOWNLOADING")
            server.kill()
            server.wait()
    with running(own) as url:
        assert "died 3 times" in Caller(url, api_key(own.state_dir)).settled(task_id)["error"]


def test_a_dead_worker_fails_its_task_and_is_replaced(own: LocalApiConfig, host: VideoHost, clip: Path) -> None:
    with running(own) as url:
        api = Caller(url, api_key(own.state_dir))
        task_id = api.ingest(host.address("/later"))
        assert host.asked.wait(10)
        (worker,) = children(server_pid(own.state_dir))
        os.kill(worker, signal.SIGKILL)
        assert api.settled(task_id)["error"] == "the process that worked on this video died (signal SIGKILL)"
        assert api.process(clip)["asset"]["status"] == "DONE"


def test_a_video_that_takes_too_long_is_given_up(own: LocalApiConfig, host: VideoHost, clip: Path) -> None:
    with running(replace(own, processing_timeout=0.5)) as url:
        api = Caller(url, api_key(own.state_dir))
        assert "took longer than 0.5 seconds" in api.reason(host.address("/later"))
        assert api.process(clip)["asset"]["status"] == "DONE"


def test_two_workers_share_the_queue(own: LocalApiConfig, host: VideoHost, clip: Path) -> None:
    with running(replace(own, workers=2)) as url:
        api = Caller(url, api_key(own.state_dir))
        slow = api.ingest(host.address("/later"))
        assert host.asked.wait(10)
        assert api.process(clip)["asset"]["status"] == "DONE"
        assert api.task(slow)["status"] == "DOWNLOADING"


def test_a_running_server_that_may_not_read_a_needed_folder_is_not_used(own: LocalApiConfig, tmp_path: Path) -> None:
    (folder,) = own.allowed_folders
    with running(own):
        with running(replace(own, allowed_folders=(folder / "below",))):
            pass
        with pytest.raises(FolderNotAllowedError, match=re.escape(f"with --allow-folder {tmp_path}")):
            running(replace(own, allowed_folders=(tmp_path,))).__enter__()


def test_a_server_that_cannot_start_says_why(own: LocalApiConfig) -> None:
    with running(own) as url:
        port = int(url.rpartition(":")[2])
        taken = replace(own, state_dir=own.state_dir / "other", port=port)
        with pytest.raises(NotStartedError, match=r"(?i)address already in use"), running(taken):
            pass


@pytest.mark.parametrize("host_name", ["0.0.0.0", "192.168.0.1", ""])
def test_only_this_machine_is_served(tmp_path: Path, host_name: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        LocalApiConfig(tmp_path, host=host_name)


def test_the_endpoint_of_another_program_on_the_same_port_is_none(own: LocalApiConfig, api: Caller) -> None:
    own.state_dir.mkdir()
    (own.state_dir / "endpoint.json").write_bytes(orjson.dumps({"url": api.url, "pid": os.getpid()}))
    assert requests.get(f"{api.url}/health", timeout=10).ok
    assert endpoint(own.state_dir) is None


def test_all_processes_read_the_same_key_and_only_its_owner_may(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: api_key(tmp_path / "state"), range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 40
    assert stat.S_IMODE((tmp_path / "state" / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_the_key_is_never_logged(own: LocalApiConfig, clip: Path) -> None:
    with running(own) as url:
        api = Caller(url, api_key(own.state_dir))
        api.process(clip)
        api.request("GET", f"/nothing/{api.key}")
        api.reason("missing.mp4")
    log = (own.state_dir / "server.log").read_text()
    assert "9 features" in log or "6 features" in log
    assert api.key not in log
