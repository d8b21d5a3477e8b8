"""Strict JSON (RFC 8259), which every server reads.

DuckDB and Python's `json` accept more: NaN and Infinity, numbers too large for a double, a comma before a bracket.
"""

import json
import re
from typing import Any, TypeGuard

import orjson

JsonObject = dict[str, Any]

DEEPEST = 100
"""Levels of nesting. The API wraps values in a few more; DuckDB reads 128 and orjson writes 254."""

_MORE_THAN_64_BITS = re.compile(r"[0-9]{19}")


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Say whether a parsed JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Say whether a parsed JSON value is a list."""
    return isinstance(value, list)


def read_json(text: str) -> Any:
    """Read strict JSON; integers keep every digit.

    Raises:
        ValueError: it is not JSON, or is nested too deeply; the message shows where.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        near = text[error.pos : error.pos + 20]
        raise ValueError(f"{error}{f', near {near!r}' if near else ''}") from None
    if text.count("{") + text.count("[") > DEEPEST and _depth(value) > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} levels deep")
    # orjson reads an integer of more than 64 bits as the nearest double.
    return json.loads(text) if _MORE_THAN_64_BITS.search(text) else value


def read_json_object(text: str) -> JsonObject:
    """Read a strict JSON object.

    Raises:
        ValueError: as `read_json` does, and for any other JSON value.
    """
    value = read_json(text)
    if not is_object(value):
        raise ValueError("not an object")
    return value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [item for one in level for item in _items(one)]:
        depth += 1
    return depth


def _items(value: Any) -> list[Any]:
    if is_object(value):
        return list(value.values())
    return value if is_list(value) else []
