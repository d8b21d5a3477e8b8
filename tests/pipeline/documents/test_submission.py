"""Submissions in batches: three steps, each kept before the next, and none of them taken twice for one video."""

import math
import os
import re
from dataclasses import replace
from typing import Any

import pytest

from mixpeek_assets.api.errors import InsufficientCreditsError, RateLimitedError
from mixpeek_assets.pipeline.ledger import TaskLedger
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes import pipeline
from tests.fakes.commands import forked
from tests.fakes.documents import LOST, Answer, ScriptedDocuments, Video
from tests.fakes.pipeline import add_videos, land, submit
from tests.fakes.today.errors import RefusedError, bad_request
from tests.pipeline.documents.tables import attempts, counts, errors, rows, settle, states
from tests.pipeline.test_submit import urls

OBJECTS = "POST .*/objects/batch$"
DRAFT = "POST .*/batches$"
START = "POST .*/batches/[^/]+/submit$"
STEPS = {"objects": OBJECTS, "draft": DRAFT, "start": START}


def refusal(error: RefusedError) -> Answer:
    return Answer(error.body, error.status)


def starts(mixpeek: ScriptedDocuments) -> list[int]:
    """How many videos each started batch has, the smallest first."""
    return sorted(len(batch.object_ids) for batch in mixpeek.batches.values() if batch.task_id)


def processed(mixpeek: ScriptedDocuments) -> dict[int, int]:
    """How many videos were processed how often."""
    times = list(mixpeek.processed.values())
    return {count: times.count(count) for count in set(times)}


def assert_ends_well(mixpeek: ScriptedDocuments, warehouse: Warehouse, videos: int) -> None:
    """The next run goes on: as the same attempt of each video, which is processed once."""
    mixpeek.unscript()
    submit()
    assert states(warehouse) == ["open"] * videos
    settle(warehouse)
    land()
    assert states(warehouse) == ["done"] * videos
    assert attempts(warehouse) == {1}
    assert processed(mixpeek) == {1: videos}
    assert counts(warehouse) == {"assets": videos, "features": videos, "vectors": 2 * videos, "rejects": 0}


def test_videos_are_submitted_in_batches(
    documents_api: ScriptedDocuments, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_BATCH_VIDEOS", "4")
    add_videos(urls(10))
    assert submit().accepted == 10
    assert starts(documents_api) == [2, 4, 4]
    assert [len(documents_api.asked(step)) for step in STEPS.values()] == [3, 3, 3]
    assert processed(documents_api) == {1: 10}
    ids = rows(warehouse, "SELECT DISTINCT task_id FROM mixpeek.tasks")
    assert {one for (one,) in ids} == set(documents_api.batches)


def test_a_batch_of_more_than_a_hundred_is_registered_by_the_hundred(
    documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_BATCH_VIDEOS", "250")
    add_videos(urls(230))
    assert submit().accepted == 230
    assert [len(request.body["objects"]) for request in documents_api.asked(OBJECTS)] == [100, 100, 30]
    assert starts(documents_api) == [230]


def test_a_batch_does_not_wait_for_slow_objects_longer_than_it_is_told(
    documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_BATCH_VIDEOS", "250")
    monkeypatch.setenv("MIXPEEK_BATCH_SECONDS", "0.001")
    add_videos(urls(230))
    assert submit().accepted == 230
    assert starts(documents_api) == [30, 100, 100]


def test_what_is_sent_is_the_video_its_key_and_its_metadata(documents_api: ScriptedDocuments) -> None:
    add_videos(urls(1))
    submit()
    (request,) = documents_api.asked(OBJECTS)
    (sent,) = request.body["objects"]
    assert sent["blobs"] == [{"property": "video", "type": "video", "data": urls(1)[0]}]
    assert sent["idempotency_key"] == f"{sent['video_key']}:1"
    assert sent["metadata"] == {}


def test_rows_that_are_refused_fail_alone(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    add_videos(urls(4))
    documents_api.videos[urls(4)[1]] = Video(refused="URLValidationError")
    submitted = submit()
    assert (submitted.accepted, submitted.refused) == (3, 1)
    assert states(warehouse) == ["open", "failed", "open", "open"]
    assert "cannot be used (URLValidationError)" in errors(warehouse)[0]
    assert processed(documents_api) == {1: 3}


def test_all_rows_may_be_refused(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    add_videos(urls(3))
    for url in urls(3):
        documents_api.videos[url] = Video(refused="URLValidationError")
    submitted = submit()
    assert (submitted.accepted, submitted.refused) == (0, 3)
    assert states(warehouse) == ["failed"] * 3
    assert documents_api.asked(DRAFT) == []


def test_a_row_that_has_the_whole_request_refused_fails_alone(
    documents_api: ScriptedDocuments, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API checks some things of all rows before it takes any."""
    add_videos(urls(8))
    monkeypatch.setattr("mixpeek_assets.api.documents.submission._object", with_reserved_name(urls(8)[5]))
    submitted = submit()
    assert (submitted.accepted, submitted.refused) == (7, 1)
    assert states(warehouse).index("failed") == 5
    assert "status is a reserved name" in errors(warehouse)[0]
    assert starts(documents_api) == [7]


def with_reserved_name(url: str) -> Any:
    def made(video: Any) -> dict[str, Any]:
        blob = {"property": "video", "type": "video", "data": video.url}
        sent = {"blobs": [blob], "video_key": video.video_id, "idempotency_key": video.video_id}
        return {**sent, "status": "mine"} if video.url == url else sent

    return made


def test_a_row_that_fails_for_a_moment_is_asked_for_again(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    add_videos(urls(1))
    failed = [{"object_index": 0, "error": "the storage is busy", "error_type": "transient"}]
    documents_api.script(OBJECTS, Answer({"succeeded": [], "failed": failed}, 422))
    assert submit().accepted == 1
    assert (states(warehouse), attempts(warehouse)) == (["open"], {1})


def test_an_object_that_is_gone_fails_alone(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    add_videos(urls(3))

    def lose_one(request: Any) -> None:
        if re.search(DRAFT, f"{request.method} {request.path}"):
            documents_api.objects.pop(next(iter(documents_api.objects)), None)
            documents_api.on_request = None

    documents_api.on_request = lose_one
    submitted = submit()
    assert (submitted.accepted, submitted.refused) == (2, 1)
    assert sorted(states(warehouse)) == ["failed", "open", "open"]


def test_a_quota_that_is_used_up_is_one_sentence_and_landing_goes_on(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    add_videos(urls(1))
    submit()
    add_videos(urls(3))
    documents_api.credits = 0
    with pytest.raises(InsufficientCreditsError, match="the account behind it needs credits") as caught:
        submit()
    assert "\n" not in str(caught.value)
    assert states(warehouse) == ["open"], "what was never sent is not in the table"
    settle(warehouse)
    land()
    assert counts(warehouse)["assets"] == 1
    documents_api.credits = 1_000
    assert submit().accepted == 2


def test_a_quota_that_is_used_up_before_the_start_leaves_the_batch_to_a_later_run(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    add_videos(urls(2))
    details = {"resource": "credits", "current": 0, "limit": 0, "tier": "build"}
    over = RefusedError(403, "QuotaExceededError", "The plan's credits are used up", details=details)
    documents_api.script(START, refusal(over))
    with pytest.raises(InsufficientCreditsError):
        submit()
    assert states(warehouse) == ["submitting"] * 2
    assert_ends_well(documents_api, warehouse, 2)
    assert len(documents_api.batches) == 1


def test_a_second_batch_of_a_collection_that_is_refused_is_forced(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    documents_api.refuse_second_batch = True
    add_videos(urls(1))
    documents_api.videos[urls(1)[0]] = Video(statuses=["PROCESSING"])
    submit()
    add_videos(urls(2))
    assert submit().accepted == 1
    assert [request.query for request in documents_api.asked(START)] == ["", "", "force=true"]
    assert processed(documents_api) == {1: 2}


def test_a_draft_that_expired_is_drafted_anew(documents_api: ScriptedDocuments, warehouse: Warehouse) -> None:
    add_videos(urls(2))

    def expire(request: Any) -> None:
        if re.search(START, f"{request.method} {request.path}"):
            documents_api.on_request = None
            documents_api.draft_expires()

    documents_api.on_request = expire
    assert submit().accepted == 2
    assert sorted(batch.status for batch in documents_api.batches.values()) == ["CANCELED", "PENDING"]
    assert_ends_well(documents_api, warehouse, 2)


def test_a_draft_that_expires_time_and_again_fails_its_videos_and_ends(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    add_videos(urls(1))

    def expire(request: Any) -> None:
        if re.search(START, f"{request.method} {request.path}"):
            documents_api.draft_expires()

    documents_api.on_request = expire
    submit()
    assert len(documents_api.batches) <= 5
    assert states(warehouse) != ["open"]
    assert processed(documents_api) == {}


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_that_is_lost_is_found_by_reading(
    documents_api: ScriptedDocuments, warehouse: Warehouse, step: str
) -> None:
    add_videos(urls(3))
    documents_api.script(STEPS[step], LOST)
    assert submit().accepted == 3
    assert len(documents_api.objects) == 3
    assert starts(documents_api) == [3], "an orphan of a draft is never started"
    assert_ends_well(documents_api, warehouse, 3)


@pytest.mark.parametrize("answer", [LOST, Answer(cut=True), Answer([], obeyed=True), Answer(status=502)])
@pytest.mark.parametrize("step", STEPS)
def test_a_step_whose_answers_are_all_lost_is_taken_by_the_next_run(
    documents_api: ScriptedDocuments, warehouse: Warehouse, step: str, answer: Answer
) -> None:
    add_videos(urls(3))
    documents_api.script(STEPS[step], answer, for_ever=True)
    submitted = submit()
    if not (step == "start" and answer.obeyed):  # that it was started can be read
        assert submitted.accepted == 0
        assert len(submitted.lost) == 3
        assert states(warehouse) == ["submitting"] * 3
    assert_ends_well(documents_api, warehouse, 3)


@pytest.mark.parametrize("step", ["registered", "drafted", "accepted"])
@pytest.mark.parametrize("is_kept", [False, True], ids=["before it is kept", "after it is kept"])
def test_a_death_at_a_step_is_resumed_as_the_same_submission(
    documents_api: ScriptedDocuments, warehouse: Warehouse, step: str, is_kept: bool
) -> None:
    add_videos(urls(3))
    process = forked(die_at, step, is_kept)
    process.start()
    process.join()
    assert process.exitcode == 9
    assert_ends_well(documents_api, warehouse, 3)
    assert len(documents_api.objects) == 3
    assert sum(starts(documents_api)) == 3


def die_at(step: str, is_kept: bool) -> None:
    """Submit, and die at the second video of a step, before it is written or after."""
    usual, seen = getattr(TaskLedger, step), [0]

    def dying(self: TaskLedger, *arguments: Any) -> None:
        seen[0] += 1
        if seen[0] == 2 and not is_kept:
            os._exit(9)
        usual(self, *arguments)
        if seen[0] == 2:
            os._exit(9)

    setattr(TaskLedger, step, dying)
    submit()


def test_a_resumed_submission_keeps_the_settings_that_it_began_with(
    documents_api: ScriptedDocuments, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos(urls(2))
    documents_api.script(DRAFT, Answer(cut=True), for_ever=True)
    submit()
    documents_api.unscript()
    monkeypatch.setenv("MIXPEEK_FEATURE_EXTRACTORS", '[{"time_split_interval": 5}]')
    submit()
    (collection,) = documents_api.collections.values()
    assert collection.name == "default"
    settle(warehouse)
    land()
    assert counts(warehouse)["features"] == 2


def test_a_batch_that_was_started_already_is_read_and_not_guessed(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    add_videos(urls(2))
    documents_api.script(START, LOST, refusal(bad_request("batch is PENDING, not DRAFT")))
    assert submit().accepted == 2
    assert len(documents_api.asked(START)) == 1, "what was read needs no second start"
    assert_ends_well(documents_api, warehouse, 2)


def test_a_start_that_is_refused_while_it_is_a_draft_fails_the_videos_with_the_reason(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    add_videos(urls(2))
    documents_api.script(START, refusal(bad_request("this batch can never start")))
    assert submit().refused == 2
    assert states(warehouse) == ["failed"] * 2
    assert "this batch can never start" in errors(warehouse)[0]


def test_a_writer_that_is_starting_is_waited_for(
    documents_api: ScriptedDocuments, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixpeek_assets.api.replies._SHORTEST_PAUSE", 0.01)
    add_videos(urls(2))
    documents_api.reader_only = 6
    assert submit().accepted == 2
    assert documents_api.reader_only == 0
    assert_ends_well(documents_api, warehouse, 2)


def test_a_writer_that_does_not_come_is_said_and_the_next_run_goes_on(
    documents_api: ScriptedDocuments, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "QUICK", replace(pipeline.QUICK, rate_limit=0.2))
    add_videos(urls(2))
    submit()
    add_videos(urls(3))
    documents_api.reader_only = math.inf
    with pytest.raises(RateLimitedError, match="answered 503: The vector writer is starting") as caught:
        submit()
    assert "\n" not in str(caught.value)
    assert states(warehouse) == ["open"] * 2
    documents_api.reader_only = 0
    assert_ends_well(documents_api, warehouse, 3)
