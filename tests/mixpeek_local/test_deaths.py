"""The server, or its worker, is killed again and again at random moments: nothing is lost, and nothing is twice."""

import itertools
import os
import random
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.errors import SubmissionOutcomeUnknownError, TransientError
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.state import api_key
from tests.mixpeek_local.caller import until
from tests.mixpeek_local.clips import Scene, place, tone, write_clip
from tests.mixpeek_local.processes import caller, children, serving

SERVER_DEATHS, WORKER_DEATHS = 8, 7
SECONDS = 150
MOST_OPEN = 4
IMPATIENT = RetryPolicy(connect=1, read=10, attempts=1)

Features = list[tuple[str, float, float, dict[str, list[float]]]]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three small videos."""
    folder = tmp_path_factory.mktemp("clips")
    scenes = [[Scene(place(seed), seconds, tone(200 * seed))] for seed, seconds in ((1, 1), (2, 6), (3, 12))]
    return [write_clip(folder / f"{number}.mp4", scene, fps=5) for number, scene in enumerate(scenes)]


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without models a worker is at work in no time: what is tested is not what it sees."""
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path / "none"))


@pytest.fixture
def config(tmp_path: Path, clips: list[Path]) -> LocalApiConfig:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return LocalApiConfig(tmp_path / "state", port=port, allowed_folders=(clips[0].parent,), workers=1)


@dataclass
class Traffic:
    """A caller that submits, polls and fetches without a pause, whatever becomes of the server."""

    client: AssetsClient
    clips: list[Path]
    open: dict[str, Path] = field(default_factory=dict)
    fetched: dict[str, tuple[Path, Features]] = field(default_factory=dict)
    lost: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        turn, deadline = itertools.cycle(self.clips), time.monotonic() + SECONDS
        while not self.over.is_set() or self.open:
            assert time.monotonic() < deadline, self.open
            try:
                if len(self.open) < MOST_OPEN and not self.over.is_set():
                    clip = next(turn)
                    self.open[self.client.submit_video(clip.as_uri(), "films", skip_duplicate=False)] = clip
                for task_id, clip in list(self.open.items()):
                    self._look_at(task_id, clip)
            except SubmissionOutcomeUnknownError:
                self.lost += 1
            except TransientError:
                time.sleep(0.02)

    def _look_at(self, task_id: str, clip: Path) -> None:
        task = self.client.get_task(task_id)
        if task.state == "open":
            return
        assert task.state == "done", task
        assert task.asset_id is not None
        self.fetched[task_id] = (clip, self._features(task.asset_id))
        del self.open[task_id]

    def _features(self, asset_id: str) -> Features:
        listed = self.client.get_asset(asset_id).features
        features = [
            (one["modality"], one["start_time"], one["end_time"], self.client.get_feature(one["feature_id"]).dense)
            for one in listed
        ]
        return sorted(features, key=lambda feature: feature[:3])


def up(config: LocalApiConfig) -> AbstractContextManager[subprocess.Popen[str]]:
    """A server at the port of the settings, so that the caller need not know that it is another one."""
    return serving(config, f"--port={config.port}", f"--workers={config.workers}")


@contextmanager
def traffic(config: LocalApiConfig, clips: list[Path]) -> Iterator[Traffic]:
    """Let a caller call for as long as the context lasts, and then until all that was accepted is there."""
    url, key = f"http://127.0.0.1:{config.port}", SecretStr(api_key(config.state_dir))
    with AssetsClient(url, key, policy=IMPATIENT) as client, ThreadPoolExecutor(1) as pool:
        caller_ = Traffic(client, clips)
        running = pool.submit(caller_.run)
        try:
            yield caller_
        finally:
            caller_.over.set()
        if running.running():
            with up(config):
                running.result()
        running.result()


def unbroken(config: LocalApiConfig, clips: list[Path]) -> dict[Path, Features]:
    """What a server makes of the clips that nobody kills."""
    undisturbed = replace(config, state_dir=config.state_dir.with_name("undisturbed"))
    with traffic(undisturbed, clips) as calling, up(undisturbed):
        until(lambda: len(calling.fetched) >= len(clips))
        calling.over.set()
        until(lambda: not calling.open)
    return dict(calling.fetched.values())


def rows(config: LocalApiConfig, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(config.database, timeout=60)) as connection:
        return connection.execute(query).fetchall()


def nobody_is_to_blame(config: LocalApiConfig) -> bool:
    """Whether one more death leaves every task another chance: three of them would be taken for the video's fault."""
    blamed = "SELECT 1 FROM tasks WHERE attempts >= 2 AND status IN ('QUEUED', 'DOWNLOADING', 'PROCESSING')"
    return rows(config, blamed) == []


def assert_nothing_is_lost_or_twice(config: LocalApiConfig, calling: Traffic) -> None:
    made = unbroken(config, calling.clips)
    assert rows(config, "PRAGMA integrity_check") == [("ok",)]
    assert len(calling.fetched) >= MOST_OPEN
    for clip, features in calling.fetched.values():
        assert features == made[clip]
    kept = rows(config, "SELECT task_id, status FROM tasks")
    assert {status for _, status in kept} == {"DONE"}
    # A submission whose answer was lost may have been accepted.
    assert set(calling.fetched) <= {task_id for task_id, _ in kept}
    assert len(kept) - len(calling.fetched) <= calling.lost
    assert rows(config, "SELECT count(*), count(DISTINCT task_id) FROM assets") == [(len(kept), len(kept))]
    sizes = {(len(features),) for features in made.values()}
    assert set(rows(config, "SELECT count(*) FROM features GROUP BY asset_id")) <= sizes


def die(config: LocalApiConfig, calling: Traffic, moments: random.Random, kill: Callable[[], object]) -> None:
    """Kill at a random moment; in half of the lives, not before something has come of it."""
    before, sees_something = len(calling.fetched), moments.random() < 0.5
    until(lambda: not sees_something or len(calling.fetched) > before, seconds=60)
    time.sleep(moments.uniform(0, 0.8))
    until(lambda: nobody_is_to_blame(config), seconds=60)
    kill()


def test_the_server_is_killed_again_and_again(config: LocalApiConfig, clips: list[Path]) -> None:
    moments = random.Random(20261101)
    with traffic(config, clips) as calling:
        for _ in range(SERVER_DEATHS):
            with up(config) as server:
                caller(config)
                die(config, calling, moments, server.kill)
                server.wait()
            assert rows(config, "PRAGMA integrity_check") == [("ok",)]
    assert_nothing_is_lost_or_twice(config, calling)


def test_the_worker_is_killed_again_and_again(config: LocalApiConfig, clips: list[Path]) -> None:
    moments = random.Random(20261102)
    with traffic(config, clips) as calling, up(config) as server:
        caller(config)
        for _ in range(WORKER_DEATHS):
            (worker,) = until(lambda: children(server.pid))
            die(config, calling, moments, lambda worker=worker: os.kill(worker, signal.SIGKILL))
            until(lambda worker=worker: worker not in children(server.pid))
    assert_nothing_is_lost_or_twice(config, calling)
