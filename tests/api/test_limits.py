"""The rate limit that all processes share."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from mixpeek_assets.api.errors import RateLimitStoreError
from mixpeek_assets.api.rate_limit import NoLimit, SharedLimit, limit_in_folder
from tests.fakes.mixpeek import KEY
from tests.warehouse.processes import until

Open = Callable[..., SharedLimit]

ACCOUNT = f"https://api.example.com {KEY}"

# In a test that shows how many are let through at once, no place comes free while it runs.
LONG = timedelta(hours=1)
AT_ONCE = 7
BUDGET = 6 * AT_ONCE

# Waits for a starting signal (its end of input), tries ten times, and prints how often it was let through.
TRIES = """
import sys
from datetime import timedelta
from pathlib import Path
from mixpeek_assets.api.errors import RateLimitStoreError
from mixpeek_assets.api.rate_limit import limit_in_folder
limit = limit_in_folder(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], timedelta(hours=1))
print("ready", flush=True)
sys.stdin.read()
print(sum(limit.wait(60) for _ in range(10)))
"""


@pytest.fixture
def open_limit(tmp_path: Path) -> Iterator[Callable[..., SharedLimit]]:
    """Opens limits whose store is in the temporary folder, and closes them after the test."""
    with ExitStack() as opened:

        def open_limit(
            per_minute: int, account: str = ACCOUNT, folder: Path = tmp_path, window: timedelta = LONG
        ) -> SharedLimit:
            return opened.enter_context(closing(limit_in_folder(folder, per_minute, account, window)))

        yield open_limit


def granted(limit: SharedLimit, tries: int) -> int:
    return sum(limit.wait(0) for _ in range(tries))


def test_no_more_than_its_share_of_the_budget_is_granted_at_once(open_limit: Open) -> None:
    assert granted(open_limit(BUDGET), 20) == AT_ONCE


def test_no_more_than_the_budget_is_granted_in_a_window(open_limit: Open) -> None:
    limit = open_limit(5, window=timedelta(seconds=1))
    granted_at = [time.monotonic() for _ in range(13) if limit.wait(20)]
    assert len(granted_at) == 13
    for first, sixth in zip(granted_at, granted_at[5:], strict=False):
        assert sixth - first > 1


@pytest.mark.slow
def test_processes_that_burst_together_share_one_budget(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TRIES, str(tmp_path), str(BUDGET), ACCOUNT],
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
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
            assert err == ""
            grants.append(int(out))
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert sum(grants) == AT_ONCE


def test_threads_that_burst_together_share_one_budget(open_limit: Open) -> None:
    limit = open_limit(BUDGET)
    grants: list[bool] = []
    threads = [threading.Thread(target=lambda: grants.extend(limit.wait(60) for _ in range(3))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert (len(grants), sum(grants)) == (24, AT_ONCE)


def test_a_budget_that_is_spent_stays_so_after_a_restart(open_limit: Open) -> None:
    assert granted(open_limit(BUDGET), 5) == 5
    assert granted(open_limit(BUDGET), 10) == 2
    assert granted(open_limit(BUDGET), 10) == 0


def test_another_account_has_a_budget_of_its_own(open_limit: Open) -> None:
    assert granted(open_limit(BUDGET), 10) == AT_ONCE
    assert granted(open_limit(BUDGET, ACCOUNT + "2"), 10) == AT_ONCE


@pytest.mark.parametrize("timeout", [0, 0.3, 30])
def test_nobody_waits_for_what_will_not_come_in_time(open_limit: Open, timeout: float) -> None:
    limit = open_limit(1)
    assert limit.wait(timeout) is True
    began = time.monotonic()
    assert limit.wait(timeout) is False
    assert time.monotonic() - began < 20


def test_a_waiter_behind_another_has_only_its_own_timeout(open_limit: Open) -> None:
    window = timedelta(seconds=2)
    limit, elsewhere = open_limit(1, window=window), open_limit(1, window=window)
    assert limit.wait(0) is True
    patient = threading.Thread(target=limit.wait, args=(30,))
    patient.start()
    time.sleep(0.2)
    for behind in (limit, elsewhere):  # behind a thread of this process, and behind another process
        began = time.monotonic()
        assert behind.wait(0.2) is False
        assert time.monotonic() - began < 2
    patient.join(timeout=30)
    assert elsewhere.wait(30) is True, "a waiter that gave up has left the queue"


def test_callers_are_served_in_turn_and_one_that_comes_again_goes_to_the_back(open_limit: Open) -> None:
    window = timedelta(seconds=0.5)
    served, stop = list[str](), threading.Event()

    def ask_again_and_again(name: str, limit: SharedLimit) -> None:
        while not stop.is_set() and limit.wait(30):
            served.append(name)

    # One process with three threads, and one with one.
    many, one = open_limit(6, window=window), open_limit(6, window=window)
    threads = [threading.Thread(target=ask_again_and_again, args=("many", many)) for _ in range(3)]
    threads.append(threading.Thread(target=ask_again_and_again, args=("one", one)))
    for thread in threads:
        thread.start()
    until(lambda: len(served) >= 20)
    stop.set()
    for thread in threads:
        thread.join(timeout=120)
    in_turn = sum(name != following for name, following in pairwise(served[2:20]))
    assert in_turn >= 14, served


def test_the_key_is_neither_in_the_buckets_name_nor_in_it(open_limit: Open, tmp_path: Path) -> None:
    granted(open_limit(3, folder=tmp_path / "made" / "on the way"), 5)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert KEY not in str(file)
        assert KEY.encode() not in file.read_bytes()


@pytest.mark.parametrize("where", ["the folder", "the count"])
def test_a_place_that_cannot_be_written_is_one_clear_error(open_limit: Open, tmp_path: Path, where: str) -> None:
    folder = tmp_path / "rate_limit"
    if where == "the folder":
        folder.write_text("a file where a folder belongs")
    else:
        granted(open_limit(3, folder=folder), 1)
        (file,) = folder.glob("*.sqlite")
        file.unlink()
        file.mkdir()
    with pytest.raises(RateLimitStoreError) as caught:
        open_limit(3, folder=folder).wait(1)
    said = str(caught.value)
    assert said.startswith(f"the rate limit: nothing was sent, because {folder}")
    assert "set MIXPEEK_DATA_DIR to a folder that you may write" in said
    assert KEY not in said


def test_a_spoilt_count_is_begun_anew_as_if_the_budget_were_spent(open_limit: Open, tmp_path: Path) -> None:
    granted(open_limit(BUDGET), 1)
    (file,) = tmp_path.glob("*.sqlite")
    file.write_bytes(b"no database at all" * 1000)
    assert granted(open_limit(BUDGET), 10) == 0


def test_no_limit_never_waits() -> None:
    assert all(NoLimit().wait(0) for _ in range(1000))


def test_a_closed_budget_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    for _ in range(3):
        with closing(limit_in_folder(tmp_path, 5, ACCOUNT)) as limit:
            limit.wait(0)
    assert threading.active_count() == before
