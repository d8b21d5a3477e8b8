"""Locks in PostgreSQL: one at a time, in turn, and neither a dead holder nor a cut connection keeps them."""

import os
import signal
import socket
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from mixpeek_assets import lock as file_lock
from mixpeek_assets.cluster import locks as cluster_locks
from mixpeek_assets.cluster.locks import holder, try_lock
from mixpeek_assets.lock import LockTimeoutError
from mixpeek_assets.locks import LockLostError
from tests.cluster.postgres.turns import (
    busy,
    count_up,
    cut,
    hold_lock,
    in_line,
    killed_with_a_child_left,
    locks_of,
    one,
    postgres_at,
    sign_in_turn,
)
from tests.warehouse.processes import run_all, running, until


def take(url: str, name: str = "lock", timeout: float = 10) -> None:
    with locks_of(url).exclusive(name, timeout):
        pass


def test_threads_hold_it_one_at_a_time(url: str, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    threads = [threading.Thread(target=count_up, args=(url, counter, 20)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert counter.read_text() == "120"


def test_processes_hold_it_one_at_a_time_and_each_has_all_its_turns(url: str, tmp_path: Path) -> None:
    start, turns, names = tmp_path / "start", tmp_path / "turns", ("a", "b", "c", "d")
    with ExitStack() as others:
        processes = [others.enter_context(running(sign_in_turn, url, name, start, turns, 15)) for name in names]
        until(lambda: len(list(tmp_path.glob("*.ready"))) == len(names))
        start.touch()
        for process in processes:
            process.join(60)
            assert process.exitcode == 0
    assert Counter(turns.read_text().split()) == dict.fromkeys(names, 15)


def test_many_processes_count_without_a_loss(url: str, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    run_all([(count_up, (url, counter, 50))] * 3)
    assert counter.read_text() == "150"


def test_waiters_are_served_in_the_order_in_which_they_came(url: str) -> None:
    locks, served = locks_of(url), list[int]()

    def wait(number: int) -> None:
        with locks.exclusive("lock", 30):
            served.append(number)

    waiters = [threading.Thread(target=wait, args=(number,)) for number in range(6)]
    with locks.exclusive("lock", 5):
        for number, waiter in enumerate(waiters):
            waiter.start()
            until(lambda wanted=number + 1: in_line(url) == wanted)
        assert served == []
    for waiter in waiters:
        waiter.join(30)
    assert served == list(range(6))


def test_an_exception_lets_go_of_it(url: str) -> None:
    with pytest.raises(ZeroDivisionError), locks_of(url).exclusive("lock", 1):
        raise ZeroDivisionError
    take(url)


def test_a_holder_that_is_killed_lets_the_next_in_line_in(url: str, tmp_path: Path) -> None:
    served = threading.Event()

    def wait() -> None:
        with locks_of(url).exclusive("lock", 30):
            served.set()

    with busy(hold_lock, url, "lock", tmp_path / "ready") as holder:
        waiter = threading.Thread(target=wait)
        waiter.start()
        until(lambda: in_line(url) == 1)
        assert not served.is_set()
        holder.kill()
        assert served.wait(20)
        waiter.join(20)


def test_a_child_of_a_killed_holder_does_not_keep_it(url: str, tmp_path: Path) -> None:
    with killed_with_a_child_left(url, "lock", tmp_path / "ready"):
        take(url)


def test_a_wait_that_is_over_names_the_lock_and_its_holder(url: str, tmp_path: Path) -> None:
    with busy(hold_lock, url, "lock", tmp_path / "ready") as holder, pytest.raises(LockTimeoutError) as late:
        take(url, timeout=0.2)
    place = postgres_at(url).place
    assert f"the lock `test lock` in PostgreSQL at {place} was held by process {holder.pid} on" in str(late.value)
    assert socket.gethostname()[:20] in str(late.value)
    assert late.value.retryable


def test_a_long_wait_is_reported_with_the_holder(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "REPORT_AFTER", 0.05)
    monkeypatch.setattr(file_lock, "REPORT_EVERY", 0.05)
    said = list[str]()
    with (
        locks_of(url).exclusive("lock", 5),
        pytest.raises(LockTimeoutError),
        locks_of(url).exclusive("lock", 0.5, said.append),
    ):
        pass
    assert len(said) >= 2
    assert said[0].startswith("Waiting for the lock `test lock` in PostgreSQL at ")
    assert f": process {os.getpid()} on " in said[0]


def test_waiters_that_gave_up_do_not_get_it_afterwards(url: str) -> None:
    with locks_of(url).exclusive("lock", 1):
        for _ in range(3):
            with pytest.raises(LockTimeoutError):
                take(url, timeout=0.02)
        assert in_line(url) == 0
    take(url)
    assert not [thread for thread in threading.enumerate() if thread.name == "mixpeek-lock"]


def test_a_waiter_that_is_interrupted_does_not_get_it_afterwards(url: str) -> None:
    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with locks_of(url).exclusive("lock", 1):
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(KeyboardInterrupt):
                take(url, timeout=30)
            until(lambda: in_line(url) == 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    take(url)


@pytest.mark.parametrize("moment", ["try_lock", "unlock"])
def test_an_interrupt_in_the_moment_in_which_it_is_taken_or_released_leaves_it_free(
    url: str, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def interrupted(*arguments: Any) -> None:
        if moment == "try_lock":
            try_lock(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(cluster_locks, moment, interrupted)
        with pytest.raises(KeyboardInterrupt):
            take(url)
    with postgres_at(url).session() as another:
        until(lambda: holder(another, "test lock") is None)


def test_giving_up_in_the_moment_in_which_the_turn_comes_leaves_it_free(url: str) -> None:
    stop = threading.Event()

    def come_and_go() -> None:
        locks = locks_of(url)
        while not stop.is_set():
            with locks.exclusive("lock", 10):
                stop.wait(0.001)

    other = threading.Thread(target=come_and_go, daemon=True)
    other.start()
    outcomes, locks = Counter[str](), locks_of(url)
    for number in range(300):
        try:
            with locks.exclusive("lock", number % 30 / 10_000):
                outcomes["served"] += 1
        except LockTimeoutError:
            outcomes["gave up"] += 1
    stop.set()
    other.join(20)
    assert not other.is_alive()
    take(url)
    assert min(outcomes["served"], outcomes["gave up"]) > 0, outcomes


def test_who_does_not_get_a_second_lock_keeps_the_first(url: str) -> None:
    locks = locks_of(url)
    with locks_of(url).exclusive("second", 1), locks.exclusive("first", 1):
        with pytest.raises(LockTimeoutError), locks.exclusive("second", 0.05):
            pass
        locks.verify()
        with pytest.raises(LockTimeoutError):
            take(url, "first", 0.05)
    take(url, "first")


def test_two_sites_do_not_wait_for_each_other(url: str) -> None:
    with locks_of(url, "one").exclusive("lock", 1), locks_of(url, "other").exclusive("lock", 0):
        pass


def test_a_lock_whose_connection_was_cut_is_noticed(url: str, caplog: pytest.LogCaptureFixture) -> None:
    locks, said = locks_of(url), list[str]()

    def verify() -> None:
        with pytest.raises(LockLostError) as lost:
            locks.verify()
        said.append(str(lost.value))

    locks.verify()
    with locks.exclusive("partition", 1), locks.exclusive("rows", 1):
        locks.verify()
        cut(url, "test partition")
        verify()
        elsewhere = threading.Thread(target=verify)
        elsewhere.start()
        elsewhere.join(20)
        take(url, "partition", 1)
    assert len(said) == 2
    assert "the lock test partition, test rows was lost" in said[0]
    assert "lost before its end" in caplog.text
    locks.verify()
    with locks.exclusive("partition", 1):
        locks.verify()


def test_threads_that_come_and_go_leave_few_connections(url: str) -> None:
    locks = locks_of(url)

    def work() -> None:
        with locks.exclusive("first", 10), locks.exclusive("second", 10):
            pass

    for _ in range(3):
        threads = [threading.Thread(target=work) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    with postgres_at(url).session() as connection:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        until(lambda: one(connection, sql) <= 4)


def test_a_kept_connection_that_the_server_has_ended_is_not_used_again(url: str) -> None:
    take(url)
    with postgres_at(url).connect("the test") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    take(url)
