"""How far a sink is: what the store holds beside what the warehouse has, and when and how its last runs ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.sinks import ERROR, sink_key
from mixpeek_assets.errors import UserError
from mixpeek_assets.sinks.chosen import ChosenSink
from mixpeek_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class SinkState:
    """The state of a sink.

    Attributes:
        name: Its name.
        place: Where it is.
        vectors: How many vectors the warehouse has.
        held: How many rows the store has of the days that are known; None: it does not say.
        behind: The days that are to be written, with how many rows differ, or all of a day that has landed since.
        written_at: When a day was last written.
        error: Why it does not answer, or why the newest run failed.
    """

    name: str
    place: str
    vectors: int
    held: int | None
    behind: Mapping[date, int] = field(default_factory=dict[date, int])
    written_at: datetime | None = None
    error: str | None = None


def sink_state(instance: dg.DagsterInstance, group: AssetGroup, warehouse: Warehouse, chosen: ChosenSink) -> SinkState:
    """Ask the warehouse, the store and Dagster how far a sink is."""
    key = sink_key(group, chosen.name)
    with warehouse.reader() as reader:
        vectors = reader.vectors_by_day()
    written, landed = _newest_by_day(instance, key), _newest_by_day(instance, group.key("vectors"))
    days = sorted({*vectors, *written})
    held, error = _held(chosen, days)
    behind: dict[date, int] = {}
    for day in days:
        has_landed_since = landed.get(day, 0) > written.get(day, 0)
        differing = abs(held[day] - vectors.get(day, 0)) if held is not None else 0
        if rows := max(differing, vectors.get(day, 0) if has_landed_since else 0):
            behind[day] = rows
    at, failed_over = _newest(instance, key)
    return SinkState(
        chosen.name,
        chosen.place,
        sum(vectors.values()),
        None if held is None else sum(held.values()),
        behind,
        at,
        error or failed_over,
    )


def _held(chosen: ChosenSink, days: list[date]) -> tuple[dict[date, int] | None, str | None]:
    try:
        sink = chosen.open()
        return {day: sink.count(day) for day in days}, None
    except UserError as error:
        return None, str(error)


def _newest_by_day(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[date, int]:
    """Return the place in the event log of each day's newest materialization."""
    found = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    return {date.fromisoformat(day): place for day, place in found.items()}


def _newest(instance: dg.DagsterInstance, key: dg.AssetKey) -> tuple[datetime | None, str | None]:
    """Return when a day was last written, and why a later one was not."""
    (written,) = instance.fetch_materializations(key, limit=1).records[:1] or (None,)
    (said,) = instance.fetch_observations(key, limit=1).records[:1] or (None,)
    at = datetime.fromtimestamp(written.timestamp, UTC) if written else None
    if said is None or (written is not None and written.storage_id > said.storage_id):
        return at, None
    observed = said.asset_observation
    return at, str(observed.metadata[ERROR].value) if observed and ERROR in observed.metadata else None
