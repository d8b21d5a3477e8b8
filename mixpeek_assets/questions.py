"""What a user asks the warehouse in Python, checked, and as DuckDB takes it."""

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from mixpeek_assets.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Names: TypeAlias = str | Iterable[str]
"""One name, or several."""

Day: TypeAlias = date | str
"""A partition: a date, or its text, such as 2026-01-31."""

Numbers: TypeAlias = "Sequence[float] | npt.NDArray[np.number[Any]]"
"""An embedding."""


class QuestionError(UserError, ValueError):
    """What was asked has no answer; the message says what to ask instead."""


@dataclass(frozen=True)
class Filters:
    """Which features are looked at; None is any.

    Attributes:
        collections: Those of these collections.
        modalities: Those of these modalities.
        since: Those of this partition and later ones.
        until: Those of this partition and earlier ones.
        among: These, by `feature_id`.
    """

    collections: list[str] | None
    modalities: list[str] | None
    since: date | None
    until: date | None
    among: list[str] | None

    @classmethod
    def of(
        cls,
        collections: Names | None,
        modalities: Names | None,
        since: Day | None,
        until: Day | None,
        among: Names | None,
    ) -> "Filters":
        """Read what a user gave.

        Raises:
            QuestionError: a name is no text, or a day no date.
        """
        return cls(
            _names("collections", collections),
            _names("modalities", modalities),
            _day("since", since),
            _day("until", until),
            _names("among", among),
        )


def count(k: int) -> int:
    """Return how many rows are asked for.

    Raises:
        QuestionError: it is no number from 1.
    """
    try:
        number = operator.index(k)
    except TypeError:
        number = 0
    if number < 1:
        raise QuestionError(f"k={k!r}: ask for at least 1")
    return number


def numbers(embedding: Numbers) -> list[float]:
    """Return an embedding as a list.

    Raises:
        QuestionError: it is no list of finite numbers.
    """
    import numpy as np  # in 0.1 s, of which a query needs nothing

    try:
        with np.errstate(over="ignore"):  # what is too large for the tables becomes infinite
            array = np.asarray(embedding, dtype=np.float32)
    except (TypeError, ValueError):
        raise QuestionError("an embedding is a list or an array of numbers, or the feature_id of a feature") from None
    if array.ndim != 1 or not array.size:
        raise QuestionError(f"an embedding is one row of numbers, and this has the shape {array.shape}")
    if not np.isfinite(array).all():
        raise QuestionError("the embedding holds a number that is not finite (NaN, or too large for FLOAT)")
    return array.tolist()


def _names(argument: str, given: Names | None) -> list[str] | None:
    if given is None:
        return None
    names = [given] if isinstance(given, str) else list(given)
    if odd := next((name for name in names if not isinstance(name, str)), None):
        raise QuestionError(f"{argument} holds {odd!r}, which is no name")
    return names


def _day(argument: str, given: Day | None) -> date | None:
    try:
        found = date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        found = given
    if found is None or isinstance(found, date):
        return found.date() if isinstance(found, datetime) else found
    raise QuestionError(f"{argument}={given!r} is no date: give one such as 2026-01-31")
