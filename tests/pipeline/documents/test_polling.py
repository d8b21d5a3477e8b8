"""A batch is read as a whole, and says of each of its videos what became of it."""

from typing import Any

import pytest

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes import pipeline
from tests.fakes.documents import Answer, ScriptedDocuments, Video
from tests.fakes.pipeline import add_videos, land, make_due, submit
from tests.pipeline.documents.tables import counts, errors, rows, settle, states
from tests.pipeline.test_submit import urls

BATCH = "GET /v1/batches/"
OBJECTS = "POST .*/objects/list$"


def submitted(mixpeek: ScriptedDocuments, *videos: Video) -> None:
    addresses = urls(len(videos))
    mixpeek.videos.update(zip(addresses, videos, strict=True))
    add_videos(addresses)
    submit()
    mixpeek.requests.clear()


def change(mixpeek: ScriptedDocuments, **fields: Any) -> None:
    """Let the next read of the batch say something else; a field that is `...` is left out."""
    (batch,) = mixpeek.batches.values()
    body = {
        "batch_id": batch.batch_id,
        "bucket_id": batch.bucket_id,
        "object_ids": batch.object_ids,
        "status": "COMPLETED",
        "documents_resolvable": True,
        **fields,
    }
    mixpeek.script(BATCH, Answer({name: value for name, value in body.items() if value is not ...}))


def test_many_videos_of_a_batch_take_one_request(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    submitted(documents_api, *[Video()] * 30)
    make_due(warehouse)
    polled = pipeline.poll()
    assert (polled.polled, sum(polled.settled.values())) == (30, 30)
    assert [f"{request.method} {request.path}" for request in documents_api.requests] == [
        f"GET /v1/batches/{next(iter(documents_api.batches))}"
    ]


def test_a_batch_is_done_when_its_documents_can_be_found(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    documents_api.resolvable_after = 2
    submitted(documents_api, Video(), Video())
    for expected in ("open", "open", "done"):
        settle(warehouse)
        assert states(warehouse) == [expected] * 2


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"documents_resolvable": False}, "open"),
        ({"documents_resolvable": ...}, "done"),
        ({"documents_resolvable": None}, "done"),
        ({"documents_resolvable": False, "documents_resolvable_error": "the index is away"}, "done"),
    ],
)
def test_what_is_said_of_documents_decides(
    documents_api: ScriptedDocuments, warehouse: Warehouse, said: dict[str, Any], state: str
) -> None:
    submitted(documents_api, Video())
    change(documents_api, **said)
    settle(warehouse)
    assert states(warehouse) == [state]


def test_a_video_that_failed_fails_alone_with_its_reason(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video(), Video(error="no video stream"), Video())
    settle(warehouse)
    assert states(warehouse) == ["done", "failed", "done"]
    assert rows(warehouse, "SELECT DISTINCT status FROM mixpeek.tasks") == [("COMPLETED_WITH_ERRORS",)]
    assert '"reason":"no video stream"' in errors(warehouse)[0].replace(": ", ":")
    land()
    assert counts(warehouse)["assets"] == 2


def test_a_failure_that_the_cut_list_leaves_out_is_found_at_its_object(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video(), Video(error="no video stream", unlisted=True), Video(error="too long"))
    settle(warehouse)
    assert states(warehouse) == ["done", "failed", "failed"]
    assert "no video stream" in errors(warehouse)[0]
    assert len(documents_api.asked(OBJECTS)) == 1


def test_a_batch_that_counts_more_failures_than_it_lists_is_not_believed(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video(), Video())
    first = next(iter(documents_api.objects.values()))
    first.status, first.error = "FAILED", "it broke"
    list(documents_api.objects.values())[1].status = "COMPLETED"
    change(documents_api, failed_object_count=1)
    settle(warehouse)
    assert sorted(states(warehouse)) == ["done", "failed"]


def test_a_video_of_which_a_batch_with_errors_says_nothing_fails(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video())
    change(documents_api, status="COMPLETED_WITH_ERRORS", unaccounted_object_count=1)
    settle(warehouse)
    assert states(warehouse) == ["failed"]
    assert "its batch is COMPLETED_WITH_ERRORS, and says nothing of this video" in errors(warehouse)[0]


def test_a_batch_that_failed_fails_its_videos_with_its_reason(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video(statuses=["PROCESSING", "FAILED"]), Video())
    settle(warehouse)
    assert states(warehouse) == ["open", "open"]
    settle(warehouse)
    assert states(warehouse) == ["failed", "failed"]
    assert "the batch failed" in errors(warehouse)[0]


def test_a_batch_that_was_canceled_in_the_console_is_said_to_be(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video(statuses=["PROCESSING"]), Video())
    settle(warehouse)
    (batch,) = documents_api.batches.values()
    batch.status = "CANCELED"
    settle(warehouse)
    assert states(warehouse) == ["cancelled", "cancelled"]
    assert "its batch was canceled" in errors(warehouse)[0]


@pytest.mark.parametrize("status", ["PENDING", "QUEUED", "PROCESSING", "IN_PROGRESS", "INTERRUPTED", "UNKNOWN"])
def test_a_batch_that_is_under_way_stays_open_without_a_warning(
    documents_api: ScriptedDocuments, warehouse: Warehouse, status: str
) -> None:
    submitted(documents_api, Video(statuses=[status]))
    make_due(warehouse)
    assert pipeline.poll().warnings() == []
    assert states(warehouse) == ["open"]


def test_an_unknown_status_is_polled_further_and_warned_of(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video(statuses=["RELOCATING", "COMPLETED"]))
    make_due(warehouse)
    (warning,) = pipeline.poll().warnings()
    assert "'RELOCATING', which no documented version of the API lists" in warning
    settle(warehouse)
    assert states(warehouse) == ["done"]


def test_a_batch_that_never_ends_is_lost_at_its_deadline(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video(statuses=["INTERRUPTED"]), Video())
    pipeline.let_pass(25)
    settle(warehouse)
    assert states(warehouse) == ["lost", "lost"]
    assert "still INTERRUPTED" in errors(warehouse)[0]


def test_what_is_partial_is_done_and_says_what_is_missing(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video(partial="transcription_embedding"), Video())
    settle(warehouse)
    land()
    assert states(warehouse) == ["done", "done"]
    (error,) = errors(warehouse)
    assert "transcription_embedding could not be made" in error
    assert counts(warehouse)["vectors"] == 3


def test_segments_that_were_dropped_are_told(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    submitted(documents_api, Video(segments_dropped=3), Video())
    settle(warehouse)
    assert states(warehouse) == ["done", "done"]
    assert "3 segments of its batch of 2 videos were dropped" in errors(warehouse)[0]


def test_the_parts_of_a_batchs_cost_are_the_whole(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    submitted(documents_api, Video(credits=100), Video(credits=20), Video(error="no video stream"))
    settle(warehouse)
    (cost,) = rows(warehouse, "SELECT sum(credits), sum(cost_usd) FROM mixpeek.tasks")
    assert cost == pytest.approx((120.0, 0.12))


def test_what_a_batch_costs_is_not_known_while_it_works(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    submitted(documents_api, Video(statuses=["PROCESSING"]))
    settle(warehouse)
    assert rows(warehouse, "SELECT credits, cost_usd FROM mixpeek.tasks") == [(None, None)]


def test_a_batch_that_the_server_has_forgotten_is_lost(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    submitted(documents_api, Video(), Video())
    documents_api.batches.clear()
    settle(warehouse)
    assert states(warehouse) == ["open", "open"], "it may not be visible yet"
    pipeline.let_pass(1)
    settle(warehouse)
    assert states(warehouse) == ["lost", "lost"]


def test_a_batch_that_does_not_say_where_its_objects_are_stops_no_other(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    submitted(documents_api, Video())
    change(documents_api, status="COMPLETED_WITH_ERRORS", bucket_id=...)
    make_due(warehouse)
    (error,) = pipeline.poll().errors
    assert "a batch without its bucket" in str(error)
    settle(warehouse)
    assert states(warehouse) == ["done"]
