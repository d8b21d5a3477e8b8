"""The limit of requests per minute and endpoint, and its flat 429 (contract b7)."""

from pathlib import Path

import pytest

from mixpeek_assets.api.deadline import Reply
from mixpeek_assets.api.replies import retry_after
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.rate import RateLimit, TooManyRequestsError
from tests.mixpeek_local.served import served


def test_an_endpoint_that_is_asked_too_often_says_so(tmp_path: Path) -> None:
    with served(tmp_path, requests_per_minute=3) as api:
        for task_id in ("a", "b"):
            assert api.status("GET", f"/tasks/{task_id}") == 404
        assert api.status("GET", "/v1/tasks/c") == 404
        reply = api.request("GET", "/tasks/d")
        assert reply.status_code == 429
        assert reply.json() == {
            "error": "TooManyRequests",
            "message": "Rate limit exceeded",
            "details": {"rate_limit": 3, "api_name": "GET /tasks/{task_id}"},
        }
        assert "Retry-After" not in reply.headers
        assert api.status("GET", "/v1/tasks/d") == 429
        # Other endpoints, and what is no part of the API, have places of their own.
        assert api.status("DELETE", "/tasks/d") == 404
        assert api.status("GET", "/assets/d") == 404
        for _ in range(5):
            assert api.status("GET", "/health") == 200
            assert api.request("GET", "/tasks/d", headers={}).status_code == 401


def test_the_reply_can_say_when_to_come_back(tmp_path: Path) -> None:
    with served(tmp_path, requests_per_minute=1, retry_after=True) as api:
        assert api.status("GET", "/tasks/a") == 404
        reply = api.request("GET", "/tasks/a")
        assert reply.status_code == 429
        assert 1 <= int(reply.headers["Retry-After"]) <= 60
        assert retry_after(Reply(reply.status_code, reply.headers, reply.content)) == int(reply.headers["Retry-After"])


def test_there_is_no_limit_unless_one_is_set(tmp_path: Path) -> None:
    with served(tmp_path) as api:
        for _ in range(70):
            assert api.status("GET", "/tasks/a") == 404


def test_places_come_free_after_a_minute_and_refusals_take_none() -> None:
    time = 1000.0
    limit = RateLimit(2, clock=lambda: time)
    limit.count("x")
    time += 30
    limit.count("x")
    for _ in range(5):
        with pytest.raises(TooManyRequestsError) as refused:
            limit.count("x")
        assert 29 <= refused.value.seconds <= 31
    limit.count("y")
    time += 31
    limit.count("x")
    with pytest.raises(TooManyRequestsError) as refused:
        limit.count("x")
    assert 28 <= refused.value.seconds <= 30


def test_a_limit_below_none_means_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fewer than 0"):
        LocalApiConfig(tmp_path, requests_per_minute=-1)
