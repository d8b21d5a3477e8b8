"""Landing assets and vectors: ask for what is missing, keep each answer at once, load in batches. No Dagster here."""

import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from mixpeek_assets import clock
from mixpeek_assets.api.client import MixpeekClient
from mixpeek_assets.api.concurrency import in_flight
from mixpeek_assets.api.errors import AccessDeniedError, MixpeekError, PermanentError
from mixpeek_assets.api.records import Problem
from mixpeek_assets.warehouse.landing import Kind
from mixpeek_assets.warehouse.warehouse import Warehouse

Row = dict[str, Any]


@dataclass
class Landed:
    """What a run has fetched.

    Attributes:
        fetched: Replies that came, whole or in part.
        rejected: Objects that the server refuses to give; they are in `rejects`.
        unfinished: Calls that may succeed later; nothing is recorded of them.
    """

    fetched: int = 0
    rejected: int = 0
    unfinished: list[MixpeekError] = field(default_factory=list)


def land_assets(
    client: MixpeekClient, warehouse: Warehouse, partitions: Sequence[date], *, run_id: str, refresh: bool = False
) -> Landed:
    """Fetch the assets of settled tasks that are not landed, with their features; with `refresh`, all.

    Raises:
        MixpeekError: one of `STOPS_ALL`; what came before is landed.
    """

    def fetch(row: Row) -> Row:
        reply = client.get_asset(row["asset_id"])
        return {"asset": reply.asset, "features": reply.features, "problems": reply.problems}

    rows = _missing(warehouse, "assets_to_land", partitions, refresh=refresh)
    return _land(client, warehouse, "assets", rows, fetch, "asset_id", run_id)


def land_vectors(
    client: MixpeekClient, warehouse: Warehouse, partitions: Sequence[date], *, run_id: str, refresh: bool = False
) -> Landed:
    """Fetch the features that have no vectors yet, with their vectors; with `refresh`, all.

    Raises:
        MixpeekError: one of `STOPS_ALL`; what came before is landed.
    """

    def fetch(row: Row) -> Row:
        reply = client.get_feature(row["feature_id"])
        return {
            "reply_id": uuid.uuid4().hex,
            "feature": reply.feature,
            "dense": reply.dense,
            "sparse": reply.sparse,
            "vectors": len(reply.dense) + len(reply.sparse),
            "problems": reply.problems,
        }

    rows = _missing(warehouse, "vectors_to_land", partitions, refresh=refresh)
    return _land(client, warehouse, "vectors", rows, fetch, "feature_id", run_id)


def _missing(warehouse: Warehouse, query: str, partitions: Sequence[date], *, refresh: bool) -> list[Row]:
    # What a run that died had fetched is loaded first, so that it is not missing.
    warehouse.load_pending()
    return warehouse.rows(query, partitions=list(partitions), refresh=refresh)


def _land(
    client: MixpeekClient,
    warehouse: Warehouse,
    kind: Kind,
    rows: list[Row],
    fetch: Callable[[Row], Row],
    key: str,
    run_id: str,
) -> Landed:
    landed = Landed()
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

        with closing(in_flight(fetch_and_keep, rows, client.concurrency)) as answers:
            for _, answer in answers:
                if isinstance(answer, MixpeekError):
                    landed.unfinished.append(answer)
                elif answer:
                    landed.rejected += 1
                else:
                    landed.fetched += 1
    return landed


def _only_problem(object_id: str, reason: str) -> Row:
    """Return the answer of an object that cannot be landed: it says why."""
    return {"reply_id": uuid.uuid4().hex, "problems": [Problem(object_id, reason, "")]}
