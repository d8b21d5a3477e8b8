import threading
import time
import uuid
from typing import Any

import pytest

from mixpeek_assets.api.errors import (
    AuthenticationError,
    InsufficientCreditsError,
    ServerUnreachableError,
    WrongEndpointError,
)
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.commands import forked
from tests.fakes.mixpeek import Answer, Request, ScriptedMixpeek, Video
from tests.fakes.pipeline import add_videos, land, poll, submit
from tests.warehouse.asking import ask

POST = "POST /ingest"


def tasks(warehouse: Warehouse) -> list[dict[str, Any]]:
    warehouse.load_pending()
    with warehouse.database.connection(read_only=True) as connection:
        rows = connection.execute(
            "SELECT task.*, video.url FROM mixpeek.tasks AS task JOIN mixpeek.videos AS video USING (video_id)"
            " ORDER BY url, attempt"
        )
        names = [column[0] for column in rows.description or []]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def states(warehouse: Warehouse) -> list[tuple[str, int, str]]:
    return [(row["url"], row["attempt"], row["state"]) for row in tasks(warehouse)]


def urls(count: int) -> list[str]:
    return [f"http://videos.test/{number:04}.mp4" for number in range(count)]


def test_every_video_is_submitted_once_however_often_it_is_asked_for(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(30))

    assert submit().accepted == 30
    assert submit().accepted == 0

    assert sorted(request.body["url"] for request in mixpeek.asked(POST)) == urls(30)
    assert {row["state"] for row in tasks(warehouse)} == {"open"}


def test_the_intent_is_in_the_table_before_the_request_leaves(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    """Reading the table while the server answers also shows that no connection is open across a call."""
    add_videos(urls(5))
    seen: list[bool] = []

    def look(request: Request) -> None:
        with warehouse.database.connection(read_only=True) as connection:
            found = connection.execute(
                "SELECT state FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id) WHERE url = ?",
                [request.body["url"]],
            ).fetchall()
        seen.append(found == [("submitting",)])

    mixpeek.on_request = look
    submit()

    assert seen == [True] * 5


def test_a_lost_answer_is_sent_again_as_another_attempt_that_skips_duplicates(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(1))
    mixpeek.script(POST, Answer(cut=True))

    submitted = submit()

    assert submitted.accepted == 1
    assert submitted.lost == []
    assert states(warehouse) == [(urls(1)[0], 1, "lost"), (urls(1)[0], 2, "open")]
    first, second = mixpeek.asked(POST)
    assert "skip_duplicate" not in first.body
    assert second.body["skip_duplicate"] is True
    assert "no complete reply" in tasks(warehouse)[0]["error"]


@pytest.mark.parametrize("answer", [Answer(b"oops", 500), Answer(b"<html>", 502), Answer(b'{"task_id"'), Answer(b"[]")])
def test_an_answer_that_says_nothing_leaves_the_fate_unknown(
    answer: Answer, mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(1))
    mixpeek.script(POST, answer)

    assert submit().accepted == 1
    assert [state for _, _, state in states(warehouse)] == ["lost", "open"]


def test_a_server_that_never_answers_is_given_up_for_this_run_and_tried_by_the_next(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(1))
    mixpeek.script(POST, Answer(b"oops", 500), for_ever=True)

    assert len(submit().lost) == 1
    assert [state for _, _, state in states(warehouse)] == ["lost", "lost", "lost"]

    mixpeek.unscript()
    assert submit().accepted == 1


def test_a_video_that_the_server_refuses_does_not_stop_the_others(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(10))
    refusal = {"detail": [{"loc": ["body", "url"], "msg": "not a valid URL", "type": "value_error"}]}
    mixpeek.script(POST, Answer(refusal, 422))

    submitted = submit()

    assert (submitted.accepted, submitted.refused) == (9, 1)
    failed = [row for row in tasks(warehouse) if row["state"] == "failed"]
    assert len(failed) == 1
    assert "body.url: not a valid URL" in failed[0]["error"]
    assert submit().accepted == 0, "a refused video is not sent again by itself"


def test_a_wrong_key_stops_at_once_and_leaves_no_trace_in_the_table(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos(urls(200))
    monkeypatch.setenv("MIXPEEK_API_KEY", "sk_wrong")
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "4")

    with pytest.raises(AuthenticationError):
        submit()

    assert tasks(warehouse) == []
    assert len(mixpeek.asked(POST)) <= 8


def test_an_account_that_runs_out_of_credits_keeps_what_was_accepted_before(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos(urls(40))
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "4")
    accepted = 10

    def run_dry(request: Request) -> None:
        if len(mixpeek.asked(POST)) >= accepted:
            broke = {"error": "Unauthorized", "message": "Insufficient credits.", "details": {"required_credits": 5}}
            mixpeek.script(POST, Answer(broke, 401), for_ever=True)

    mixpeek.on_request = run_dry
    with pytest.raises(InsufficientCreditsError, match="Insufficient credits"):
        submit()

    assert [state for _, _, state in states(warehouse)] == ["open"] * len(mixpeek.tasks)
    assert 0 < len(mixpeek.tasks) < 40

    mixpeek.on_request = None
    mixpeek.unscript()
    submit()
    assert len(mixpeek.tasks) == 40, "the next run sends just the rest"


def test_without_a_server_nothing_is_called_failed(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos(urls(50))
    monkeypatch.setenv("MIXPEEK_API_URL", "http://127.0.0.1:9")

    with pytest.raises(ServerUnreachableError, match="no server at"):
        submit()

    assert tasks(warehouse) == []


def test_a_server_that_does_not_serve_this_api_stops_at_once_and_fails_no_video(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos(urls(100))
    monkeypatch.setenv("MIXPEEK_API_PREFIX", "/v9")
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "4")

    with pytest.raises(WrongEndpointError, match="MIXPEEK_API_PREFIX"):
        submit()

    assert tasks(warehouse) == []
    assert len(mixpeek.requests) <= 8


def test_failed_tasks_are_sent_again_only_up_to_the_configured_attempts_or_on_request(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(1))
    mixpeek.videos[urls(1)[0]] = Video(statuses=["FAILED"], error="not a video")
    submit()
    poll()
    assert states(warehouse) == [(urls(1)[0], 1, "failed")]
    assert tasks(warehouse)[0]["error"] == '"not a video"'

    assert submit().accepted == 0
    assert submit(max_attempts=2).accepted == 1
    poll()
    assert submit(max_attempts=2).accepted == 0
    assert submit(resubmit_failed=True).accepted == 1
    assert [state for _, _, state in states(warehouse)] == ["failed", "failed", "open"]


def whys(warehouse: Warehouse) -> list[str]:
    return [row["why"] for row in tasks(warehouse)]


def test_other_extractors_are_the_reason_to_submit_what_is_done_again_into_its_asset(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    (url,) = urls(1)
    mixpeek.videos[url] = Video(features={"video": [mixpeek.feature("video", "a"), mixpeek.feature("video", "b")]})
    add_videos([url])
    submit()
    poll()
    land()
    asset_id = tasks(warehouse)[0]["asset_id"]

    monkeypatch.setenv("MIXPEEK_FEATURE_EXTRACTORS", '[{"interval_sec": 5}]')
    mixpeek.videos[url] = Video(features={"video": [mixpeek.feature("video", "c")]})
    assert (submit().accepted, submit().accepted) == (1, 0)
    poll()
    assert submit().accepted == 0, "it was done with these extractors"
    land()

    body = mixpeek.asked(POST)[-1].body
    assert body["feature_extractors"] == [{"interval_sec": 5}]
    assert body["asset_update"] == {"asset_id": asset_id, "mode": "replace"}
    assert body["skip_duplicate"] is False
    assert whys(warehouse) == ["new", "other extractors"]
    counts = ask(warehouse, Reader.table_counts)
    assert [counts[name] for name in ("assets", "features", "vectors", "rejects")] == [1, 1, 1, 0]
    assert ask(warehouse, Reader.partitions_to_land) == []

    monkeypatch.delenv("MIXPEEK_FEATURE_EXTRACTORS")
    assert submit().accepted == 0, "no setting is no reason to pay again"


def test_a_feature_that_keeps_its_id_gets_its_new_vectors(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    (url,) = urls(1)
    kept = mixpeek.feature("video", "a", vectors={"clip": [1.0]})
    mixpeek.videos[url] = Video(features={"video": [kept]})
    add_videos([url])
    submit()
    poll()
    land()

    mixpeek.vectors[kept["feature_id"]] = {"clip": [2.0]}
    submit(refresh=True)
    poll()
    land()

    with warehouse.database.connection(read_only=True) as connection:
        assert connection.execute("SELECT embedding FROM mixpeek.vectors").fetchall() == [([2.0],)]
    before = len(mixpeek.requests)
    land()
    assert len(mixpeek.requests) == before


def test_a_run_that_is_executed_again_does_not_pay_again_for_what_it_refreshed(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(2))
    submit()
    poll()

    assert submit(refresh=True).accepted == 2
    poll()
    refreshed = tasks(warehouse)[-1]["run_id"]

    assert submit(refresh=True, runs=[refreshed]).accepted == 0
    assert submit(refresh=True).accepted == 2, "another run was asked to"
    assert whys(warehouse) == ["new", "refresh", "refresh"] * 2


def test_a_lost_answer_to_a_paid_repetition_is_sent_again_so_that_it_costs_nothing(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(1))
    submit()
    poll()
    mixpeek.script(POST, Answer(cut=True))

    submit(refresh=True)

    assert [request.body.get("skip_duplicate") for request in mixpeek.asked(POST)] == [None, False, True]
    assert whys(warehouse) == ["new", "refresh", "answer lost"]


def test_an_asset_that_is_gone_fails_its_replacement_and_stops_no_other(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(2))
    submit()
    poll()
    land()
    gone = {"success": False, "status": 404, "error": {"message": "asset not found", "type": "NotFound"}}
    mixpeek.script(POST, Answer(gone, 404))

    submitted = submit(refresh=True)

    assert (submitted.accepted, submitted.refused) == (1, 1)
    assert sorted(state for _, attempt, state in states(warehouse) if attempt == 2) == ["failed", "open"]


def test_a_duplicate_that_is_refused_at_once_leads_to_the_asset_that_is_there(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(2))
    asset_id = str(uuid.uuid4())
    error = {
        "success": False,
        "status": 409,
        "error": {"message": f"duplicate of asset {asset_id}", "type": "Conflict"},
    }
    mixpeek.assets[asset_id] = Video(features={"video": [mixpeek.feature("video", "a")]})
    mixpeek.script(POST, Answer(error, 409))

    submitted = submit()

    assert (submitted.accepted, submitted.refused) == (2, 0)
    assert sorted(state for _, _, state in states(warehouse)) == ["open", "skipped"]
    poll()
    land()
    assert ask(warehouse, Reader.table_counts)["assets"] == 2


def test_two_submissions_of_one_partition_at_once_send_each_video_once(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    add_videos(urls(60))
    runs = [threading.Thread(target=submit) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)

    assert sorted(request.body["url"] for request in mixpeek.asked(POST)) == urls(60)


def test_a_death_in_the_middle_loses_no_accepted_video(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "4")
    add_videos(urls(150))
    mixpeek.on_request = lambda _: time.sleep(0.005)

    for deaths in (25, 60, 100):
        process = forked(submit)
        process.start()
        deadline = time.monotonic() + 60
        while len(mixpeek.asked(POST)) < deaths and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        process.join(10)
    submit()

    last = {url: state for url, _, state in states(warehouse)}
    assert last == dict.fromkeys(urls(150), "open")
    # Each death may leave as many answers unread as were in flight.
    assert len(mixpeek.asked(POST)) <= 150 + 3 * 4
    recorded = {row["task_id"] for row in tasks(warehouse) if row["task_id"]}
    assert recorded <= set(mixpeek.tasks)
