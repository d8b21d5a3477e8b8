"""A sink that keeps its rows in memory, and fails over what it is told to."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from mixpeek_assets.sinks.errors import SinkDownError, SinkError
from mixpeek_assets.sinks.port import Indexed, NamedVector, Replaced
from mixpeek_assets.sinks.rows import KEY


class Shelf:
    """A store.

    Attributes:
        rows: The digest of each row, by day and key.
        refuses: The days that it does not take.
        is_down: Whether it does not answer.
        prepared: What it was prepared for, a run each.
        indexed: How often it was asked for its indexes.
    """

    name = "shelf"
    place = "a shelf"

    def __init__(self) -> None:
        self.rows: dict[date, dict[tuple[str, str], int]] = {}
        self.refuses: set[date] = set()
        self.is_down = False
        self.prepared: list[Sequence[NamedVector]] = []
        self.indexed = 0

    def prepare(self, named_vectors: Sequence[NamedVector]) -> None:
        """Note what is to come."""
        self._answer()
        self.prepared.append(named_vectors)

    def replace(self, day: date, batches: Iterable[Any]) -> Replaced:
        """Keep these rows of a day, and no others."""
        self._answer()
        if day in self.refuses:
            raise SinkError(f"the shelf takes nothing of {day}: make room")
        new = {tuple(row[name] for name in KEY): row["digest"] for batch in batches for row in batch.to_pylist()}
        old = self.rows.get(day, {})
        self.rows[day] = new
        unchanged = len(new.items() & old.items())
        return Replaced(len(new) - unchanged, unchanged, len(old.keys() - new.keys()))

    def count(self, day: date) -> int:
        """Return how many rows there are of a day."""
        self._answer()
        return len(self.rows.get(day, {}))

    def index(self, named_vectors: Sequence[NamedVector]) -> Sequence[Indexed]:
        """Pretend nothing: there is one index, of all that is there."""
        self.indexed += 1
        return [Indexed(one.name, one.vectors, "in order", 0.1) for one in named_vectors]

    def _answer(self) -> None:
        if self.is_down:
            raise SinkDownError("the shelf does not answer: is it there?")
