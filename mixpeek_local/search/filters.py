"""Filters over the bodies of replies (contract b5): the meaning of `filters` in any request."""

import operator
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

Operator = Literal["eq", "ne", "gt", "lt", "gte", "lte", "in", "nin", "is_null", "text", "exists"]
Predicate = Callable[[dict[str, Any]], bool]

MAX_DEPTH = 20
ORDER = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
Scalar = str | int | float | bool | None


class Condition(BaseModel):
    """One comparison of a field.

    A dotted key reaches into objects (`metadata.author`) and into every object of a list (`labels.name`); a list meets
    a condition if one of its items does. A missing field counts as null, except for `exists`. Values of different types
    are neither equal nor in order, so comparing them gives false, and `ne` and `nin` give true.

    Attributes:
        key: The field.
        operator: `text` needs all words of the value, whole, in any order. `exists` and `is_null` need no value;
            the value false negates them.
        value: A string, a number, a bool or null; for `in` and `nin`, a list of these.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=256)]
    operator: Operator = "eq"
    value: Any = None

    @field_validator("value")
    @classmethod
    def _is_plain(cls, value: Any) -> Any:
        if not all(isinstance(one, Scalar) for one in (value if isinstance(value, list) else [value])):
            raise ValueError("a value is a string, a number, true, false, null, or a list of these")
        return value

    @model_validator(mode="after")
    def _suits_the_operator(self) -> "Condition":
        if (self.operator in ("in", "nin")) != isinstance(self.value, list):
            raise ValueError("`in` and `nin` take a list as their value, the other operators take a single one")
        if self.operator == "text" and not isinstance(self.value, str):
            raise ValueError("`text` takes a string as its value")
        return self


def _kind(part: Any) -> str:
    return "condition" if isinstance(part, Condition) or (isinstance(part, dict) and "key" in part) else "group"


class Filters(BaseModel):
    """Conditions and nested groups: all of `AND`, at least one of `OR`, none of `NOR`. Empty lists have no effect.

    Attributes:
        case_sensitive: Whether upper and lower case differ, by default not. A nested group inherits it.
        AND: All of these.
        OR: At least one of these.
        NOR: None of these.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    case_sensitive: bool | None = None
    AND: "_Parts | None" = None
    OR: "_Parts | None" = None
    NOR: "_Parts | None" = None

    @property
    def depth(self) -> int:
        """How deeply groups are nested."""
        parts = [*(self.AND or ()), *(self.OR or ()), *(self.NOR or ())]
        return 1 + max((part.depth for part in parts if isinstance(part, Filters)), default=0)

    @model_validator(mode="after")
    def _is_shallow(self) -> "Filters":
        if self.depth > MAX_DEPTH:
            raise ValueError(f"groups are nested more than {MAX_DEPTH} deep")
        return self


_Part = Annotated[Annotated[Condition, Tag("condition")] | Annotated[Filters, Tag("group")], Discriminator(_kind)]
_Parts = Annotated[list[_Part], Field(max_length=100)]
Filters.model_rebuild()


def matches(filters: Filters | None, item: dict[str, Any]) -> bool:
    """Whether the body of a reply, or a part of it, passes; without filters it does. Never raises."""
    return predicate(filters)(item)


def predicate(filters: Filters | None, *, case_sensitive: bool = False) -> Predicate:
    """The filters as a function of a body, to be used for many bodies.

    Args:
        filters: None lets everything pass.
        case_sensitive: For filters that leave it open.
    """
    if filters is None:
        return lambda _: True
    if filters.case_sensitive is not None:
        case_sensitive = filters.case_sensitive
    every, some, none = (
        [_predicate_of(part, case_sensitive) for part in group or ()]
        for group in (filters.AND, filters.OR, filters.NOR)
    )
    return lambda item: (
        all(holds(item) for holds in every)
        and (not some or any(holds(item) for holds in some))
        and not any(holds(item) for holds in none)
    )


def _predicate_of(part: Condition | Filters, case_sensitive: bool) -> Predicate:
    if isinstance(part, Filters):
        return predicate(part, case_sensitive=case_sensitive)
    key, wanted = part.key, part.value is not False
    if part.operator == "exists":
        return lambda item: any(True for _ in values_at(item, key)) == wanted
    if part.operator == "is_null":
        return lambda item: all(value is None for value in values_at(item, key)) == wanted
    test = _test(part, case_sensitive)
    negated = part.operator in ("ne", "nin")
    return lambda item: any(test(comparable(value, case_sensitive)) for value in candidates(item, key)) != negated


def _test(condition: Condition, case_sensitive: bool) -> Callable[[Any], bool]:
    """The comparison with one comparable value; for `ne` and `nin`, the one that they negate."""
    if condition.operator in ("in", "nin"):
        accepted = {comparable(value, case_sensitive) for value in condition.value}
        return lambda found: found in accepted
    wanted = comparable(condition.value, case_sensitive)
    if condition.operator == "text":
        words = words_of(wanted[1])
        return lambda found: found[0] == "text" and bool(words) and words <= words_of(found[1])
    if condition.operator in ORDER:
        in_order = ORDER[condition.operator]
        return lambda found: found[0] == wanted[0] in ("text", "number") and in_order(found[1], wanted[1])
    return lambda found: found == wanted


def values_at(item: Any, key: str) -> Iterator[Any]:
    """The values under a dotted key: none, one, or several if it leads through a list."""
    if isinstance(item, list):
        for element in item:
            yield from values_at(element, key)
    elif isinstance(item, dict):
        if key in item:
            yield item[key]
        head, _, rest = key.partition(".")
        if rest and head in item:
            yield from values_at(item[head], rest)


def candidates(item: Any, key: str) -> Iterator[Any]:
    """The single values to compare: the items of lists, and null where there is no value."""
    absent = True
    for value in values_at(item, key):
        absent = False
        yield from value if isinstance(value, list) else (value,)
    if absent:
        yield None


def comparable(value: Any, case_sensitive: bool) -> tuple[str, Any]:
    """A value with its kind, because in Python True equals 1."""
    if isinstance(value, str):
        return "text", value if case_sensitive else value.casefold()
    if value is None or isinstance(value, bool):
        return "constant", value
    if isinstance(value, int | float):
        return "number", value
    return "structure", None  # no filter can name it


def words_of(text: str) -> set[str]:
    """The different words of a text."""
    return set(re.findall(r"\w+", text))
