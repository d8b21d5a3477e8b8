"""Documents come with their vectors, page by page, and an empty page is never taken for "there is nothing"."""

import json
from typing import Any

import pytest

from mixpeek_assets.api.port import FeatureReply, Wanted
from mixpeek_assets.connections import open_client
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes import pipeline
from tests.fakes.documents import Answer, Request, ScriptedDocuments, Video
from tests.fakes.pipeline import add_videos, land, let_pass, submit
from tests.pipeline.documents.tables import counts, ingest, rows, settle, states
from tests.pipeline.test_submit import urls

PAGE = "POST .*/documents/list$"
ONE = "GET .*/documents/doc_"
OBJECT = "GET .*/objects/obj_"


def finished(mixpeek: ScriptedDocuments, warehouse: Warehouse, *videos: Video) -> None:
    """Submit so many videos, and read that they are done."""
    addresses = urls(len(videos))
    mixpeek.videos.update(zip(addresses, videos, strict=True))
    add_videos(addresses)
    submit()
    settle(warehouse)
    mixpeek.requests.clear()


def stored(mixpeek: ScriptedDocuments) -> dict[str, int]:
    """What is to be landed of all that can be found."""
    documents = [one for some in mixpeek.truth().values() for one in some]
    return {
        "assets": len(mixpeek.objects),
        "features": len(documents),
        "vectors": sum(len(one.vectors) for one in documents),
        "rejects": 0,
    }


def test_documents_are_read_by_the_hundred_and_land_with_their_vectors(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, Video(documents=130), Video(documents=120), Video())
    land()
    assert counts(warehouse) == stored(documents_api) == {"assets": 3, "features": 251, "vectors": 502, "rejects": 0}
    pages = [request.body for request in documents_api.asked(PAGE)]
    assert [page.get("cursor") for page in pages] == [None, "cur_100", "cur_200"]
    assert {(page["limit"], page["return_vectors"]) for page in pages} == {(100, True)}
    assert documents_api.asked(ONE) == [], "no document takes a request of its own"


def test_a_landing_takes_up_to_25_videos_at_a_time(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    finished(documents_api, warehouse, *[Video()] * 30)
    land()
    sizes = sorted(len(request.body["filters"]["AND"][0]["value"]) for request in documents_api.asked(PAGE))
    assert sizes == [5, 25]
    assert counts(warehouse) == stored(documents_api)


def test_what_a_document_says_lands_in_its_columns(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    own = {"start_time": 10.0, "end_time": 12.5, "ocr_text": "EXIT", "description": "a door", "transcription": "hello"}
    finished(documents_api, warehouse, Video(documents=[own]))
    land()
    query = "SELECT start_time, end_time, text, description, transcription, modality FROM mixpeek.features"
    assert rows(warehouse, query) == [(10.0, 12.5, "EXIT", "a door", "hello", "video")]
    (payload,) = rows(warehouse, "SELECT payload FROM mixpeek.features")[0]
    assert "multimodal_extractor_v2_multimodal_embedding" not in json.loads(payload), "vectors are not kept twice"


def test_vectors_land_under_the_names_of_the_collections_indexes(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    numbers = [0.5, 0.25, -1.0, 2.0]
    sparse = {"indices": [3, 5], "values": [0.25, 1.0]}
    finished(
        documents_api,
        warehouse,
        Video(vectors={"multimodal_embedding": numbers, "transcription_embedding": sparse}),
    )
    land()
    query = "SELECT vector_name, dimensions, embedding, sparse IS NOT NULL FROM mixpeek.vectors ORDER BY vector_name"
    (dense, thin) = rows(warehouse, query)
    assert dense == ("multimodal_extractor_v2_multimodal_embedding", 4, numbers, False)
    assert (thin[0], thin[3]) == ("multimodal_extractor_v2_transcription_embedding", True)


@pytest.mark.parametrize("name", ["multimodal_embedding", "gemini-embedding-2", "an_unheard_of_embedding"])
def test_a_vector_is_known_by_any_of_its_names_or_its_length(
    documents_api: ScriptedDocuments, warehouse: Warehouse, name: str
) -> None:
    documents_api.dimensions = (64, 64)
    numbers = [number / 64 for number in range(64)]
    finished(documents_api, warehouse, Video(documents=[{name: numbers}], vectors={}))
    land()
    assert rows(warehouse, "SELECT vector_name, embedding FROM mixpeek.vectors") == [(name, numbers)]


def test_documents_of_other_videos_that_an_ignored_filter_brings_are_left_alone(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, *[Video(documents=2)] * 30)
    documents_api.filters_ignored = True
    land()
    assert counts(warehouse) == stored(documents_api)


def test_documents_of_an_older_submission_are_left_alone(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    add_videos(urls(1))
    ingest(warehouse)
    submit(refresh=True)
    settle(warehouse)
    land()
    assert len(documents_api.documents) == 2, "both have the same key"
    newest = list(documents_api.documents.values())[1]
    assert rows(warehouse, "SELECT feature_id, asset_id FROM mixpeek.features") == [
        (newest.document_id, newest.object_id)
    ]


@pytest.mark.parametrize(
    "works", ["video_key", "_internal.lineage.root_object_id", "none of them"], ids=["key", "lineage", "none"]
)
def test_a_filter_that_finds_nothing_is_replaced_by_another_way(
    documents_api: ScriptedDocuments, warehouse: Warehouse, works: str
) -> None:
    finished(documents_api, warehouse, *[Video()] * 3)
    documents_api.filter_paths = {works}
    land()
    assert counts(warehouse) == stored(documents_api)


def test_a_way_that_found_something_is_taken_first_from_then_on(
    documents_api: ScriptedDocuments, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "1")
    finished(documents_api, warehouse, *[Video()] * 75)
    documents_api.filter_paths = {"_internal.lineage.root_object_id"}
    land()
    assert counts(warehouse) == stored(documents_api)
    asked = [request.body["filters"]["AND"][0]["field"] for request in documents_api.asked(PAGE)]
    assert asked.count("video_key") <= 2, "one for each thread at most"


def test_an_empty_page_is_no_proof_that_there_is_nothing(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, Video(), Video())
    documents_api.empty_reads = 10
    assets, _ = land()
    assert "it has documents, and no page shows them yet" in str(assets.unfinished[0])
    assert counts(warehouse)["assets"] == 0
    documents_api.empty_reads = 0
    land()
    assert counts(warehouse) == stored(documents_api)


def test_one_empty_page_costs_a_second_look_and_no_second_run(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, Video(), Video())
    documents_api.empty_reads = 1
    land()
    assert counts(warehouse) == stored(documents_api)


def test_a_video_of_which_no_document_was_made_lands_without_features(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, Video(documents=0), Video())
    land()
    assert counts(warehouse) == stored(documents_api) == {"assets": 2, "features": 1, "vectors": 2, "rejects": 0}
    assert len(documents_api.asked(OBJECT)) == 1


def test_a_count_of_documents_that_is_not_known_is_not_none(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, Video(documents=0))
    (found,) = documents_api.objects.values()
    documents_api.script(OBJECT, Answer({"object_id": found.object_id, "document_count": None}), for_ever=True)
    assert len(land()[0].unfinished) == 1
    assert counts(warehouse)["assets"] == 0
    documents_api.unscript()
    land()
    assert counts(warehouse)["assets"] == 1


def test_a_vector_that_may_exist_is_read_again_on_its_own(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, Video(documents=2, hydration_incomplete=1), Video())
    land()
    assert counts(warehouse) == stored(documents_api)
    assert len(documents_api.asked(ONE)) == 2


def test_a_vector_that_does_not_come_is_read_by_a_later_run(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, Video(hydration_incomplete=2), Video())
    _, vectors = land()
    assert "a vector of it is missing that may exist" in str(vectors.unfinished[0])
    assert counts(warehouse)["vectors"] == 2, "those of the other video"
    land()
    assert counts(warehouse) == stored(documents_api)


def test_an_object_that_is_gone_is_rejected_with_the_reason(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, Video(), Video())
    gone = next(iter(documents_api.objects))
    del documents_api.objects[gone]
    documents_api.documents = {name: one for name, one in documents_api.documents.items() if one.object_id != gone}
    let_pass(1)  # it may be too new to be visible
    land()
    assert counts(warehouse) == {"assets": 1, "features": 1, "vectors": 2, "rejects": 1}
    assert "not found" in rows(warehouse, "SELECT reason FROM mixpeek.rejects")[0][0]


def test_a_collection_that_is_not_there_is_said_and_nothing_is_lost(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    """Another namespace may be set by mistake."""
    finished(documents_api, warehouse, Video())
    kept = dict(documents_api.collections)
    documents_api.collections.clear()
    (error,) = land()[0].unfinished
    assert "has no such collection: set MIXPEEK_NAMESPACE" in str(error)
    assert counts(warehouse) == {"assets": 0, "features": 0, "vectors": 0, "rejects": 0}
    documents_api.collections = kept
    land()
    assert counts(warehouse) == stored(documents_api)


def test_pages_that_lead_in_a_circle_end(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    finished(documents_api, warehouse, Video())
    circle = Answer({"results": [], "pagination": {"next_cursor": "cur_0"}})
    documents_api.script(PAGE, circle, for_ever=True)
    land()
    assert len(documents_api.asked(PAGE)) < 10
    assert "lead back to an earlier one" in rows(warehouse, "SELECT reason FROM mixpeek.rejects")[0][0]


@pytest.mark.parametrize("path", [PAGE, "POST .*/objects/list$"])
@pytest.mark.parametrize("answer", [Answer({"results": None}), Answer([]), Answer({"results": {}})])
def test_a_page_that_makes_no_sense_is_asked_for_by_halves(
    documents_api: ScriptedDocuments, warehouse: Warehouse, path: str, answer: Answer
) -> None:
    finished(documents_api, warehouse, *[Video()] * 5)
    documents_api.script(path, answer)
    land()
    assert counts(warehouse) == stored(documents_api)
    assert len(documents_api.asked(path)) == 3


def test_a_video_whose_pages_make_no_sense_is_rejected_alone(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    finished(documents_api, warehouse, *[Video()] * 5)
    usual = documents_api._usual
    bad = next(iter(documents_api.processed))

    def answer(request: Request) -> Answer:
        said = usual(request)
        is_bad = request.path.endswith("/documents/list") and bad in json.dumps(request.body)
        return Answer({"results": "none"}) if is_bad else said

    documents_api._usual = answer  # type: ignore[method-assign]
    land()
    assert counts(warehouse) == {"assets": 4, "features": 4, "vectors": 8, "rejects": 1}
    assert rows(warehouse, "SELECT reason FROM mixpeek.rejects") == [("a page without a list of results",)]


@pytest.mark.parametrize("path", [PAGE, "POST .*/objects/list$", "GET .*/collections/"])
def test_a_call_that_fails_for_a_moment_leaves_its_videos_to_the_next_run(
    documents_api: ScriptedDocuments, warehouse: Warehouse, path: str
) -> None:
    finished(documents_api, warehouse, *[Video()] * 30)
    documents_api.script(path, *[Answer(status=500)] * 3)  # more than one group's attempts
    assets, _ = land()
    assert assets.unfinished
    assert "answered 500" in str(assets.unfinished[0])
    assert counts(warehouse)["rejects"] == 0
    land()
    assert counts(warehouse) == stored(documents_api)


def test_a_page_is_let_go_before_the_next_is_asked_for(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    """All that a page held has been passed on when the next one is read, so a request in flight holds one page."""
    finished(documents_api, warehouse, Video(documents=450))
    taken, seen = [0], list[int]()

    def count(request: Any) -> None:
        if request.path.endswith("/documents/list"):
            seen.append(taken[0])

    documents_api.on_request = count
    (asset_id, found) = next(iter(documents_api.objects.items()))
    with open_client(load_settings(), pipeline.QUICK) as client:
        for _, reply in client.fetch_assets([Wanted(asset_id, found.video_key, "default")]):
            taken[0] += isinstance(reply, FeatureReply)
    assert seen == [0, 100, 200, 300, 400]
    assert taken == [450]


def test_a_second_landing_asks_for_nothing(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    finished(documents_api, warehouse, Video(), Video())
    land()
    documents_api.requests.clear()
    land()
    assert documents_api.requests == []
    assert states(warehouse) == ["done", "done"]
