"""Which documents meet which filters."""

from typing import Any

import pytest

from mixpeek_local.search.document_filters import AnyFilters, about, predicate
from tests.mixpeek_local.documents.shelf import Shelf
from tests.mixpeek_local.served import picture, words

DOCUMENT = {
    "video_key": "K1",
    "start_time": 3,
    "transcription": "A red car, on the Road",
    "labels": [{"label": "cat"}, {"label": "dog"}],
    "year": None,
    "_internal": {"lineage": {"root_object_id": "obj_1"}},
}


def condition(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def meets(filters: Any) -> bool:
    return predicate(AnyFilters.validate_python(filters))(DOCUMENT)


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"video_key": "k1"},
        {"video_key": ["k0", "k1"], "start_time": 3},
        {"_internal.lineage.root_object_id": "obj_1"},
        {"root_object_id": "obj_1"},
        condition("video_key", "in", ["K1"]),
        {"AND": [condition("start_time", "gte", 3), condition("start_time", "lt", 4)]},
        {"OR": [condition("start_time", "gt", 3), {"AND": [{"video_key": "K1"}]}]},
        {"NOT": [condition("start_time", "eq", 4), {"video_key": "k2"}]},
        condition("labels.label", "eq", "cat"),
        condition("labels.label", "contains", "do"),
        condition("transcription", "text", "ed ca"),
        condition("transcription", "words", "road red"),
        condition("transcription", "phrase", "car on the"),
        condition("transcription", "starts_with", "a RED"),
        condition("transcription", "ends_with", "road"),
        condition("transcription", "regex", "c.r"),
        condition("year", "is_null"),
        condition("year", "exists"),
        condition("nothing", "exists", False),
        condition("video_key", "nin", ["k2"]),
        condition("video_key", "ne", "k2"),
    ],
)
def test_a_document_meets_filters(filters: Any) -> None:
    assert meets(filters)


@pytest.mark.parametrize(
    "filters",
    [
        {"video_key": "k1", "case_sensitive": True},
        {"case_sensitive": True, "AND": [condition("transcription", "contains", "road")]},
        {"AND": [condition("video_key", "eq", "k1") | {"case_sensitive": True}]},
        {"case_sensitive": True, "AND": [condition("video_key", "eq", "k1") | {"case_sensitive": False}]},
        {"start_time": "3"},
        {"NOT": [condition("start_time", "eq", 4), {"video_key": "k1"}]},
        condition("transcription", "phrase", "red on"),
        condition("transcription", "phrase", "ca"),
        condition("transcription", "phrase", "!"),
        condition("transcription", "words", "roa"),
        condition("start_time", "text", "3"),
        condition("nothing", "gt", 1),
        condition("year", "is_null", False),
    ],
)
def test_a_document_does_not_meet_filters(filters: Any) -> None:
    assert not meets(filters)


@pytest.mark.parametrize(
    "filters",
    [
        condition("transcription", "near", "x"),
        condition("transcription", "regex", "("),
        condition("transcription", "text", 3),
        condition("video_key", "in", "k1"),
        {"AND": [{"field": "a", "key": "b", "value": 1}]},
        {"video_key": {"eq": "k1"}},
        {"": 1},
        {"AND": {"video_key": "k1"}},
    ],
)
def test_filters_with_mistakes_are_refused(filters: Any) -> None:
    with pytest.raises(ValueError, match="validation error"):
        AnyFilters.validate_python(filters)


def test_what_documents_of_one_object_share_is_told_from_the_rest() -> None:
    filters = AnyFilters.validate_python(
        {"AND": [condition("video_key", "in", ["k1"]), condition("start_time", "gt", 1)], "root_object_id": "obj_1"}
    )
    shared = about(filters, {"video_key", "_internal.lineage"})
    assert shared is not None
    assert set(shared.fields()) == {"video_key", "_internal.lineage.root_object_id"}
    assert about(filters, {"year"}) is None


def test_documents_are_found_by_key_lineage_and_what_is_in_them(shelf: Shelf) -> None:
    first = shelf.add("k1", picture(1), words(2, 3, "harbour at night"))
    shelf.add("k2", picture(4))

    def found(filters: Any) -> list[float]:
        return [one["start_time"] for one in shelf.listed(filters=filters)]

    assert found({"AND": [condition("video_key", "in", ["k1"])]}) == [1, 2]
    assert found({"AND": [condition("_internal.lineage.root_object_id", "in", [first])]}) == [1, 2]
    assert found({"AND": [condition("root_object_id", "ne", first)]}) == [4]
    assert found({"AND": [condition("video_key", "eq", "k1"), condition("ocr_text", "words", "night")]}) == [2]
    assert found({"_internal.modality": "image"}) == [1, 4]
    assert found({"video_key": "k3"}) == []


def test_a_field_of_an_object_that_is_called_like_an_output_hides_none(shelf: Shelf) -> None:
    odd = shelf.another("odd", "video_key", "description", "source")
    odd.add("k1", words(1, 2, "one"), picture(3), description="mine", source="mine")
    assert [one["start_time"] for one in odd.listed(filters={"source": "screen"})] == [1]
    assert [one["start_time"] for one in odd.listed(filters={"description": "mine"})] == [1, 3]


def test_a_filter_may_span_many_pages(shelf: Shelf) -> None:
    for number in range(30):
        shelf.add(f"k{number}", picture(0), picture(1))
    filters = {"AND": [condition("video_key", "in", [f"k{number}" for number in range(0, 30, 2)])]}
    pages = list(shelf.walked(limit=4, filters=filters))
    assert [len(page) for page in pages] == [4] * 7 + [2]
    assert {one["video_key"] for page in pages for one in page} == {f"k{number}" for number in range(0, 30, 2)}
