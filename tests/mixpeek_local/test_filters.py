import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mixpeek_local.search.filters import Filters, matches

FEATURE = {
    "feature_id": "F-1",
    "modality": "video",
    "start_time": 10.0,
    "text": "Minutes of the MEETING, 2026",
    "transcription": None,
    "labels": [{"name": "seashore", "score": 0.8}, {"name": "pier", "score": 0.1}],
    "tags": ["Harbour", "night"],
    "metadata": {"author": "Ann", "reviewed": True, "take": 3, "a.b": "dotted"},
}

CONDITIONS = [
    ("modality", "eq", "video", True),
    ("modality", "eq", "VIDEO", True),
    ("modality", "eq", "audio", False),
    ("modality", "ne", "audio", True),
    ("modality", "ne", "Video", False),
    ("start_time", "eq", 10, True),
    ("start_time", "gt", 9.5, True),
    ("start_time", "gt", 10, False),
    ("start_time", "gte", 10, True),
    ("start_time", "lt", 10, False),
    ("start_time", "lte", 10, True),
    ("modality", "gt", "text", True),
    ("modality", "in", ["image", "video"], True),
    ("modality", "in", [], False),
    ("modality", "nin", ["image", "video"], False),
    ("modality", "nin", ["image"], True),
    ("metadata.author", "eq", "ann", True),
    ("metadata.a.b", "eq", "dotted", True),
    ("metadata.take", "in", [1, 3], True),
    ("metadata.publisher", "eq", "ann", False),
    ("text", "text", "meeting minutes", True),
    ("text", "text", "meet", False),
    ("text", "text", "minutes agenda", False),
    ("text", "text", "...", False),
    ("transcription", "is_null", None, True),
    ("absent", "is_null", None, True),
    ("text", "is_null", None, False),
    ("text", "is_null", False, True),
    ("transcription", "exists", None, True),
    ("absent", "exists", None, False),
    ("absent", "exists", False, True),
    ("absent", "eq", None, True),
    ("text", "ne", None, True),
    ("labels.name", "eq", "seashore", True),
    ("labels.name", "eq", "anemone", False),
    ("labels.score", "gt", 0.5, True),
    ("labels.name", "ne", "seashore", False),
    ("tags", "eq", "harbour", True),
    ("tags", "text", "night", True),
]

UNLIKE = [
    ("start_time", "gt", "9"),
    ("start_time", "eq", "10.0"),
    ("modality", "lt", 3),
    ("metadata.reviewed", "eq", 1),
    ("metadata.take", "eq", True),
    ("metadata.reviewed", "gt", 0),
    ("metadata", "eq", "ann"),
    ("metadata", "gt", 1),
    ("absent", "gt", 1),
    ("absent", "lt", "x"),
    ("start_time", "text", "10"),
    ("modality.video", "eq", "video"),
]


def filters(**body: Any) -> Filters:
    return Filters.model_validate(body)


def one(key: str, operator: str, value: Any) -> dict[str, Any]:
    return {"key": key, "operator": operator, "value": value}


YES, NO = one("modality", "eq", "video"), one("modality", "eq", "audio")


@pytest.mark.parametrize(("key", "operator", "value", "expected"), CONDITIONS)
def test_a_condition_means_what_its_operator_says(key: str, operator: str, value: Any, expected: bool) -> None:
    assert matches(filters(AND=[one(key, operator, value)]), FEATURE) is expected


@pytest.mark.parametrize(("key", "operator", "value"), UNLIKE)
def test_a_comparison_of_unlike_types_is_false(key: str, operator: str, value: Any) -> None:
    assert not matches(filters(AND=[one(key, operator, value)]), FEATURE)


def test_no_filters_and_empty_lists_let_everything_pass() -> None:
    assert matches(None, FEATURE)
    assert matches(filters(), FEATURE)
    assert matches(filters(AND=[], OR=None, NOR=[]), FEATURE)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({"AND": [YES, NO]}, False),
        ({"OR": [YES, NO]}, True),
        ({"OR": [NO, NO]}, False),
        ({"NOR": [NO, NO]}, True),
        ({"NOR": [YES, NO]}, False),
        ({"AND": [YES], "OR": [NO]}, False),
        ({"AND": [YES], "NOR": [NO]}, True),
        ({"AND": [{"OR": [NO, YES]}, {"NOR": [NO]}]}, True),
        ({"NOR": [{"AND": [YES, YES]}]}, False),
    ],
)
def test_groups_join_and_nest(group: dict[str, Any], expected: bool) -> None:
    assert matches(filters(**group), FEATURE) is expected


def test_letter_case_counts_when_asked_for_in_nested_groups_too() -> None:
    wrong_case = one("modality", "eq", "VIDEO")
    assert matches(filters(AND=[wrong_case]), FEATURE)
    assert not matches(filters(case_sensitive=True, AND=[wrong_case]), FEATURE)
    assert not matches(filters(case_sensitive=True, AND=[{"OR": [wrong_case]}]), FEATURE)
    assert matches(filters(case_sensitive=True, AND=[{"case_sensitive": False, "OR": [wrong_case]}]), FEATURE)
    assert not matches(filters(case_sensitive=True, AND=[one("text", "text", "meeting")]), FEATURE)


def nested(depth: int) -> dict[str, Any]:
    body: dict[str, Any] = {"AND": [YES]}
    for _ in range(depth - 1):
        body = {"AND": [body]}
    return body


@pytest.mark.parametrize(
    "body",
    [
        {"and_": None},  # what the SDK sends of filters that a too new pydantic has garbled
        {"AND": [one("a", "like", "b")]},
        {"AND": [one("a", "in", "b")]},
        {"AND": [one("a", "eq", ["b"])]},
        {"AND": [one("a", "text", 3)]},
        {"AND": [one("a", "eq", {"b": 1})]},
        {"AND": [{"operator": "eq", "value": 1}]},
        {"AND": [3]},
        {"AND": YES},
        {"AND": [YES] * 101},
        {"AND": [one("a" * 257, "eq", 1)]},
        nested(21),
        nested(900),
    ],
)
def test_what_is_no_filter_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Filters.model_validate(body)


def test_groups_may_be_twenty_deep() -> None:
    assert matches(Filters.model_validate(nested(20)), FEATURE)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
KEYS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(".".join)
BODIES = st.dictionaries(
    st.sampled_from(["a", "b", "c", "a.b"]),
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner)),
)
ORDERS = st.builds(one, KEYS, st.sampled_from(["eq", "ne", "gt", "lt", "gte", "lte", "is_null", "exists"]), SCALARS)
MEMBERS = st.builds(one, KEYS, st.sampled_from(["in", "nin"]), st.lists(SCALARS, max_size=3))
WORDS = st.builds(one, KEYS, st.just("text"), st.text(max_size=5))
GROUPS = st.recursive(
    ORDERS | MEMBERS | WORDS,
    lambda part: st.dictionaries(st.sampled_from(["AND", "OR", "NOR"]), st.lists(part, min_size=1, max_size=3)),
    max_leaves=8,
)


@given(group=GROUPS, body=BODIES)
def test_any_filter_gives_an_answer_on_any_body_and_its_negation_the_other(
    group: dict[str, Any], body: dict[str, Any]
) -> None:
    answer = matches(filters(AND=[group]), body)
    assert isinstance(answer, bool)
    assert matches(filters(OR=[group]), body) is answer
    assert matches(filters(NOR=[group]), body) is not answer


@given(key=KEYS, value=SCALARS, body=BODIES)
def test_the_negated_operators_negate(key: str, value: Any, body: dict[str, Any]) -> None:
    for positive, negative, operand in (("eq", "ne", value), ("in", "nin", [value])):
        holds = matches(filters(AND=[one(key, positive, operand)]), body)
        assert matches(filters(AND=[one(key, negative, operand)]), body) is not holds
    assert matches(filters(AND=[one(key, "eq", value)]), body) is matches(filters(AND=[one(key, "in", [value])]), body)


@given(group=GROUPS, body=BODIES)
def test_a_filter_survives_its_way_through_json(group: dict[str, Any], body: dict[str, Any]) -> None:
    sent = filters(AND=[group])
    received = Filters.model_validate(json.loads(json.dumps(sent.model_dump())))
    assert matches(received, body) is matches(sent, body)
