"""What many videos come to, by simulation and arithmetic: `docs/scale.md` tells what to make of it.

The simulation has one budget of requests, for which submissions, polls and fetches stand in one line, as in
`api/limits.py`, and the product's own waits between polls. Nothing is sent, and no clock is waited for.
"""

import heapq
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.pipeline.measure import show
from mixpeek_assets.pipeline.poll import next_wait

_FEATURES = 10
_SIMULATED = 2_000
_TICK, _POLLING = 35.0, 25.0
"""A sensor's tick in seconds, and how much of it polls."""

_VECTOR_BYTES = 3_700
_LANDED_A_SECOND = 20_000
"""Of 1,024 floats each, measured: `growth` and `load`."""

_PARTITIONS_A_RUN = 31


@dataclass(frozen=True)
class Simulated:
    """What a simulation has come to.

    Attributes:
        polls: How often a task was read, on average.
        hours: From the first submission to the last reply.
        seen_after: Seconds from a task's end to its being seen, on average.
    """

    polls: float
    hours: float
    seen_after: float


def simulate(a_minute: float, *, videos: int = _SIMULATED, features: int = _FEATURES, minutes: float = 2) -> Simulated:
    """Spend a budget on videos whose tasks take some minutes each.

    Args:
        a_minute: Requests that may be sent in a minute, evenly.
        videos: How many.
        features: How many each has.
        minutes: How long a task takes.
    """
    now, polls, late, fetched, submitted = 0.0, 0, 0.0, 0, 0
    due: list[tuple[float, int, float]] = []  # when, how often it was read, when it was submitted
    to_fetch, line = 0, deque(("submit", "poll", "fetch"))
    while fetched < videos * (1 + features):
        now += 60 / a_minute
        line.rotate(-1)
        for kind in tuple(line):
            if kind == "submit" and submitted < videos:
                submitted += 1
                heapq.heappush(due, (now, 0, now))
            elif kind == "poll" and due and due[0][0] <= now and now % _TICK < _POLLING:
                _, read, begun = heapq.heappop(due)
                polls += 1
                if now >= begun + minutes * 60:
                    to_fetch += 1 + features
                    late += now - begun - minutes * 60
                else:
                    age = timedelta(seconds=now - begun)
                    heapq.heappush(due, (now + next_wait(read, age).total_seconds(), read + 1, begun))
            elif kind == "fetch" and to_fetch:
                to_fetch -= 1
                fetched += 1
            else:
                continue
            break
    return Simulated(polls / videos, now / 3600, late / videos)


def main() -> None:
    """Print what a budget does to 2,000 videos, and what 1M and 100M come to."""
    budgets = (60, 600, 6_000)
    simulated = {budget: simulate(budget) for budget in budgets}
    show(
        f"Simulated: {_SIMULATED:,} videos of {_FEATURES} features, tasks of 2 minutes",
        ("requests a minute", "polls a video", "requests a video", "hours", "seconds until an end is seen"),
        [
            (budget, found.polls, 2 + _FEATURES + found.polls, found.hours, found.seen_after)
            for budget, found in simulated.items()
        ],
    )
    rows = []
    for videos in (1_000, 1_000_000, 100_000_000):
        vectors = videos * _FEATURES
        hours = [f"{found.hours * videos / _SIMULATED:,.0f}" for found in simulated.values()]
        size = vectors * _VECTOR_BYTES / 1e9
        rows.append((videos, vectors, *hours, vectors / _LANDED_A_SECOND / 3600, f"{size:,.1f} GB"))
    columns = (
        "videos",
        "vectors",
        *(f"hours at {budget:,}/min" for budget in budgets),
        "hours of loading",
        "DuckDB file",
    )
    show("Extrapolated from it, and from what was measured", columns, rows)
    show(
        "Extrapolated: partitions, and runs to land them once",
        ("videos", "a day", "partitions", "runs (31 partitions each)", "vectors a partition"),
        [
            (videos, a_day, videos // a_day, -(-videos // a_day // _PARTITIONS_A_RUN), a_day * _FEATURES)
            for videos, a_day in ((1_000_000, 1_000), (1_000_000, 10_000), (100_000_000, 100_000))
        ],
    )
