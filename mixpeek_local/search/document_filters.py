"""Filters of documents: `{"AND": [{"field", "operator", "value"}]}`, and the shorthand `{"field": value}`.

Their fields, operators and lists have the meaning that they have in `filters`, but for what is said here.
"""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    field_validator,
    model_validator,
)

from mixpeek_local.search.filters import (
    MAX_DEPTH,
    ORDER,
    Predicate,
    Scalar,
    candidates,
    comparable,
    values_at,
    words_of,
)

Operator = Literal[
    "eq", "ne", "gt", "lt", "gte", "lte", "in", "nin",
    "contains", "starts_with", "ends_with", "regex", "exists", "is_null", "text", "phrase", "words",
]  # fmt: skip

_OF_TEXTS = ("starts_with", "ends_with", "regex", "text", "phrase", "words")
_LINEAGE = frozenset({"root_object_id", "root_bucket_id", "source_object_id"})
_LONGEST_PATTERN = 1_000
_LONGEST_FIELD = 256
_MOST_PARTS = 1_000


class DocumentCondition(BaseModel):
    """One comparison of a field.

    Attributes:
        field: A field at the root, a dotted path, or a name of the lineage (`root_object_id`) without its path.
        operator: `text` finds a part of a text, `words` all words of the value in any order, `phrase` its words in
            their order, `contains` a part of a text or an item of a list.
        case_sensitive: As in a group; the vendor's generated client sends false with every condition.
        value: A string, a number, a bool or null; for `in` and `nin`, a list of these.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    field: Annotated[str, Field(min_length=1, max_length=_LONGEST_FIELD)]
    operator: Operator = "eq"
    value: Any = None
    case_sensitive: bool | None = None

    @field_validator("value")
    @classmethod
    def _is_plain(cls, value: Any) -> Any:
        return _plain(value)

    @model_validator(mode="after")
    def _suits_the_operator(self) -> "DocumentCondition":
        if (self.operator in ("in", "nin")) != isinstance(self.value, list):
            raise ValueError("`in` and `nin` take a list as their value, the other operators take a single one")
        if self.operator in _OF_TEXTS and not isinstance(self.value, str):
            raise ValueError(f"`{self.operator}` takes a string as its value")
        if self.operator == "regex":
            _check_pattern(self.value)
        return self

    @property
    def path(self) -> str:
        """The dotted path of the field in a document."""
        return f"_internal.lineage.{self.field}" if self.field in _LINEAGE else self.field


def _kind(part: Any) -> str:
    return "condition" if isinstance(part, DocumentCondition) or _is_condition(part) else "group"


def _is_condition(part: Any) -> bool:
    return isinstance(part, dict) and "field" in part and not {"AND", "OR", "NOT"} & part.keys()


class DocumentFilters(BaseModel):
    """Conditions and nested groups: all of `AND`, at least one of `OR`, none of `NOT`. Empty lists have no effect.

    Any other key is the shorthand for a field that equals a value, or one of a list.

    Attributes:
        case_sensitive: Whether upper and lower case differ, by default not. A nested group inherits it.
        AND: All of these.
        OR: At least one of these.
        NOT: None of these.
    """

    model_config = ConfigDict(strict=True, extra="allow")

    case_sensitive: bool | None = None
    AND: "_Parts | None" = None
    OR: "_Parts | None" = None
    NOT: "_Parts | None" = None

    @model_validator(mode="after")
    def _is_sound(self) -> "DocumentFilters":
        for field, value in (self.model_extra or {}).items():
            _plain(value)
            if not 0 < len(field) <= _LONGEST_FIELD:
                raise ValueError(f"the name of a field has 1 to {_LONGEST_FIELD} characters")
        if self.depth > MAX_DEPTH:
            raise ValueError(f"groups are nested more than {MAX_DEPTH} deep")
        return self

    @property
    def depth(self) -> int:
        """How deeply groups are nested."""
        parts = [*self.every, *(self.OR or ()), *(self.NOT or ())]
        return 1 + max((part.depth for part in parts if isinstance(part, DocumentFilters)), default=0)

    @property
    def every(self) -> list["DocumentCondition | DocumentFilters"]:
        """What a document must meet all of: `AND`, and the shorthand."""
        shorthand = [
            DocumentCondition(field=field, operator="in" if isinstance(value, list) else "eq", value=value)
            for field, value in (self.model_extra or {}).items()
        ]
        return [*(self.AND or ()), *shorthand]

    def fields(self) -> Iterable[str]:
        """The paths of all fields that it asks for."""
        for part in (*self.every, *(self.OR or ()), *(self.NOT or ())):
            yield from part.fields() if isinstance(part, DocumentFilters) else (part.path,)


def _are_few(parts: list[Any]) -> list[Any]:
    # No `maxItems` in the OpenAPI document: who makes lists of the wrong length would nest lists of a thousand parts.
    if len(parts) > _MOST_PARTS:
        raise ValueError(f"a group has at most {_MOST_PARTS:,} parts")
    return parts


Filtering = Annotated[
    Annotated[DocumentCondition, Tag("condition")] | Annotated[DocumentFilters, Tag("group")], Discriminator(_kind)
]
"""The `filters` of a body: a group, or a single condition."""
_Parts = Annotated[list[Filtering], AfterValidator(_are_few)]
DocumentFilters.model_rebuild()

Part = DocumentCondition | DocumentFilters
AnyFilters: TypeAdapter[Part] = TypeAdapter(Filtering)


def predicate(part: Part | None, *, case_sensitive: bool = False) -> Predicate:
    """Filters as a function of a document; without filters everything passes. It never raises.

    Args:
        part: A group or a condition.
        case_sensitive: For groups that leave it open.
    """
    if part is None:
        return lambda _: True
    if isinstance(part, DocumentCondition):
        return _condition(part, case_sensitive)
    if part.case_sensitive is not None:
        case_sensitive = part.case_sensitive
    every, some, none = (
        [predicate(one, case_sensitive=case_sensitive) for one in group]
        for group in (part.every, part.OR or (), part.NOT or ())
    )
    return lambda item: (
        all(holds(item) for holds in every)
        and (not some or any(holds(item) for holds in some))
        and not any(holds(item) for holds in none)
    )


def about(part: Part | None, roots: Collection[str]) -> DocumentFilters | None:
    """The part of the filters that asks only for fields under these roots, and that every document must meet.

    Args:
        part: A group or a condition.
        roots: Names at the root of a document, or dotted paths.
    """
    if part is None:
        return None
    group = part if isinstance(part, DocumentFilters) else DocumentFilters(AND=[part])
    kept = [one for one in group.every if all(_is_under(path, roots) for path in _fields(one))]
    return DocumentFilters(AND=kept, case_sensitive=group.case_sensitive) if kept else None


def _fields(part: Part) -> Iterable[str]:
    return part.fields() if isinstance(part, DocumentFilters) else (part.path,)


def _is_under(path: str, roots: Collection[str]) -> bool:
    return any(path == root or path.startswith(f"{root}.") for root in roots)


def _condition(condition: DocumentCondition, case_sensitive: bool) -> Predicate:
    path, wanted = condition.path, condition.value is not False
    case_sensitive = case_sensitive or condition.case_sensitive is True
    if condition.operator == "exists":
        return lambda item: any(True for _ in values_at(item, path)) == wanted
    if condition.operator == "is_null":
        return lambda item: all(value is None for value in values_at(item, path)) == wanted
    test = _test(condition, case_sensitive)
    negated = condition.operator in ("ne", "nin")
    return lambda item: any(test(comparable(value, case_sensitive)) for value in candidates(item, path)) != negated


def _test(condition: DocumentCondition, case_sensitive: bool) -> Callable[[tuple[str, Any]], bool]:
    """The comparison with one comparable value; for `ne` and `nin`, the one that they negate."""
    if condition.operator in ("in", "nin"):
        accepted = {comparable(value, case_sensitive) for value in condition.value}
        return lambda found: found in accepted
    wanted = comparable(condition.value, case_sensitive)
    if condition.operator in ORDER:
        in_order = ORDER[condition.operator]
        return lambda found: found[0] == wanted[0] in ("text", "number") and in_order(found[1], wanted[1])
    if condition.operator in ("eq", "ne") or wanted[0] != "text":
        return lambda found: found == wanted
    of_text = _text_test(condition.operator, condition.value, wanted[1], case_sensitive)
    return lambda found: found[0] == "text" and of_text(found[1])


def _text_test(operator: str, given: str, wanted: str, case_sensitive: bool) -> Callable[[str], bool]:
    if operator == "starts_with":
        return lambda text: text.startswith(wanted)
    if operator == "ends_with":
        return lambda text: text.endswith(wanted)
    if operator == "words":
        words = words_of(wanted)
        return lambda text: bool(words) and words <= words_of(text)
    if operator == "phrase":
        phrase = _spaced(wanted)
        return lambda text: phrase != _spaced("") and phrase in _spaced(text)
    if operator == "regex":
        pattern = re.compile(given, 0 if case_sensitive else re.IGNORECASE)
        return lambda text: pattern.search(text) is not None
    return lambda text: wanted in text


def _spaced(text: str) -> str:
    """The words of a text, with a space around each."""
    return " ".join(["", *re.findall(r"\w+", text), ""])


def _plain(value: Any) -> Any:
    if not all(isinstance(one, Scalar) for one in (value if isinstance(value, list) else [value])):
        raise ValueError("a value is a string, a number, true, false, null, or a list of these")
    return value


def _check_pattern(pattern: str) -> None:
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a regular expression has at most {_LONGEST_PATTERN:,} characters")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"this is not a regular expression: {error}") from None
