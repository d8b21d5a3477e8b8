"""Landing assets and vectors: ask for what is missing, keep each answer at once, load in batches. No Dagster here."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import orjson
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from mixpeek_assets import clock
from mixpeek_assets.api.client import MixpeekClient
from mixpeek_assets.api.concurrency import map_concurrently
from mixpeek_assets.api.errors import AccessDeniedError, MixpeekError, NotFoundError, NotYetVisibleError, PermanentError
from mixpeek_assets.api.records import Problem
from mixpeek_assets.warehouse.landing_files import Kind
from mixpeek_assets.warehouse.warehouse import Warehouse
from mixpeek_assets.warehouse.worklist import WorkList

Row = dict[str, Any]
Reply = TypeVar("Reply")

_VISIBLE_WITHIN = timedelta(minutes=10)
"""So long after its task was over may something be a 404 that is there."""

_LOOKS = 3
"""How often a run asks for it."""

_LAST = 20
"""Replies, for each request in flight, before whose coming all others are loaded: there is less to load at the end."""


@dataclass
class FetchResult:
    """What a run has fetched.

    Attributes:
        fetched: Replies that came, whole or in part.
        rejected: Objects that the server refuses to give; they are in `rejects`.
        unfinished: Calls that may succeed later; nothing is recorded of them.
    """

    fetched: int = 0
    rejected: int = 0
    unfinished: list[MixpeekError] = field(default_factory=list)


def fetch_assets(
    client: MixpeekClient, warehouse: Warehouse, partitions: Sequence[date], *, run_id: str, refresh: bool = False
) -> FetchResult:
    """Fetch the assets of settled tasks that are not landed, with their features; with `refresh`, all.

    Raises:
        MixpeekError: one of `ABORTS_RUN`; what came before is landed.
    """

    def fetch(row: Row) -> Row:
        reply = _once_visible(client.get_asset, row["asset_id"], row["settled_at"])
        return {"asset": reply.asset, "features": reply.features, "problems": reply.problems}

    with _missing(warehouse, "assets_to_fetch", partitions, refresh=refresh) as rows:
        return _land(client, warehouse, "assets", rows, fetch, "asset_id", run_id)


def fetch_vectors(
    client: MixpeekClient, warehouse: Warehouse, partitions: Sequence[date], *, run_id: str, refresh: bool = False
) -> FetchResult:
    """Fetch the features that have no vectors yet, with their vectors; with `refresh`, all.

    Raises:
        MixpeekError: one of `ABORTS_RUN`; what came before is landed.
    """

    def fetch(row: Row) -> Row:
        reply = _once_visible(client.get_feature, row["feature_id"], row["settled_at"])
        return {
            "feature": reply.feature,
            "dense": {**reply.dense, **reply.as_sent},
            "sparse": reply.sparse,
            "vectors": len(reply.dense) + len(reply.sparse),
            "problems": reply.problems,
        }

    with _missing(warehouse, "features_to_fetch", partitions, refresh=refresh) as rows:
        return _land(client, warehouse, "vectors", rows, fetch, "feature_id", run_id)


def _once_visible(read: Callable[[str], Reply], object_id: str, settled_at: datetime | None) -> Reply:
    """Read what a task has made; right after the task is over, it may not be visible yet.

    Raises:
        NotYetVisibleError: 404, several times; the next run asks again.
        MixpeekError: any other trouble, and a 404 for what should have been visible for long.
    """
    if settled_at is None or abs(clock.now() - settled_at) > _VISIBLE_WITHIN:
        return read(object_id)
    patiently = Retrying(
        retry=retry_if_exception_type(NotFoundError),
        stop=stop_after_attempt(_LOOKS),
        wait=wait_random_exponential(multiplier=0.5, max=4),
        reraise=True,
    )
    try:
        return patiently(read, object_id)
    except NotFoundError as error:
        raise NotYetVisibleError(error.endpoint, error.message, error.object_id, error.status) from None


def _missing(
    warehouse: Warehouse, query: str, partitions: Sequence[date], *, refresh: bool
) -> AbstractContextManager[WorkList]:
    # What a run that died had fetched is loaded first, so that it is not missing.
    warehouse.load_pending()
    return warehouse.work_list(query, partitions=list(partitions), refresh=refresh)


def _land(
    client: MixpeekClient,
    warehouse: Warehouse,
    kind: Kind,
    rows: WorkList,
    fetch: Callable[[Row], Row],
    key: str,
    run_id: str,
) -> FetchResult:
    landed = FetchResult()
    if not rows:
        return landed
    with warehouse.spool(kind) as spool:

        def fetch_and_keep(row: Row) -> bool:
            """Keep the answer in the thread that got it, so that nothing which comes can be dropped."""
            try:
                answer, rejected = fetch(row), False
            except AccessDeniedError:
                raise
            except PermanentError as error:
                reason = f"{error.status}: {error.message}" if error.status else error.message
                answer, rejected = _only_problem(row[key], reason), True
            kept = {**row, "run_id": run_id, "fetched_at": clock.now()}
            try:
                spool.append({**kept, **answer})
            except orjson.JSONEncodeError as error:  # what can be read may be nested too deeply to be written
                spool.append({**kept, **_only_problem(row[key], f"cannot be kept: {error}")})
                rejected = True
            return rejected

        most = len(rows) - _LAST * client.concurrency
        with closing(map_concurrently(fetch_and_keep, rows, client.threads)) as answers:
            for place, (_, answer) in enumerate(answers):
                if place == most:
                    spool.rotate()
                if isinstance(answer, MixpeekError):
                    landed.unfinished.append(answer)
                elif answer:
                    landed.rejected += 1
                else:
                    landed.fetched += 1
    return landed


def _only_problem(object_id: str, reason: str) -> Row:
    """Return the answer of an object that cannot be landed: it says why."""
    return {"problems": [Problem(object_id, reason, "")]}
