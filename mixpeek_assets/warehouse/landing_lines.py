"""The lines of landing files, declared once: the pipeline writes them, and a load reads their columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

import orjson

from mixpeek_assets.warehouse.schema import sent_struct

EventState = Literal["open", "done", "failed", "skipped", "cancelled", "lost", "withdrawn"]
"""A task's state after an event; `withdrawn` means never sent, and leaves no row."""

# Beside its Python type, each field names its DuckDB type.
Text = Annotated[str, "VARCHAR"]
OptionalText = Annotated[str | None, "VARCHAR"]
Integer = Annotated[int, "INTEGER"]
OptionalNumber = Annotated[float | None, "DOUBLE"]
Day = Annotated[date, "DATE"]
Time = Annotated[datetime, "TIMESTAMPTZ"]
OptionalTime = Annotated[datetime | None, "TIMESTAMPTZ"]
Problems = Annotated[Sequence[Any], "STRUCT(object_id VARCHAR, reason VARCHAR, excerpt VARCHAR)[]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent:
    """A change of a submission. A field that is None changes nothing."""

    video_id: Text
    attempt: Integer
    seen_at: Time
    task_id: OptionalText = None
    status: OptionalText = None
    state: Annotated[EventState | None, "VARCHAR"] = None
    asset_id: OptionalText = None
    error: Annotated[Any, "JSON"] = None
    submitted_at: OptionalTime = None
    give_up_at: OptionalTime = None
    polled_at: OptionalTime = None
    next_poll_at: OptionalTime = None
    polls: Integer = 0
    settled_at: OptionalTime = None
    credits: OptionalNumber = None
    cost_usd: OptionalNumber = None
    run_id: OptionalText = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLine:
    """A reply with an asset and its features; without an asset, `problems` says why."""

    asset_id: Text
    video_id: Text
    partition_date: Day
    run_id: Text
    fetched_at: Time
    asset: Annotated[Mapping[str, Any] | None, sent_struct("assets")] = None
    features: Annotated[Sequence[Mapping[str, Any]], sent_struct("features", "feature_id") + "[]"] = ()
    problems: Problems = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureLine:
    """A reply with a feature and its named vectors: `vectors` counts the valid ones, `problems` lists the others."""

    feature_id: Text
    asset_id: Text
    video_id: Text
    modality: OptionalText
    partition_date: Day
    run_id: Text
    fetched_at: Time
    feature: Annotated[Mapping[str, Any] | None, sent_struct("features")] = None
    sparse: Annotated[Mapping[str, Any] | None, 'MAP(VARCHAR, STRUCT(indices INTEGER[], "values" FLOAT[]))'] = None
    vectors: Integer = 0
    problems: Problems = ()
    dense: Annotated[Mapping[str, Any] | None, "MAP(VARCHAR, FLOAT[])"] = None


LandingLine = TaskEvent | AssetLine | FeatureLine


def as_json(line: LandingLine | Mapping[str, Any]) -> bytes:
    """Return a line as it is written.

    A tab stands before a feature's embeddings, so that a load can cut them off. JSON allows it there, and no text holds
    one: within a text it is an escape.
    """
    if not isinstance(line, FeatureLine):
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    rest = orjson.dumps({name: getattr(line, name) for name in columns_of(FeatureLine) if name != "dense"})
    dense = orjson.dumps({"dense": line.dense}, option=orjson.OPT_APPEND_NEWLINE)
    return rest[:-1] + b"\t," + dense[1:]


@cache
def columns_of(line: type[LandingLine]) -> Mapping[str, str]:
    """Return the name and DuckDB type of each field, as `read_json(columns = …)` takes them."""
    hints = get_type_hints(line, include_extras=True)
    return {field.name: hints[field.name].__metadata__[0] for field in fields(line)}
