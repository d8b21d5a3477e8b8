"""The rate limit, as sensors and runs meet it."""

import threading

import pytest

from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.defs.resources import open_client
from mixpeek_assets.pipeline.poll import poll_due_tasks
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.pipeline import add_videos, submit
from tests.warehouse.asking import ask

HURRIED = RetryPolicy(connect=1, read=5, attempts=1, rate_limit=0.3)


def test_submissions_and_polls_share_one_budget(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "30")  # five of them at once
    add_videos([f"http://videos.test/{number}.mp4" for number in range(3)])
    submit()

    with open_client(load_settings(), HURRIED) as client:
        poll_due_tasks(client, warehouse, 5)  # two places are left, for three tasks

    assert len(mixpeek.requests) == 5


def test_a_tick_that_meets_the_limit_stops_and_keeps_what_it_read(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos([f"http://videos.test/{number}.mp4" for number in range(6)])
    submit()
    monkeypatch.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "24")  # four of them at once
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "2")

    with open_client(load_settings(), HURRIED) as client:
        polled = poll_due_tasks(client, warehouse, 5)

    assert polled.polled == 4
    assert "our own rate limit" in str(polled.errors[0])
    assert ask(warehouse, Reader.open_tasks).tasks == 2


def test_a_client_leaves_no_thread_behind(mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "60")
    before = threading.active_count()

    for _ in range(5):
        with open_client(load_settings()) as client:
            client.probe()

    names = [thread.name for thread in threading.enumerate()]
    # The server's own threads end with their connections, in their own time.
    assert not [name for name in names if "process_request_thread" not in name][before:], names
