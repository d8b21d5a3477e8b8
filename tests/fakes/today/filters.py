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


Test = Callable[[dict[str, Any]], bool]
"""Says whether a row passes."""


def test_of(filters: dict[str, Any] | None, paths: set[str] | None = None) -> Test:
    """Return the test of a row; a condition on a field that is not one of `paths` is never met."""
    tests = [_test(key, said, paths) for key, said in (filters or {}).items() if key != "case_sensitive"]
    return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def _test(key: str, said: Any, paths: set[str] | None) -> Test:
    if key not in {"AND", "OR", "NOT"}:
        return _comparison(key, "eq", said, paths)
    each = [_condition(one, paths) for one in said]
    if key == "NOT":
        return lambda row: not any(test(row) for test in each)
    if len(each) == 1:
        return each[0]
    return lambda row: (all if key == "AND" else any)(test(row) for test in each)


def _condition(condition: dict[str, Any], paths: set[str] | None) -> Test:
    if "field" not in condition:
        return test_of(condition, paths)
    check_keys(condition, _CONDITION, "body", "filters")
    return _comparison(condition["field"], condition.get("operator", "eq"), condition.get("value"), paths)


def _comparison(field: str, operator: str, value: Any, paths: set[str] | None) -> Test:
    if operator not in _OPERATORS:
        raise invalid("enum", ["body", "filters", "operator"], f"{operator!r} is not an operator")
    compare, parts = _OPERATORS[operator], field.split(".")
    if paths is not None and field not in paths:
        return lambda row: False
    if len(parts) == 1:
        return lambda row: compare(row.get(field), value)

    def test(row: dict[str, Any]) -> bool:
        found: Any = row
        for part in parts:
            found = found.get(part) if isinstance(found, dict) else None
        return compare(found, value)

    return test
