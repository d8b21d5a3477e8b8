"""Values of replies, read tolerantly: what is absent, null or of another type becomes None."""

import math
import re
import reprlib
from typing import TypeGuard

import orjson

from mixpeek_assets.api.number_lists import NumberList
from mixpeek_assets.api.port import FeatureReply, Problem, SparseVector
from mixpeek_assets.strict_json import JsonObject, is_list, is_object

LARGEST_FLOAT = 3.4028234663852886e38
"""The largest FLOAT: beyond it DuckDB would store infinity."""

_LONGEST_NAME = 500
"""In characters: a vector's name becomes part of a view's name."""

_YEAR = re.compile(r"[0-9]{4}(?![0-9])")

_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 120


def text(value: object) -> str | None:
    """Return a text, or a number as one."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def time(value: object) -> str | None:
    """Return a text that looks like a time, for DuckDB to parse.

    DuckDB would also accept the words `epoch` and `infinity`, and years that Python cannot read back.
    """
    said = (text(value) or "").strip().upper()
    return said if _YEAR.match(said) and "0001" < said[:4] < "9999" and "BC" not in said else None


def number(value: object) -> float | None:
    """Return a number that a FLOAT can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before it is converted: an int may be too large for a float. Every comparison with NaN is false.
    return float(value) if abs(value) <= LARGEST_FLOAT else None


def numbers(value: object) -> dict[str, float]:
    """Return the numbers of an object, by name."""
    read = {name: number(item) for name, item in value.items()} if is_object(value) else {}
    return {name: item for name, item in read.items() if item is not None}


def sparse(value: object) -> SparseVector | None:
    """Return a sparse vector, if the value is one."""
    if not is_object(value):
        return None
    indices, values = value.get("indices"), value.get("values")
    if not is_list(indices) or not _is_numbers(values) or flaw(values) or len(indices) != len(values):
        return None
    if not all(type(index) is int and 0 <= index < 2**31 for index in indices):
        return None
    return SparseVector(indices, values)


def add_vectors(reply: FeatureReply, feature_id: str, vectors: JsonObject) -> None:
    """Add named vectors to a reply, each that cannot be landed as a problem."""
    for name, value in vectors.items():
        if len(name) > _LONGEST_NAME:
            reply.problems.append(Problem(feature_id, f"a vector's name has {len(name):,} characters", excerpt(name)))
        elif found := sparse(value):
            reply.sparse[name] = found
        elif wrong := flaw(value):
            reply.problems.append(Problem(feature_id, f"vector {name!r} {wrong}", excerpt(value)))
        else:
            reply.dense[name] = value
            if isinstance(value, NumberList):
                reply.as_sent[name] = orjson.Fragment(value.as_sent)


def flaw(value: object) -> str | None:
    """Say what keeps a value from being a vector of FLOAT, or None."""
    if not is_list(value):
        return "is neither a list of numbers nor a sparse vector"
    if not value:
        return "is empty"
    if not _is_numbers(value):
        return "holds something that is not a finite number"
    # A vector's length is at least its largest number, and computing it is ten times as fast as finding that.
    if _length(value) <= LARGEST_FLOAT:
        return None
    # Every comparison with NaN is false.
    sound = all(abs(number) <= LARGEST_FLOAT for number in value)
    return None if sound else "holds a number that is too large for a FLOAT"


def excerpt(value: object) -> str:
    """Return the beginning of a value, short enough for a table or a message."""
    shown = value if isinstance(value, str) else _BRIEF.repr(value)
    return shown if len(shown) <= 300 else shown[:299] + "…"


def _is_numbers(value: object) -> TypeGuard[list[float]]:
    return isinstance(value, NumberList) or (is_list(value) and set(map(type, value)) <= {float, int})


def _length(vector: list[float]) -> float:
    try:
        return math.hypot(*vector)
    except OverflowError:  # an int too large for a float
        return math.inf
