"""Servers start, are shared, and end with those who use them; one at a time serves a state directory."""

import os
import re
import signal
import sqlite3
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import requests

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.errors import NotAllowedError, NotStartedError
from mixpeek_local.models.catalogue import MODELS, SOURCE_FILE
from mixpeek_local.process import running
from mixpeek_local.state import api_key, endpoint
from tests.mixpeek_local.caller import Caller, until
from tests.mixpeek_local.clips import Scene, place, write_clip
from tests.mixpeek_local.processes import USE, caller, children, first_line, is_gone, process, server_pid, serving


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
        with running(replace(own, allowed_folders=(), allowed_hosts=())) as shared:
            assert shared == url
            pid = server_pid(own.state_dir)
            starter.communicate(timeout=60)
            assert starter.returncode == 0
            assert endpoint(own.state_dir) == url
        until(lambda: is_gone(pid))


def test_a_second_server_of_a_state_directory_gives_up(own: LocalApiConfig) -> None:
    with serving(own):
        url = caller(own).url
        with serving(own) as second:
            output, _ = second.communicate(timeout=60)
        assert second.returncode == 1
        assert f"another local API serves {own.state_dir} at {url}" in output
        assert endpoint(own.state_dir) == url


def test_a_context_beside_a_server_that_does_not_answer_waits_and_takes_over(own: LocalApiConfig) -> None:
    with serving(own) as first:
        caller(own)
        first.send_signal(signal.SIGSTOP)
        with process(sys.executable, "-c", USE, str(own.state_dir)) as second:
            log = own.state_dir / "server.log"
            until(lambda: log.exists() and "waiting for the server" in log.read_text())
            first.kill()
            assert first_line(second).startswith("http://127.0.0.1:")
            assert server_pid(own.state_dir) != first.pid


def test_every_setting_reaches_a_server_that_a_context_starts(own: LocalApiConfig, tmp_path: Path) -> None:
    with running(replace(own, host="localhost", profiles=("v1",), faults="[]")) as url:
        key = {"Authorization": f"Bearer {api_key(own.state_dir)}"}
        assert url.startswith("http://localhost:")
        assert requests.get(f"{url}/tasks", headers=key, timeout=10).status_code == 404
        assert requests.get(f"{url}/v1/tasks", headers=key, timeout=10).ok
        assert requests.get(f"{url}/faults", headers=key, timeout=10).ok


def test_a_running_server_that_may_not_read_a_needed_folder_is_not_used(own: LocalApiConfig, tmp_path: Path) -> None:
    (folder,) = own.allowed_folders
    with running(own):
        for readable in (folder / "below", own.uploads / "a dropped video"):
            with running(replace(own, allowed_folders=(readable,))):
                pass
        with pytest.raises(NotAllowedError, match=re.escape(f"with --allow-folder {tmp_path}")):
            running(replace(own, allowed_folders=(tmp_path,))).__enter__()


def test_a_running_server_that_may_not_fetch_from_a_needed_host_is_not_used(own: LocalApiConfig) -> None:
    with running(own), pytest.raises(NotAllowedError, match=re.escape("with --allow-host 10.0.0.7")):
        running(replace(own, allowed_hosts=("10.0.0.7",))).__enter__()


def test_the_senses_that_are_chosen_reach_the_worker(own: LocalApiConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    base = MODELS["whisper-base"]
    folder = Path(os.environ["MIXPEEK_MODELS"]) / base.name
    folder.mkdir(parents=True)
    for name in base.files:
        (folder / name).touch()
    (folder / SOURCE_FILE).write_text(base.requirement)
    silent = write_clip(own.allowed_folders[0] / "silent.mp4", [Scene(place(1), 1)])
    monkeypatch.setenv("MIXPEEK_SENSES", "multilingual")
    with running(own) as url:
        Caller(url, api_key(own.state_dir)).process(silent)
        with sqlite3.connect(own.database) as database:
            assert base.package in str(database.execute("SELECT version FROM assets").fetchall())
        assert requests.get(f"{url}/health", timeout=10).json()["senses"] == "multilingual"

        monkeypatch.setenv("MIXPEEK_SENSES", "english")
        with pytest.raises(NotAllowedError, match="start it again with MIXPEEK_SENSES=english"):
            running(own).__enter__()
        monkeypatch.delenv("MIXPEEK_SENSES")
        with running(own) as shared:
            assert shared == url


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
    assert requests.get(f"{api.url}/health", timeout=60).ok
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
        features = api.process(clip)["features"]
        api.request("GET", f"/nothing/{api.key}")
        api.reason("missing.mp4")
    log = (own.state_dir / "server.log").read_text()
    assert f"done: {sum(map(len, features.values()))} features" in log
    assert api.key not in log
