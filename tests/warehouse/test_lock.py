"""The lock: one at a time, in turn, and a dead holder does not keep it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from mixpeek_assets.lock import LockTimeoutError, abandoned, create_locked, exclusive
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.processes import count_up, hold_lock, run_all, running, until
from tests.warehouse.rows import DAY, NEXT_DAY, warehouse_in

_LOCKS = Path("/proc/locks")
needs_the_kernels_list = pytest.mark.skipif(not _LOCKS.exists(), reason="only Linux lists its locks")


def in_line(path: Path) -> int:
    """How many wait for a lock, as the kernel says."""
    inode = str(path.stat().st_ino)
    lines = (line.split() for line in _LOCKS.read_text().splitlines())
    return sum(fields[1] == "->" and fields[-3].endswith(f":{inode}") for fields in lines)


def take(path: Path) -> None:
    with exclusive(path, 10):
        pass


@contextmanager
def held_by_another_process(path: Path) -> Iterator[int]:
    ready = path.with_suffix(".ready")
    with running(hold_lock, path, ready) as holder:
        until(ready.exists)
        assert holder.pid is not None
        yield holder.pid


def test_threads_hold_it_one_at_a_time(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    threads = [threading.Thread(target=count_up, args=(tmp_path / "lock", counter, 40)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert counter.read_text() == "320"


@pytest.mark.slow
def test_processes_hold_it_one_at_a_time(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    run_all([(count_up, (tmp_path / "lock", counter, 100))] * 4)
    assert counter.read_text() == "400"


def test_an_exception_lets_go_of_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "lock", 1):
        raise ZeroDivisionError
    take(tmp_path / "lock")


@pytest.mark.slow
def test_a_holder_that_is_killed_lets_go_of_it(tmp_path: Path) -> None:
    with running(hold_lock, tmp_path / "lock", tmp_path / "ready") as holder:
        until((tmp_path / "ready").exists)
        holder.kill()
        holder.join()
        take(tmp_path / "lock")


@pytest.mark.slow
@needs_the_kernels_list
def test_a_holder_that_is_killed_lets_the_next_in_line_in(tmp_path: Path) -> None:
    path, served = tmp_path / "lock", threading.Event()

    def wait() -> None:
        with exclusive(path, 30):
            served.set()

    with running(hold_lock, path, tmp_path / "ready") as holder:
        until((tmp_path / "ready").exists)
        waiter = threading.Thread(target=wait)
        waiter.start()
        until(lambda: in_line(path) == 1)
        assert not served.is_set()
        holder.kill()
        assert served.wait(20)
        waiter.join(20)


@needs_the_kernels_list
def test_waiters_are_served_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    path, served = tmp_path / "lock", list[int]()

    def wait(number: int) -> None:
        with exclusive(path, 30):
            served.append(number)

    waiters = [threading.Thread(target=wait, args=(number,)) for number in range(8)]
    with exclusive(path, 5):
        for number, waiter in enumerate(waiters):
            waiter.start()
            until(lambda wanted=number + 1: in_line(path) == wanted)
        assert served == []
    for waiter in waiters:
        waiter.join(30)
    assert served == list(range(8))


@pytest.mark.slow
def test_a_wait_that_is_over_names_the_lock_and_its_holder(tmp_path: Path) -> None:
    with (
        held_by_another_process(tmp_path / "lock") as holder,
        pytest.raises(LockTimeoutError) as late,
        exclusive(tmp_path / "lock", 0.2),
    ):
        pass
    assert f"{tmp_path / 'lock'} was held by process {holder}" in str(late.value)


def test_the_holder_is_the_one_of_now_and_not_of_earlier(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("4194304999")
    with (
        exclusive(path, 1),
        pytest.raises(LockTimeoutError, match=rf"by process {os.getpid()} for"),
        exclusive(path, 0),
    ):
        pass


@needs_the_kernels_list
def test_waiters_that_gave_up_do_not_get_it_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with exclusive(path, 1):
        for _ in range(3):
            with pytest.raises(LockTimeoutError), exclusive(path, 0.05):
                pass
        until(lambda: in_line(path) == 3)
    for _ in range(3):
        take(path)
    until(lambda: in_line(path) == 0)
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "mixpeek-lock"])


@needs_the_kernels_list
def test_a_waiter_that_is_interrupted_does_not_get_it_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with exclusive(path, 1):
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(KeyboardInterrupt), exclusive(path, 30):
                pass
            until(lambda: in_line(path) == 1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    take(path)
    take(path)


def test_giving_up_in_the_moment_in_which_the_turn_comes_leaves_it_free(tmp_path: Path) -> None:
    # A waiter with no time at all gives up while its turn comes, in some of many tries.
    path, stop = tmp_path / "lock", threading.Event()

    def come_and_go() -> None:
        while not stop.is_set():
            take(path)

    other = threading.Thread(target=come_and_go, daemon=True)
    other.start()
    outcomes = set[str]()
    for _ in range(2000):
        try:
            with exclusive(path, 0):
                outcomes.add("served")
        except LockTimeoutError:
            outcomes.add("gave up")
    stop.set()
    other.join(20)
    assert not other.is_alive()
    take(path)
    assert outcomes == {"served", "gave up"}


def test_a_file_is_locked_from_its_first_moment_however_many_look_for_dead_creators(tmp_path: Path) -> None:
    stop = threading.Event()

    def clear_away() -> None:
        while not stop.is_set():
            for path in tmp_path.glob("*.made"):
                with abandoned(path) as dead:
                    if dead is not None:
                        path.unlink()

    others = [threading.Thread(target=clear_away, daemon=True) for _ in range(3)]
    for other in others:
        other.start()
    for number in range(300):
        path = tmp_path / f"{number}.made"
        handle = create_locked(path)
        assert path.stat().st_ino == os.fstat(handle).st_ino
        with abandoned(path) as dead:
            assert dead is None
        os.close(handle)
    stop.set()
    for other in others:
        other.join(20)
    for path in tmp_path.glob("*.made"):
        with abandoned(path) as dead:
            assert dead is not None


def test_no_open_file_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    take(path)
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(20):
        take(path)
        with exclusive(path, 1), pytest.raises(LockTimeoutError), exclusive(path, 0):
            pass
    until(lambda: len(list(Path("/dev/fd").iterdir())) <= before)


def test_a_partitions_work_is_done_by_one_run_at_a_time(warehouse: Warehouse, tmp_path: Path) -> None:
    impatient = warehouse_in(tmp_path, timeout=0.1)
    with warehouse.partitions_locked("submit", [NEXT_DAY, DAY]):
        with (
            pytest.raises(Exception, match=rf"another run works on partition {DAY}: .* process {os.getpid()}"),
            impatient.partitions_locked("submit", [DAY]),
        ):
            pass
        with impatient.partitions_locked("land", [DAY, NEXT_DAY]):
            pass
    with impatient.partitions_locked("submit", [DAY, NEXT_DAY]):
        pass


def test_runs_over_the_same_partitions_in_other_orders_do_not_wait_for_each_other_for_ever(
    warehouse: Warehouse,
) -> None:
    done = list[int]()

    def work(order: int) -> None:
        for _ in range(30):
            with warehouse.partitions_locked("submit", [DAY, NEXT_DAY][::order]):
                done.append(order)

    threads = [threading.Thread(target=work, args=(order,), daemon=True) for order in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == [-1] * 30 + [1] * 30
