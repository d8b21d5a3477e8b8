"""Reading the status of tasks that are due, in a bounded time. No Dagster in here."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from mixpeek_assets import clock
from mixpeek_assets.api.client import MixpeekClient, RetryPolicy
from mixpeek_assets.api.concurrency import map_concurrently
from mixpeek_assets.api.errors import ABORTS_RUN, MixpeekError, NotFoundError, RateLimitedError, UnaddressableError
from mixpeek_assets.api.records import TaskReply, excerpt, is_known
from mixpeek_assets.warehouse.warehouse import Spool, Warehouse

TICK_POLICY = RetryPolicy(connect=3, read=10, whole=10, attempts=1)
"""A poll that fails is due again soon: within a tick there is no time to try it twice."""

_VISIBLE_WITHIN = timedelta(minutes=10)
"""So long may a task that was only just accepted be unknown."""

_SKEW_WORTH_TELLING = timedelta(minutes=5)

_MOST_A_TICK = 10_000
_FIRST_WAIT, _GROWTH, _LONG_WAIT, _LONGEST_WAIT = 1.0, 1.5, 30.0, 300.0

Row = dict[str, Any]


@dataclass
class PollResult:
    """What polling has found.

    Attributes:
        polled: How many tasks were read.
        settled: How many of them are over, per partition.
        errors: Calls that failed; those tasks are due again.
        new_statuses: How many tasks have come to a status that no era of the API lists.
        skew: How far the API's clock is ahead of ours.
    """

    polled: int = 0
    settled: Counter[date] = field(default_factory=Counter)
    errors: list[MixpeekError] = field(default_factory=list)
    new_statuses: Counter[str] = field(default_factory=Counter)
    skew: timedelta = timedelta(0)

    def add(self, row: Row, answer: TaskReply | MixpeekError) -> None:
        """Count an answer."""
        if isinstance(answer, MixpeekError):
            self.errors.append(answer)
            return
        self.polled += 1
        if answer.state != "open":
            self.settled[row["partition_date"]] += 1
        elif not is_known(answer.status) and answer.status != row["status"]:
            self.new_statuses[answer.status] += 1

    def warnings(self) -> list[str]:
        """Return what is worth a line in a log, each once: the next poll of the same tasks does not tell it again."""
        told = [
            f"{count} tasks are {excerpt(status)!r}, a status that no era of the API lists: they are polled until they"
            " end, or until their deadline"
            for status, count in self.new_statuses.items()
        ]
        if abs(self.skew) > _SKEW_WORTH_TELLING:
            ahead = "behind" if self.skew > timedelta(0) else "ahead of"
            told.append(f"this machine's clock is {abs(self.skew)} {ahead} the API's: set it")
        return told


def next_wait(polls: int, age: timedelta) -> timedelta:
    """Return how long to wait before a task is read again.

    1 s at first, half as much again each time up to 30 s (contract (c), poll advice); a task that is older than an
    hour is read every few minutes, so that it does not eat the budget of the others.
    """
    if age > timedelta(hours=1):
        return timedelta(seconds=_LONGEST_WAIT)
    # The power is bounded before it is taken: polls may be thousands.
    return timedelta(seconds=min(_FIRST_WAIT * _GROWTH ** min(polls, 20), _LONG_WAIT))


def tick_policy(seconds: float) -> RetryPolicy:
    """Return the policy of a tick that may last so long: no call waits for the rate limit beyond its end."""
    return replace(TICK_POLICY, until=time.monotonic() + seconds)


def poll_due_tasks(client: MixpeekClient, warehouse: Warehouse, seconds: float) -> PollResult:
    """Read the tasks that are due, the longest-waiting first, for at most `seconds` (and the calls then in flight).

    Raises:
        MixpeekError: no server, or one that does not take the key; what was read before is kept.
    """
    stop_at = time.monotonic() + seconds
    warehouse.load_pending()
    due = warehouse.tasks_due(clock.now(), _MOST_A_TICK)
    polled = PollResult()
    if not due:
        return polled

    def while_there_is_time() -> Iterator[Row]:
        for row in due:
            if time.monotonic() > stop_at:
                return
            yield row

    with warehouse.spool("tasks") as spool:

        def poll(row: Row) -> TaskReply:
            return _poll(client, spool, row)

        try:
            with closing(map_concurrently(poll, while_there_is_time(), client.concurrency)) as answers:
                for row, answer in answers:
                    polled.add(row, answer)
        except RateLimitedError as error:
            polled.errors.append(error)  # the rest is due again, and will be asked for first
    polled.skew = client.skew
    return polled


def _poll(client: MixpeekClient, spool: Spool, row: Row) -> TaskReply:
    """Read one task and keep what it says."""
    try:
        reply = client.get_task(row["task_id"])
        if reply.state in ("done", "skipped") and reply.asset_id is None:
            reply = _with_asset(client, reply, row["collection"])
    except NotFoundError as error:
        if _age(client, row) < _VISIBLE_WITHIN:
            reply = TaskReply(row["task_id"], row["status"] or "", "open", None, None)
        else:
            # The server has forgotten it: polling on would never end.
            reply = _lost(row, f"{error}; `mixpeek-assets retry` asks for it again")
    except UnaddressableError as error:
        reply = _lost(row, str(error))
    except ABORTS_RUN:
        raise  # it is not this task's
    except MixpeekError as error:
        if not _is_overdue(client, row):
            # Due again, but not at once: a server in trouble is not helped by being asked all the time.
            spool.append({**_identity(row), "next_poll_at": _next_poll(client, row), "polls": 1})
            raise
        reply = _lost(row, str(error))
    if reply.state == "open" and _is_overdue(client, row):
        hours = _age(client, row).total_seconds() / 3600
        reply = _lost(row, f"still {reply.status} {hours:.1f} hours after it was submitted", reply.status)
    now = clock.now()
    settled = reply.state != "open"
    event: Row = {
        **_identity(row),
        "status": reply.status or None,
        "state": reply.state,
        "asset_id": reply.asset_id,
        "polled_at": now,
        "polls": 1,
    }
    if settled:
        event["settled_at"] = now
    else:
        event["next_poll_at"] = _next_poll(client, row)
    if reply.error is not None:
        event["error"] = reply.error
    spool.append(event)
    return reply


def _identity(row: Row) -> Row:
    return {"video_id": row["video_id"], "attempt": row["attempt"], "seen_at": clock.now()}


def _age(client: MixpeekClient, row: Row) -> timedelta:
    # By the API's clock, which does not jump when this machine's does.
    return client.time() - row["submitted_at"] if row["submitted_at"] else timedelta(0)


def _is_overdue(client: MixpeekClient, row: Row) -> bool:
    return row["give_up_at"] is not None and client.time() > row["give_up_at"]


def _next_poll(client: MixpeekClient, row: Row) -> datetime:
    return clock.now() + next_wait(row["polls"], _age(client, row))


def _lost(row: Row, reason: str, status: str = "") -> TaskReply:
    return TaskReply(row["task_id"], status, "lost", None, {"reason": reason})


def _with_asset(client: MixpeekClient, reply: TaskReply, collection: str) -> TaskReply:
    """Look an asset up whose task is over and names none (contract b3)."""
    asset_id = None
    with suppress(NotFoundError):  # of an API that cannot be asked
        asset_id = client.find_asset(reply.task_id, collection)
    if asset_id is not None:
        return TaskReply(reply.task_id, reply.status, reply.state, asset_id, reply.error)
    error = {"reason": f"the task is {reply.status}, but names no asset, and none is found for it"}
    return TaskReply(reply.task_id, reply.status, "failed", None, error)
