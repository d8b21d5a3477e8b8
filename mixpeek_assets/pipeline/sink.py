"""Copying days to a sink: each is read from the warehouse, replaced in the store, and counted there."""

# pyright: reportUnknownMemberType=false
# pyarrow, whose batches pass through, has no types.

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from mixpeek_assets.errors import UserError
from mixpeek_assets.labels import counted
from mixpeek_assets.pipeline.progress import Say
from mixpeek_assets.sinks.errors import SinkError
from mixpeek_assets.sinks.port import NamedVector, Replaced, Sink
from mixpeek_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class CopiedDay:
    """What has become of a day.

    Attributes:
        day: The partition.
        rows: How many vectors the warehouse has of it.
        replaced: What the store did; None: it failed.
        held: How many rows the store has of the day now.
        seconds: How long it took to write.
        error: Why it failed.
    """

    day: date
    rows: int = 0
    replaced: Replaced | None = None
    held: int = 0
    seconds: float = 0.0
    error: UserError | None = None


def named_vectors(warehouse: Warehouse) -> list[NamedVector]:
    """Return the named vectors that a sink is prepared for."""
    with warehouse.reader() as reader:
        return [NamedVector(kind.vector_name, kind.dimensions, kind.vectors) for kind in reader.vector_kinds()]


def copy_days(warehouse: Warehouse, sink: Sink, days: Sequence[date], say: Say) -> Iterator[CopiedDay]:
    """Yield what becomes of each day. A day that fails stops no other, unless the store does not answer."""
    for place, day in enumerate(days):
        try:
            copied = _copy(warehouse, sink, day)
        except UserError as error:
            yield CopiedDay(day, error=error)
            if error.retryable:
                yield from (CopiedDay(other, error=error) for other in days[place + 1 :])
                return
            continue
        done = copied.replaced
        if done:
            say(
                f"{day}: {done.written:,} written, {done.unchanged:,} unchanged, {done.removed:,} removed"
                f" in {copied.seconds:.1f} s"
            )
        yield copied


def _copy(warehouse: Warehouse, sink: Sink, day: date) -> CopiedDay:
    with warehouse.vector_rows(day) as kept:
        if not kept.rows:
            _check_is_known(warehouse, sink, day)
        begun = time.monotonic()
        replaced = sink.replace(day, kept.batches())
        seconds = time.monotonic() - begun
        return CopiedDay(day, kept.rows, replaced, sink.count(day), seconds)


def _check_is_known(warehouse: Warehouse, sink: Sink, day: date) -> None:
    """Refuse to empty a day of which the warehouse knows nothing: it may be another warehouse, or a new one."""
    with warehouse.reader() as reader:
        is_known = bool(reader.partition_counts("videos", [day]))
    held = 0 if is_known else sink.count(day)
    if held:
        raise SinkError(
            f"{sink.place} has {counted(held, 'row')} of {day}, of which {warehouse.name} has no video, so nothing is"
            " removed: is it the right warehouse? If so, delete the rows there"
        )
