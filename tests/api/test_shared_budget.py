"""Processes that share a budget, as the server sees them."""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from mixpeek_assets.api.rate_limit import limit_in_folder
from tests.api.rate_limited_process import rate_limited_processes, send_for
from tests.fakes.mixpeek import Answer, Request, ScriptedMixpeek
from tests.warehouse.processes import until

BUDGET, WINDOW = 30, 2.0
SPAN = WINDOW + 1
"""The limit counts a second more than the server does."""


class Arrivals:
    def __init__(self) -> None:
        self.all = list[tuple[float, str]]()

    def count(self, request: Request) -> None:
        self.all.append((time.monotonic(), request.headers["X-Namespace"]))

    def by_name(self) -> Counter[str]:
        return Counter(name for _, name in self.all)

    def most_within(self, seconds: float) -> int:
        moments = sorted(moment for moment, _ in self.all)
        return max(bisect_left(moments, moment + seconds) - number for number, moment in enumerate(moments))


@pytest.fixture
def arrivals(mixpeek: ScriptedMixpeek) -> Iterator[Arrivals]:
    counted = Arrivals()
    mixpeek.script("GET", Answer({"status": "DONE"}), for_ever=True)
    mixpeek.on_request = counted.count
    yield counted


def test_four_processes_never_send_more_than_the_budget_in_any_window(
    mixpeek: ScriptedMixpeek, arrivals: Arrivals, tmp_path: Path
) -> None:
    names = [f"process {number}" for number in range(4)]
    with rate_limited_processes(tmp_path, mixpeek.url, BUDGET, WINDOW, *((name, 8) for name in names)) as processes:
        send_for(processes, 2 * SPAN)
    assert arrivals.most_within(WINDOW) <= BUDGET
    assert len(arrivals.all) >= 2 * BUDGET * 0.8, "little of it is wasted"
    assert set(arrivals.by_name()) == set(names)
    assert min(arrivals.by_name().values()) >= len(arrivals.all) / 8, "and none starves"


def test_a_process_that_polls_and_one_that_submits_get_like_shares(
    mixpeek: ScriptedMixpeek, arrivals: Arrivals, tmp_path: Path
) -> None:
    with rate_limited_processes(tmp_path, mixpeek.url, BUDGET, WINDOW, ("poller", 1), ("submitter", 16)) as processes:
        send_for(processes, 2 * SPAN)
    shares = arrivals.by_name()
    assert min(shares["poller"], shares["submitter"]) >= len(arrivals.all) / 3
    assert arrivals.most_within(WINDOW) <= BUDGET


def test_one_alone_gets_nearly_all(mixpeek: ScriptedMixpeek, arrivals: Arrivals, tmp_path: Path) -> None:
    with rate_limited_processes(tmp_path, mixpeek.url, BUDGET, WINDOW, ("alone", 4)) as processes:
        send_for(processes, SPAN)
    assert len(arrivals.all) >= BUDGET * 0.8
    assert arrivals.most_within(WINDOW) <= BUDGET


def test_a_killed_head_of_the_queue_lets_the_next_in_and_what_it_sent_counts(
    mixpeek: ScriptedMixpeek, arrivals: Arrivals, tmp_path: Path
) -> None:
    budget, window = 2, 4.0
    with rate_limited_processes(tmp_path, mixpeek.url, budget, window, ("victim", 4), ("heir", 1)) as (victim, heir):
        print(100, file=victim.stdin, flush=True)
        until(lambda: len(arrivals.all) == budget)
        print(2 * (window + 1), file=heir.stdin, flush=True)
        time.sleep(0.5)  # the victim waits at the head of the line by now, and the heir behind it
        victim.kill()
        assert heir.wait(60) == 0
    assert arrivals.by_name()["victim"] == budget
    assert arrivals.by_name()["heir"] >= budget
    assert arrivals.most_within(window) <= budget


def test_the_count_of_a_process_that_is_gone_goes_on(
    mixpeek: ScriptedMixpeek, arrivals: Arrivals, tmp_path: Path
) -> None:
    with rate_limited_processes(tmp_path, mixpeek.url, 12, 3600, ("first", 4)) as processes:
        send_for(processes, 0.5)
    assert len(arrivals.all) == 2
    with closing(limit_in_folder(tmp_path, 12, mixpeek.url, timedelta(hours=1))) as limit:
        assert not limit.wait(0.1)
