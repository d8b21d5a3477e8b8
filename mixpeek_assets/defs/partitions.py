"""The daily partitions: each holds the videos that were added on one UTC day.

Days, not videos: Dagster's UI slows down from some 20,000 partitions an asset, and each run takes seconds to start.
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

import dagster as dg

several_days_a_run = dg.BackfillPolicy.multi_run(max_partitions_per_run=31)


def daily_partitions(first: date) -> dg.DailyPartitionsDefinition:
    """Return a partition for each UTC day from `first` to today."""
    # Dagster ends with yesterday by default; a video that is added today needs today's partition.
    return dg.DailyPartitionsDefinition(start_date=first.isoformat(), end_offset=1)


@contextmanager
def without_preview_warnings() -> Iterator[None]:
    """Silence the warnings about what is new in Dagster, which each asset and check would print at start-up."""
    with warnings.catch_warnings():
        for category in (dg.BetaWarning, dg.PreviewWarning):
            warnings.filterwarnings("ignore", category=category)
        yield


def days(keys: Iterable[str]) -> list[date]:
    """Return the days of partition keys, in order."""
    return sorted(date.fromisoformat(key) for key in keys)
