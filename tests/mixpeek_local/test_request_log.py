"""Each reply has an id, by which the log has its request; bugs are answered and logged."""

import asyncio
import logging
import re
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from mixpeek_local.http.request_log import RequestLog
from tests.mixpeek_local.served import Served, served

LOGGER = "mixpeek_local.http.request_log"


def test_every_reply_has_an_id_of_its_own(tmp_path: Path) -> None:
    with served(tmp_path, requests_per_minute=1) as api:
        asked = [
            api.request("GET", "/health"),
            api.request("GET", "/tasks/x"),
            api.request("GET", "/tasks/x"),
            api.request("GET", "/tasks/x", headers={}),
            api.request("GET", "/nothing"),
            api.request("PUT", "/assets"),
            api.request("POST", "/assets", json={}),
            api.request("POST", "/features", data=b" " * 1_100_000),
        ]
    assert [reply.status_code for reply in asked] == [200, 404, 429, 401, 404, 405, 422, 413]
    ids = {reply.headers["X-Request-ID"] for reply in asked}
    assert len(ids) == len(asked)


@pytest.mark.parametrize("given", ["run-7.step:3", "a" * 64])
def test_a_callers_id_comes_back(tmp_path: Path, given: str) -> None:
    with served(tmp_path) as api:
        headers = {"Authorization": f"Bearer {api.key}", "X-Request-ID": given}
        assert api.request("GET", "/tasks", headers=headers).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a" * 65, "two words", "<script>", 'quote"', "é"])
def test_an_id_that_would_spoil_the_log_does_not(tmp_path: Path, given: str) -> None:
    with served(tmp_path) as api:
        headers = {"Authorization": f"Bearer {api.key}", "X-Request-ID": given.encode()}
        assert re.fullmatch("[0-9a-f]{32}", api.request("GET", "/tasks", headers=headers).headers["X-Request-ID"])


def test_the_log_has_the_route_and_the_id_and_not_the_path(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, LOGGER)
    with served(tmp_path) as api:
        asked = [api.request("DELETE", f"/v1/tasks/{api.key}"), api.request("GET", f"/nothing/{api.key}")]
    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    starts = ("DELETE /tasks/{task_id} 404 ", "GET (other) 404 ")
    for line, start, reply in zip(lines, starts, asked, strict=True):
        assert line.startswith(start)
        assert line.endswith(reply.headers["X-Request-ID"])
    assert api.key not in caplog.text


def test_polling_does_not_fill_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    with served(tmp_path) as api:
        api.get("/tasks")
        api.post("/assets", {"collections": []})
    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert [line.partition(" 200 ")[0] for line in lines] == ["POST /assets"]


def test_a_bug_is_answered_logged_and_the_next_request_works(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with served(tmp_path) as api:
        asset_id = broken_asset(api)
        reply = api.request("GET", f"/assets/{asset_id}")
        assert reply.status_code == 500
        request_id = reply.headers["X-Request-ID"]
        assert reply.json() == {
            "success": False,
            "status": 500,
            "error": {
                "message": f"the local API failed; its log says why, at request {request_id}",
                "type": "InternalServerError",
            },
        }
        (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert request_id in record.getMessage()
        assert record.exc_info is not None
        assert api.get("/tasks")["pagination"]["total"] == 1


def test_a_caller_that_goes_away_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnect

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError(f"nobody is there to get {message}")

    caplog.set_level(logging.INFO, LOGGER)
    scope = {"type": "http", "method": "POST", "path": "/uploads", "headers": [(b"x-request-id", b"step-1")]}
    asyncio.run(RequestLog(application)(scope, receive, send))
    assert [record.getMessage() for record in caplog.records] == ["request step-1: the caller disconnected"]


def broken_asset(api: Served) -> str:
    """An asset whose row no server of this version could have written."""
    asset_id = api.task(api.ingest("https://example.com/video.mp4"))["asset_id"]
    with api.store.database.transaction() as connection:
        connection.execute("UPDATE assets SET metadata = '{' WHERE asset_id = ?", (asset_id,))
    return asset_id
