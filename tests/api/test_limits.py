"""The budget of requests that all processes share."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from mixpeek_assets.api.limits import NoLimit, SharedLimit
from tests.fakes.mixpeek import KEY

Open = Callable[..., SharedLimit]

ACCOUNT = f"https://api.example.com {KEY}"

# Waits for a starting signal (its end of input), tries ten times, and prints how often it was let through.
TRIES = """
import sys
from pathlib import Path
from mixpeek_assets.api.limits import SharedLimit
limit = SharedLimit(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
print("ready", flush=True)
sys.stdin.read()
print(sum(limit.wait(0.05) for _ in range(10)))
"""


@pytest.fixture
def open_limit(tmp_path: Path) -> Iterator[Callable[..., SharedLimit]]:
    """Opens limits whose bucket lies in the temporary folder, and closes them after the test."""
    with ExitStack() as opened:

        def open_limit(per_minute: int, account: str = ACCOUNT, folder: Path = tmp_path) -> SharedLimit:
            return opened.enter_context(closing(SharedLimit(folder, per_minute, account)))

        yield open_limit


def granted(limit: SharedLimit, tries: int) -> int:
    return sum(limit.wait(0) for _ in range(tries))


def test_no_more_than_the_budget_is_granted(open_limit: Open) -> None:
    assert granted(open_limit(5), 20) == 5


def test_processes_that_burst_together_share_one_budget(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TRIES, str(tmp_path), "7", ACCOUNT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        grants = []
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
        for process in processes:
            out, err = process.communicate(timeout=50)
            assert process.returncode == 0, err
            assert err == ""
            grants.append(int(out))
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert sum(grants) == 7


def test_threads_that_burst_together_share_one_budget(open_limit: Open) -> None:
    limit = open_limit(6)
    grants: list[bool] = []
    threads = [threading.Thread(target=lambda: grants.extend(limit.wait(0.2) for _ in range(3))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert (len(grants), sum(grants)) == (24, 6)


def test_a_budget_that_is_spent_stays_so_after_a_restart(open_limit: Open) -> None:
    assert granted(open_limit(4), 3) == 3
    assert granted(open_limit(4), 10) == 1
    assert granted(open_limit(4), 10) == 0


def test_another_account_has_a_budget_of_its_own(open_limit: Open) -> None:
    assert granted(open_limit(3), 10) == 3
    assert granted(open_limit(3, ACCOUNT + "2"), 10) == 3


@pytest.mark.parametrize("timeout", [0, 0.3])
def test_waiting_ends_with_its_timeout(open_limit: Open, timeout: float) -> None:
    limit = open_limit(1)
    assert limit.wait(timeout) is True
    began = time.monotonic()
    assert limit.wait(timeout) is False
    assert timeout * 0.9 <= time.monotonic() - began < 20


def test_a_thread_that_waits_behind_another_has_only_its_own_timeout(open_limit: Open) -> None:
    limit = open_limit(1)
    limit.wait(0)
    patient = threading.Thread(target=limit.wait, args=(1.5,))
    patient.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert limit.wait(0.2) is False
    assert time.monotonic() - began < 1
    patient.join(timeout=30)


def test_the_key_is_neither_in_the_buckets_name_nor_in_it(open_limit: Open, tmp_path: Path) -> None:
    granted(open_limit(3, folder=tmp_path / "made" / "on the way"), 5)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert KEY not in str(file)
        assert KEY.encode() not in file.read_bytes()


def test_no_limit_never_waits() -> None:
    assert all(NoLimit().wait(0) for _ in range(1000))


def test_a_closed_budget_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    for _ in range(3):
        with closing(SharedLimit(tmp_path, 5, ACCOUNT)) as limit:
            limit.wait(0)
    assert threading.active_count() == before
