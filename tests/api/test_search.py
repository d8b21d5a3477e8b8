"""The verb `search`: what it sends, and what it makes of any answer (contract b5)."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.assets.records import read_search
from mixpeek_assets.api.errors import NotFoundError, PermanentError, TransientError
from tests.api.conftest import Connect
from tests.fakes.mixpeek import Answer, ScriptedMixpeek

SEARCH = "^POST .*/features/search$"
HIT = {
    "feature_id": "f-1",
    "modality": "text",
    "start_time": 12.5,
    "text": "Sunday Pancakes",
    "score": 0.75,
    "unheard_of": {"kept": True},
}


def found(*results: Any) -> Answer:
    return Answer({"results": list(results), "pagination": {"total": len(results)}})


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_words_are_sent_as_one_query_of_an_index_by_both_of_its_names(
    mixpeek: ScriptedMixpeek, connect: Connect, prefix: str
) -> None:
    mixpeek.script(SEARCH, found(HIT))

    reply = connect(prefix=prefix).search("pancakes ü", ["films", "lectures"], index="text", limit=3)

    [request] = mixpeek.requests
    assert (request.method, request.path) == ("POST", f"{prefix}/features/search")
    assert parse_qsl(request.query) == [("page_size", "3")]
    assert request.body == {
        "queries": [{"vector_index": "text", "embedding_model": "text", "type": "text", "value": "pancakes ü"}],
        "collections": ["films", "lectures"],
    }
    assert [(hit.feature_id, hit.score) for hit in reply.found] == [("f-1", 0.75)]


def test_a_modality_is_a_filter(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script(SEARCH, found())

    client.search("pancakes", ["films"], modality="image")

    assert mixpeek.requests[0].body["filters"] == {"AND": [{"key": "modality", "operator": "eq", "value": "image"}]}


def test_a_hit_is_read_as_a_row_of_features(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script(SEARCH, found(HIT))

    [hit] = client.search("pancakes", ["films"]).found

    assert {key: hit.feature[key] for key in ("modality", "start_time", "end_time", "text")} == {
        "modality": "text",
        "start_time": 12.5,
        "end_time": None,
        "text": "Sunday Pancakes",
    }
    assert hit.feature["payload"] == HIT


def test_the_order_of_the_answer_is_kept_and_what_is_no_feature_becomes_a_problem() -> None:
    reply = read_search({"results": [{"feature_id": "b"}, 7, {"score": 1}, {"feature_id": "a", "score": "high"}]})

    assert [(hit.feature_id, hit.score) for hit in reply.found] == [("b", None), ("a", None)]
    assert [problem.reason for problem in reply.problems] == ["a result has no feature_id"] * 2


@pytest.mark.parametrize(
    ("floors", "read"),
    [({"image": 0.33, "text": 1, "audio": "high"}, {"image": 0.33, "text": 1.0}), (None, {}), ([0.3], {})],
)
def test_floors_of_scores_are_read_where_the_answer_has_some(floors: Any, read: dict[str, float]) -> None:
    assert read_search({"results": [], "score_floors": floors}).floors == read
    assert read_search({"results": []}).floors == {}


@pytest.mark.parametrize("body", [{}, {"results": None}, {"results": {"feature_id": "a"}}, {"hits": []}])
def test_an_answer_without_a_list_of_results_is_a_problem_not_an_empty_one(body: dict[str, Any]) -> None:
    assert [problem.reason for problem in read_search(body).problems] == ["the reply holds no list of results"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["results", "feature_id", "score", "text"]), inner),
)


@given(body=st.dictionaries(st.sampled_from(["results", "score_floors"]), JSON))
def test_no_answer_makes_the_reader_fail(body: dict[str, Any]) -> None:
    reply = read_search(body)
    results = body.get("results")
    expected = len(results) if isinstance(results, list) else 1
    assert len(reply.found) + len(reply.problems) == expected


def test_a_search_is_sent_again_when_that_can_help(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script(SEARCH, Answer(status=503), Answer(cut=True), found(HIT))

    assert len(client.search("pancakes", ["films"]).found) == 1
    assert len(mixpeek.requests) == 3


def test_a_refusal_tells_the_reason_and_is_not_sent_again(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    refusal = {"detail": [{"loc": ["body", "queries", 0], "msg": "no text side", "type": "value_error"}]}
    mixpeek.script(SEARCH, Answer(refusal, 422), for_ever=True)

    with pytest.raises(PermanentError, match="no text side") as caught:
        client.search("pancakes", ["films"], index="image")

    assert caught.value.object_id == "pancakes"
    assert len(mixpeek.requests) == 1


@pytest.mark.parametrize(("status", "error"), [(404, NotFoundError), (405, PermanentError), (500, TransientError)])
def test_an_api_without_search_is_told_apart_by_its_status(
    status: int, error: type[Exception], mixpeek: ScriptedMixpeek, client: AssetsClient
) -> None:
    mixpeek.script(SEARCH, Answer({"error": {"message": "no"}}, status), for_ever=True)

    with pytest.raises(error) as caught:
        client.search("pancakes", ["films"])
    assert caught.value.status == status  # type: ignore[attr-defined]
