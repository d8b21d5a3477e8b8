"""Threads that only wait for each other rest; those that wait for a server all work."""

import threading
import time

import pytest

from mixpeek_assets.api import crew
from mixpeek_assets.api.crew import Crew


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that a test turns: by its last item, what time it is."""
    now = [0.0]
    monkeypatch.setattr(crew, "time", type("Clock", (), {"monotonic": staticmethod(lambda: now[-1])}))
    return now


def spend(crew: Crew, looks: list[float], share: float, times: int = 1) -> list[int]:
    """Be busy for a share of the time until so many looks, and return how many worked after each."""
    working = []
    for _ in range(times):
        looks.append(looks[-1] + 0.125)
        crew.count(0.125 * share)
        working.append(crew.working)
    return working


def test_threads_that_keep_the_interpreter_busy_are_halved_down_to_one(looks: list[float]) -> None:
    assert spend(Crew(32), looks, 1.0, times=7) == [16, 8, 4, 2, 1, 1, 1]


def test_threads_that_wait_for_a_server_all_work(looks: list[float]) -> None:
    assert spend(Crew(32), looks, 0.4, times=3) == [32, 32, 32]


def test_those_that_rest_come_back_as_the_server_slows_down(looks: list[float]) -> None:
    threads = Crew(8)
    assert spend(threads, looks, 1.0, times=4)[-1] == 1
    assert spend(threads, looks, 0.1, times=6) == [2, 3, 5, 7, 8, 8]


def test_between_the_two_nothing_changes(looks: list[float]) -> None:
    threads = Crew(8)
    spend(threads, looks, 1.0)
    assert spend(threads, looks, 0.75, times=5) == [4] * 5


def test_many_small_calls_between_two_looks_count_as_one(looks: list[float]) -> None:
    threads = Crew(8)
    for _ in range(3):
        looks.append(looks[-1] + 0.03125)
        threads.count(0.03125)
        assert threads.working == 8
    looks.append(looks[-1] + 0.03125)
    threads.count(0.03125)
    assert threads.working == 4


def test_a_thread_that_rests_goes_on_when_there_is_use_for_it_and_ends_with_the_work(looks: list[float]) -> None:
    threads = Crew(2)
    spend(threads, looks, 1.0)
    came: list[bool] = []
    woken, ended = threading.Event(), threading.Event()

    def second() -> None:
        came.append(threads.has_work_for(1))
        woken.set()
        while threads.has_work_for(1):
            time.sleep(0.01)
        ended.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert threads.has_work_for(0)
    assert not woken.wait(0.1)
    spend(threads, looks, 0.1)
    assert woken.wait(10)
    assert came == [True]
    threads.dismiss()
    assert ended.wait(10)
    thread.join(10)


def test_who_rests_is_told_when_the_work_is_over(looks: list[float]) -> None:
    threads = Crew(2)
    spend(threads, looks, 1.0)
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(threads.has_work_for(1)))
    thread.start()
    threads.dismiss()
    thread.join(10)
    assert told == [False]
