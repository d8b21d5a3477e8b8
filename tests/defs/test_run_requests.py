from datetime import UTC, date, datetime, timedelta

import dagster as dg
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_assets.defs.run_requests import PastRun, back_off, ranges, ready

DAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
FAILURE, SUCCESS = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS


def run(status: dg.DagsterRunStatus, run_id: str = "r", *, days: int = 0, ended: datetime = NOW) -> PastRun:
    return PastRun(run_id, status, DAY, DAY + timedelta(days=days), ended)


def test_a_partition_without_a_run_is_ready() -> None:
    assert list(ready([DAY], [], NOW)) == [DAY]


def test_a_partition_waits_while_a_run_of_it_is_queued_or_running() -> None:
    for status in (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED):
        assert ready([DAY], [run(status)], NOW) == {}


def test_a_running_range_holds_back_every_day_of_it() -> None:
    running = run(dg.DagsterRunStatus.STARTED, days=2)
    days = [DAY + timedelta(days=offset) for offset in range(4)]

    assert list(ready(days, [running], NOW)) == [DAY + timedelta(days=3)]


def test_after_failures_in_a_row_the_next_run_waits_longer_each_time() -> None:
    once = [run(FAILURE), run(SUCCESS)]
    thrice = [run(FAILURE), run(FAILURE), run(FAILURE), run(SUCCESS)]

    assert ready([DAY], once, NOW + timedelta(seconds=29)) == {}
    assert DAY in ready([DAY], once, NOW + timedelta(seconds=30))
    assert ready([DAY], thrice, NOW + timedelta(seconds=119)) == {}
    assert DAY in ready([DAY], thrice, NOW + timedelta(seconds=120))
    assert back_off(1_000) == timedelta(hours=1)


def test_each_attempt_has_a_key_of_its_own_and_the_same_tick_twice_has_one() -> None:
    later = NOW + timedelta(hours=2)
    keys = [
        ready([DAY], [], later)[DAY],
        ready([DAY], [run(FAILURE, "a")], later)[DAY],
        ready([DAY], [run(FAILURE, "b"), run(FAILURE, "a")], later)[DAY],
    ]

    assert len(set(keys)) == 3
    assert ready([DAY], [run(FAILURE, "a")], later)[DAY] == keys[1]


@given(st.sets(st.dates(date(2024, 1, 1), date(2024, 3, 1))))
def test_ranges_hold_just_the_days_that_they_are_made_of(days: set[date]) -> None:
    covered = [
        first + timedelta(days=offset) for first, last in ranges(days) for offset in range((last - first).days + 1)
    ]

    assert covered == sorted(days)
    starts = [first for first, _ in ranges(days)]
    assert all(start - timedelta(days=1) not in days for start in starts)
