"""A search names a vector by what the collection says of it, and falls back where a server lacks the short way."""

import re
from typing import Any

import pytest

from mixpeek_assets.api.errors import MixpeekError, NotFoundError, PermanentError
from mixpeek_assets.api.port import SearchReply
from mixpeek_assets.connections import open_client
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.documents import Answer, ScriptedDocuments, Video
from tests.fakes.pipeline import QUICK, add_videos
from tests.pipeline.documents.tables import ingest
from tests.pipeline.test_submit import urls

SHORT, LONG = "POST /v1/features/search$", "POST /v1/retrievers/execute$"
URI = "mixpeek://multimodal_extractor@v2/"


@pytest.fixture(autouse=True)
def some_documents(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    documents_api.videos[urls(1)[0]] = Video(documents=3)
    add_videos(urls(1))
    ingest(warehouse)
    documents_api.requests.clear()


def search(collection: str = "default", **asked: Any) -> SearchReply:
    with open_client(load_settings(), QUICK) as client:
        return client.search(
            "a red car", [collection], **{"index": "multimodal", "modality": None, "limit": 2, **asked}
        )


def test_hits_come_in_the_order_of_the_answer_as_rows_of_features(documents_api: ScriptedDocuments) -> None:
    reply = search()
    assert [one.score for one in reply.found] == [1.0, 0.5]
    assert [one.feature["start_time"] for one in reply.found] == [0.0, 10.0]
    assert {one.feature_id for one in reply.found} <= documents_api.documents.keys()
    (request,) = documents_api.asked(SHORT)
    assert request.body["query"] == {"input_mode": "text", "text": "a red car"}
    assert request.body["top_k"] == 2


@pytest.mark.parametrize(
    ("index", "service"),
    [
        ("multimodal", "gemini-embedding-2"),
        ("gemini-embedding-2", "gemini-embedding-2"),
        ("transcription_embedding", "multilingual_e5_large_instruct_v1"),
        ("multimodal_extractor_v2_transcription_embedding", "multilingual_e5_large_instruct_v1"),
    ],
)
def test_a_vector_has_many_names_and_is_asked_for_by_its_own(
    documents_api: ScriptedDocuments, index: str, service: str
) -> None:
    search(index=index)
    assert [request.body["feature_uri"] for request in documents_api.asked(SHORT)] == [URI + service]


def test_a_vector_that_no_collection_has_is_one_sentence() -> None:
    with pytest.raises(PermanentError, match=r"no vector is named smell; there are .*gemini-embedding-2"):
        search(index="smell")


def test_a_modality_is_a_filter(documents_api: ScriptedDocuments) -> None:
    assert len(search(modality="video").found) == 2
    assert search(modality="audio").found == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"detail": "Not Found"}, 404),
        Answer({"success": False, "error": {"message": "no"}}, 404),
        Answer(status=405),
    ],
)
def test_a_server_without_the_short_way_executes_a_retriever(documents_api: ScriptedDocuments, answer: Answer) -> None:
    expected = search(modality="video")
    documents_api.script(SHORT, answer, for_ever=True)
    assert search(modality="video") == expected
    (request,) = documents_api.asked(LONG)
    (stage,) = request.body["stages"]
    assert stage["config"]["parameters"]["final_top_k"] == 2


def test_a_search_that_is_degraded_says_that_hits_may_be_missing(documents_api: ScriptedDocuments) -> None:
    documents_api.script(SHORT, Answer({"status": "degraded", "documents": [], "warnings": ["a stage timed out"]}))
    (problem,) = search().problems
    assert re.search("the search is degraded, so hits may be missing", problem.reason)
    assert "a stage timed out" in problem.excerpt


@pytest.mark.parametrize("body", [{}, {"documents": None}, {"results": {}}, {"documents": "none"}])
def test_an_answer_without_a_list_is_a_problem_and_not_an_empty_one(
    documents_api: ScriptedDocuments, body: dict[str, Any]
) -> None:
    documents_api.script(SHORT, Answer(body))
    (problem,) = search().problems
    assert problem.reason == "the reply holds no list of documents"


def test_hits_are_read_wherever_their_fields_are(documents_api: ScriptedDocuments) -> None:
    inner = {"document_id": "doc_1", "score": 0.5, "payload": {"start_time": 3.0, "transcription": "hello"}}
    documents_api.script(SHORT, Answer({"results": [inner, {"score": 1}, 7]}))
    reply = search()
    (found,) = reply.found
    assert (found.feature["start_time"], found.feature["transcription"]) == (3.0, "hello")
    assert len(reply.problems) == 2


def test_floors_of_scores_are_read_where_the_answer_has_some(documents_api: ScriptedDocuments) -> None:
    assert search().floors == {}
    documents_api.script(SHORT, Answer({"documents": [], "score_floors": {"video": 0.33, "text": None}}))
    assert search().floors == {"video": 0.33}


def test_a_collection_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(NotFoundError, match="there is no such collection"):
        search("elsewhere")


def test_a_refusal_is_not_taken_for_a_server_without_search(documents_api: ScriptedDocuments) -> None:
    documents_api.script(SHORT, Answer({"success": False, "error": {"message": "top_k is too large"}}, 422))
    with pytest.raises(MixpeekError, match="top_k is too large"):
        search()
    assert documents_api.asked(LONG) == []
