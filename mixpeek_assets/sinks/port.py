"""What a sink is: a store that holds a copy of the vectors, a day at a time, by key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class NamedVector:
    """A named vector of the warehouse; one with several dimensions is there once for each.

    Attributes:
        name: Such as `multimodal`.
        dimensions: How many numbers an embedding has; None: it is sparse.
        vectors: How many there are, of all days.
    """

    name: str
    dimensions: int | None
    vectors: int


@dataclass(frozen=True)
class Replaced:
    """What has become of a day.

    Attributes:
        written: Rows that were new or differed.
        unchanged: Rows that were there as they are.
        removed: Rows that the day no longer has.
    """

    written: int
    unchanged: int
    removed: int


class Sink(Protocol):
    """A store. It is written by one run at a time, and what it holds depends on the rows alone, never on earlier runs.

    Each verb raises a `UserError`: `SinkDownError` where the store does not answer, `SinkError` where something needs a
    change, or such as `PostgresError`.

    Attributes:
        name: The asset is `<name>_vectors`; letters, digits and `_`.
        place: Where it is, as messages and pages say it: without a password.
    """

    name: str
    place: str

    def prepare(self, named_vectors: Sequence[NamedVector]) -> None:
        """Make what is missing there (tables, a collection), and check what is there; once a run, before its days."""
        ...

    def replace(self, day: date, batches: "Iterable[pa.RecordBatch]") -> Replaced:
        """Make the store hold these rows of a day and no others of it.

        Args:
            day: The partition.
            batches: All rows of the day, with the columns of `rows.SCHEMA`, in the order of their keys.
        """
        ...

    def count(self, day: date) -> int:
        """Return how many rows of a day the store holds."""
        ...


@dataclass(frozen=True)
class Indexed:
    """An index that was made, or brought up to date.

    Attributes:
        vector_name: The named vector.
        vectors: How many vectors it covers.
        method: What it is, such as `HNSW`.
        seconds: How long it took.
    """

    vector_name: str
    vectors: int
    method: str
    seconds: float


@runtime_checkable
class Indexing(Protocol):
    """A sink whose searches have an index, which is cheaper to make of many vectors than to keep while they come."""

    def index(self, named_vectors: Sequence[NamedVector]) -> Sequence[Indexed]:
        """Make the indexes that are due; once a run, after its days.

        One is due when the store holds enough vectors of that name, and nearly all that the warehouse has.
        """
        ...


def is_bulk_loaded(held: int, wanted: int) -> bool:
    """Say whether a store holds nearly all vectors of a name, so that an index is worth making."""
    return held >= 0.9 * wanted
