"""Polling the due tasks, within a bounded time."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from mixpeek_assets import clock
from mixpeek_assets.api.concurrency import map_concurrently
from mixpeek_assets.api.errors import ABORTS_RUN, MixpeekError, NotFoundError, RateLimitedError, UnaddressableError
from mixpeek_assets.api.port import MixpeekClient, Polled, TaskReply
from mixpeek_assets.api.statuses import is_known
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.api.values import excerpt
from mixpeek_assets.pipeline.figures import StepFigures, StepMeter
from mixpeek_assets.warehouse.landing_lines import TaskEvent
from mixpeek_assets.warehouse.rows import DueTask
from mixpeek_assets.warehouse.spool import Spool
from mixpeek_assets.warehouse.warehouse import Warehouse

TICK_POLICY = RetryPolicy(connect=3, read=10, whole=10, attempts=1)
"""A tick tries each poll once; a poll that fails is due again soon."""

_VISIBLE_WITHIN = timedelta(minutes=10)
"""Grace period in which a newly accepted task may return 404."""

_NOTABLE_SKEW = timedelta(minutes=5)

_MAX_TASKS_PER_TICK = 10_000
_FIRST_WAIT, _GROWTH, _LONG_WAIT, _LONGEST_WAIT = 1.0, 1.5, 30.0, 300.0


@dataclass
class PollResult:
    """What polling found.

    Attributes:
        polled: How many submissions were read of; those of one task are read at once.
        settled: How many of them are over, per partition.
        errors: Calls that failed; those tasks are due again.
        new_statuses: How many tasks changed to a status that no documented version of the API lists.
        skew: How far the API's clock is ahead of ours.
        figures: What it took.
    """

    polled: int = 0
    settled: Counter[date] = field(default_factory=Counter[date])
    errors: list[MixpeekError] = field(default_factory=list[MixpeekError])
    new_statuses: Counter[str] = field(default_factory=Counter[str])
    skew: timedelta = timedelta(0)
    figures: StepFigures = field(default_factory=StepFigures)

    def add(self, group: Sequence[DueTask], answers: Sequence[TaskReply] | MixpeekError) -> None:
        """Count what a poll said of each submission of its task."""
        if isinstance(answers, MixpeekError):
            self.errors.append(answers)
            return
        self.polled += len(answers)
        for task, answer in zip(group, answers, strict=True):
            if answer.state != "open":
                self.settled[task.partition_date] += 1
            elif not is_known(answer.status) and answer.status != task.status:
                self.new_statuses[answer.status] += 1

    def warnings(self) -> list[str]:
        """Return lines for the log; the next poll of the same tasks does not repeat them."""
        warnings = [
            f"{count} tasks have the status {excerpt(status)!r}, which no documented version of the API lists: they are"
            " polled until they end or reach their deadline"
            for status, count in self.new_statuses.items()
        ]
        if abs(self.skew) > _NOTABLE_SKEW:
            ahead = "behind" if self.skew > timedelta(0) else "ahead of"
            warnings.append(f"this machine's clock is {abs(self.skew)} {ahead} the API's: correct it")
        return warnings


def next_wait(polls: int, age: timedelta) -> timedelta:
    """Return how long to wait before a task is read again.

    1 s at first, half as much again each time up to 30 s (contract (c), poll advice); a task that is older than an
    hour is read every few minutes, to leave the request budget to the others.
    """
    if age > timedelta(hours=1):
        return timedelta(seconds=_LONGEST_WAIT)
    # The exponent is bounded: there may be thousands of polls.
    return timedelta(seconds=min(_FIRST_WAIT * _GROWTH ** min(polls, 20), _LONG_WAIT))


def tick_policy(seconds: float) -> RetryPolicy:
    """Return the policy of a tick of `seconds`: no call waits for the rate limit beyond its end."""
    return replace(TICK_POLICY, until=time.monotonic() + seconds)


def poll_due_tasks(client: MixpeekClient, warehouse: Warehouse, seconds: float) -> PollResult:
    """Poll the tasks that are due, for at most `seconds` (and the calls then in flight); raises as `poll_tasks`."""
    return poll_tasks(client, warehouse, due_tasks(warehouse), seconds)


def due_tasks(warehouse: Warehouse) -> list[DueTask]:
    """Return the tasks to poll now, the longest-waiting first; pending replies are loaded before."""
    warehouse.load_pending()
    with warehouse.reader() as reader:
        return reader.tasks_due(clock.now(), _MAX_TASKS_PER_TICK)


def poll_tasks(client: MixpeekClient, warehouse: Warehouse, due: Sequence[DueTask], seconds: float) -> PollResult:
    """Read the status of some tasks, in their order, for at most `seconds` (and the calls then in flight).

    Submissions of one task that come one after the other are read at once.

    Raises:
        MixpeekError: the server is unreachable or rejects the key; earlier replies are kept.
    """
    stop_at = time.monotonic() + seconds
    polled, meter = PollResult(), StepMeter(client, warehouse)
    if not due:
        return polled

    def while_there_is_time() -> Iterator[list[DueTask]]:
        for _, group in groupby(due, key=attrgetter("task_id")):
            if time.monotonic() > stop_at:
                return
            yield list(group)

    with warehouse.spool("tasks") as spool:

        def poll(group: list[DueTask]) -> list[TaskReply]:
            return _poll(client, spool, group)

        try:
            with closing(map_concurrently(poll, while_there_is_time(), client.concurrency)) as answers:
                for group, answer in answers:
                    polled.add(group, answer)
        except RateLimitedError as error:
            polled.errors.append(error)  # the rest stays due, and is polled first next time
    polled.skew, polled.figures = client.skew, meter.figures(spool.loaded)
    return polled


def _poll(client: MixpeekClient, spool: Spool, group: Sequence[DueTask]) -> list[TaskReply]:
    """Read one task, and record what it says of each of its submissions."""
    submissions = [Polled(task.collection, task.asset_id) for task in group]
    try:
        replies = client.read_task(group[0].task_id, submissions)
    except NotFoundError as error:
        replies = [_unknown(client, task, error) for task in group]
    except UnaddressableError as error:
        replies = [_lost(task, str(error)) for task in group]
    except ABORTS_RUN:
        raise  # it is not about this task
    except MixpeekError as error:
        waiting = [task for task in group if not _is_overdue(client, task)]
        # Due again, but not at once: constant requests do not help a failing server.
        for task in waiting:
            spool.append(_event(task, next_poll_at=_next_poll(client, task)))
        for task in group:
            if task not in waiting:
                _keep(client, spool, task, _lost(task, str(error)))
        if waiting:
            raise
        return [_lost(task, str(error)) for task in group]
    return [_keep(client, spool, task, reply) for task, reply in zip(group, replies, strict=True)]


def _keep(client: MixpeekClient, spool: Spool, task: DueTask, reply: TaskReply) -> TaskReply:
    """Record the status of one submission, and return it; one that is open for too long is lost."""
    if reply.state == "open" and _is_overdue(client, task):
        hours = _age(client, task).total_seconds() / 3600
        reply = _lost(task, f"still {reply.status} {hours:.1f} hours after it was submitted", reply.status)
    now = clock.now()
    settled = reply.state != "open"
    spool.append(
        _event(
            task,
            status=reply.status or None,
            state=reply.state,
            asset_id=reply.asset_id,
            error=reply.error,
            polled_at=now,
            settled_at=now if settled else None,
            next_poll_at=None if settled else _next_poll(client, task),
            credits=reply.credits,
            cost_usd=reply.cost_usd,
        )
    )
    return reply


def _unknown(client: MixpeekClient, task: DueTask, error: NotFoundError) -> TaskReply:
    """A new task may not be visible yet; of an old one the server knows nothing, and polling would never end."""
    if _age(client, task) < _VISIBLE_WITHIN:
        return TaskReply(task.task_id, task.status or "", "open", None, None)
    return _lost(task, f"{error}; `mixpeek-assets retry` asks for it again")


def _event(task: DueTask, **found: Any) -> TaskEvent:
    return TaskEvent(video_id=task.video_id, attempt=task.attempt, seen_at=clock.now(), polls=1, **found)


def _age(client: MixpeekClient, task: DueTask) -> timedelta:
    # By the API's clock, which does not jump when this machine's does.
    return client.time() - task.submitted_at if task.submitted_at else timedelta(0)


def _is_overdue(client: MixpeekClient, task: DueTask) -> bool:
    return task.give_up_at is not None and client.time() > task.give_up_at


def _next_poll(client: MixpeekClient, task: DueTask) -> datetime:
    return clock.now() + next_wait(task.polls, _age(client, task))


def _lost(task: DueTask, reason: str, status: str = "") -> TaskReply:
    return TaskReply(task.task_id, status, "lost", None, {"reason": reason})
