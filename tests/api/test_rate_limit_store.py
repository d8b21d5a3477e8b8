"""When a request may leave, by a clock that a test can turn."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from mixpeek_assets import clock
from mixpeek_assets.api.rate_limit_store import FileBucket

MINUTE = timedelta(minutes=1)
BUDGETS = [1, 2, 4, 5, 6, 7, 10, 60, 120, 1000]


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 7, 12, tzinfo=UTC)

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    monkeypatch.setattr(clock, "now", lambda: turned.time)
    return turned


class Open:
    """Opens buckets in a folder, and closes them after the test."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.file = folder / "bucket.sqlite"
        self._opened = opened

    def __call__(self, limit: int) -> FileBucket:
        return self._opened.enter_context(closing(FileBucket(self.file, limit, MINUTE)))


@pytest.fixture
def open_bucket(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as opened:
        yield Open(tmp_path, opened)


def departures(bucket: FileBucket, time: Clock, seconds: float) -> list[datetime]:
    """Let requests leave as fast as they may, for so long."""
    end, left = time.time + timedelta(seconds=seconds), list[datetime]()
    while time.time < end:
        if pause := bucket.take():
            time.advance(pause)
        else:
            left.append(time.time)
    return left


def most_within(window: timedelta, moments: list[datetime]) -> int:
    return max(
        sum(begin <= moment < begin + window for moment in moments[number:]) for number, begin in enumerate(moments)
    )


@pytest.mark.parametrize("budget", BUDGETS)
def test_no_minute_has_more_than_the_budget_and_none_is_wasted(open_bucket: Open, time: Clock, budget: int) -> None:
    minutes = 5 if budget <= 120 else 2
    left = departures(open_bucket(budget), time, minutes * 61)
    assert most_within(MINUTE, left) == budget
    assert len(left) == budget * minutes


@pytest.mark.parametrize("budget", BUDGETS)
def test_a_budget_does_not_go_at_once(open_bucket: Open, time: Clock, budget: int) -> None:
    left = departures(open_bucket(budget), time, 61)
    share = -(-budget // 6)
    assert most_within(timedelta(seconds=10), left) == share
    if budget >= 6:
        waits = [(later - earlier).total_seconds() for earlier, later in pairwise(left)]
        assert max(waits) < 11, "the next in line waits seconds, and not a minute"


def test_a_pause_is_no_longer_than_it_must_be(open_bucket: Open, time: Clock) -> None:
    bucket = open_bucket(1)
    assert bucket.take() == 0
    time.advance(45)
    assert 15 < bucket.take() < 17
    time.advance(14)
    assert bucket.take() > 0
    time.advance(3)
    assert bucket.take() == 0


def test_a_restart_forgets_nothing(open_bucket: Open, time: Clock) -> None:
    bucket = open_bucket(12)
    assert len(departures(bucket, time, 25)) == 6
    bucket.close()
    assert len(departures(open_bucket(12), time, 30)) == 6
    assert most_within(MINUTE, departures(open_bucket(12), time, 120)) == 12


def test_two_openings_of_the_file_share_a_budget(open_bucket: Open, time: Clock) -> None:
    one, other = open_bucket(2), open_bucket(2)
    assert one.take() == 0
    time.advance(11)
    assert other.take() == 0
    time.advance(11)
    assert 38 < one.take() < 40
    assert 38 < other.take() < 40


def test_a_file_holds_no_more_than_a_window(open_bucket: Open, time: Clock) -> None:
    departures(open_bucket(60), time, 600)
    with closing(sqlite3.connect(open_bucket.file)) as connection:
        assert connection.execute("SELECT count(*) FROM departures").fetchone()[0] <= 60


@pytest.mark.parametrize("ahead", [timedelta(seconds=90), timedelta(hours=1), timedelta(days=400)])
def test_a_clock_that_was_ahead_for_a_while_blocks_nobody_for_longer_than_a_window(
    open_bucket: Open, time: Clock, ahead: timedelta
) -> None:
    bucket = open_bucket(6)
    time.time += ahead
    assert len(departures(bucket, time, 61)) == 6
    time.time -= ahead

    began = time.time
    assert len(departures(bucket, time, 121)) == 6
    left = departures(bucket, time, 61)
    assert len(left) == 6
    assert most_within(MINUTE, left) == 6
    assert time.time - began < timedelta(minutes=4)


def test_what_left_while_the_clock_was_ahead_counts_as_left_now(open_bucket: Open, time: Clock) -> None:
    bucket = open_bucket(1)
    time.advance(3600)
    assert bucket.take() == 0
    time.advance(-3600)
    assert 60 < bucket.take() <= 61.1
    time.advance(30)
    assert 30 < bucket.take() <= 31.1, "now is when it was first seen, and not each time"


def test_a_clock_that_is_set_back_a_little_gives_nobody_more(open_bucket: Open, time: Clock) -> None:
    bucket, left = open_bucket(6), list[datetime]()
    real = time.time
    for _ in range(120):
        if bucket.take() == 0:
            left.append(real)
        time.advance(0.9)  # a second in which the clock loses a tenth
        real += timedelta(seconds=1)
        if real.second % 10 == 0:
            time.advance(-1)
    assert most_within(MINUTE, left) <= 6


NOISE = bytes(range(256)) * 40


@pytest.mark.parametrize("spoil", ["noise", "half", "middle"])
@pytest.mark.parametrize("is_open", [True, False])
def test_a_spoilt_file_is_begun_anew_as_if_all_had_left(
    open_bucket: Open, time: Clock, spoil: str, is_open: bool, caplog: pytest.LogCaptureFixture
) -> None:
    bucket, other = open_bucket(6), open_bucket(6)
    departures(bucket, time, 30)
    other.take()
    if not is_open:
        bucket.close()
    sound = open_bucket.file.read_bytes()
    spoilt = {"noise": NOISE, "half": sound[: len(sound) // 2 - 100], "middle": sound[:100] + NOISE}[spoil]
    open_bucket.file.write_bytes(spoilt)

    with caplog.at_level(logging.WARNING):
        began = time.time
        assert bucket.take() > 0
        assert other.take() > 0

    assert "cannot be read" in caplog.text
    assert open_bucket.file.name in caplog.text
    left = [moment for which in (other, bucket, other) for moment in departures(which, time, 50)]
    assert min(left) - began > MINUTE
    assert most_within(MINUTE, left) == 6, "they count in one file"


def test_a_file_that_cannot_be_had_is_an_error_and_not_begun_anew(open_bucket: Open) -> None:
    open_bucket.file.mkdir()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        open_bucket(6).take()
