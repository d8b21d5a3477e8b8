"""The filters of today's API: `{"AND": [{"field", "operator", "value"}]}`, OR, NOT, and `{field: value}`."""

from collections.abc import Callable
from typing import Any

from tests.fakes.today.errors import invalid
from tests.fakes.today.routes import check_keys

_CONDITION = frozenset({"field", "operator", "value", "case_sensitive"})
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda found, value: found == value,
    "ne": lambda found, value: found != value,
    "in": lambda found, value: found in value,
    "nin": lambda found, value: found not in value,
    "gt": lambda found, value: found is not None and found > value,
    "gte": lambda found, value: found is not None and found >= value,
    "lt": lambda found, value: found is not None and found < value,
    "lte": lambda found, value: found is not None and found <= value,
    "contains": lambda found, value: found is not None and value in found,
    "starts_with": lambda found, value: str(found).startswith(value),
    "exists": lambda found, value: (found is not None) == value,
    "is_null": lambda found, value: (found is None) == value,
}


def matches(filters: dict[str, Any] | None, row: dict[str, Any], paths: set[str] | None = None) -> bool:
    """Say whether a row passes; a condition on a field that is not one of `paths` is never met."""
    for key, said in (filters or {}).items():
        if key == "case_sensitive":
            continue
        if key in {"AND", "OR", "NOT"}:
            each = [_meets(one, row, paths) for one in said]
            if not {"AND": all(each), "OR": any(each), "NOT": not any(each)}[key]:
                return False
        elif not _compare(key, "eq", said, row, paths):
            return False
    return True


def _meets(condition: dict[str, Any], row: dict[str, Any], paths: set[str] | None) -> bool:
    if "field" not in condition:
        return matches(condition, row, paths)
    check_keys(condition, _CONDITION, "body", "filters")
    return _compare(condition["field"], condition.get("operator", "eq"), condition.get("value"), row, paths)


def _compare(field: str, operator: str, value: Any, row: dict[str, Any], paths: set[str] | None) -> bool:
    if operator not in _OPERATORS:
        raise invalid("enum", ["body", "filters", "operator"], f"{operator!r} is not an operator")
    found: Any = row
    for part in field.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return (paths is None or field in paths) and _OPERATORS[operator](found, value)
