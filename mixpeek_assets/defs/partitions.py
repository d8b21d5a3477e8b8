"""The daily partitions: one is all videos that were added on one UTC day.

Days, not videos: Dagster's UI suffers from some 20,000 partitions an asset, and a run costs seconds to start.
"""

import warnings
from collections.abc import Iterable
from datetime import date

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.settings import load_settings

daily = dg.DailyPartitionsDefinition(
    start_date=load_settings().first_partition.isoformat(),
    # So that today exists: a video that is added now has a partition now.
    end_offset=1,
)

# Backfill policies are marked beta, and each asset that has one would say so at every start.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=dg.BetaWarning)
several_days_a_run = dg.BackfillPolicy.multi_run(max_partitions_per_run=31)


def today() -> date:
    """Return the current UTC day."""
    return clock.now().date()


def days(keys: Iterable[str]) -> list[date]:
    """Return the days of partition keys, in order."""
    return sorted(date.fromisoformat(key) for key in keys)
