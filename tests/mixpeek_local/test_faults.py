"""Faults on demand: each is to a real client what it claims to be, and the server goes on as ever."""

import logging
import math
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
import uvicorn

from mixpeek_local.__main__ import read
from mixpeek_local.faults.kinds import PLAYS
from mixpeek_local.faults.rules import DEFAULTS, FAULT_KINDS, OUTCOME_KINDS, read_rules
from mixpeek_local.faults.script import Script
from tests.mixpeek_local.caller import until
from tests.mixpeek_local.fault_rules import URL, order, played
from tests.mixpeek_local.served import Served, served

LONG = 600


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("state"), faults="[]") as api:
        yield api


@pytest.fixture(autouse=True)
def _server_is_content(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No fault is an error to the server."""
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []


def met(api: Served, fault: str, **parameters: Any) -> requests.Response:
    """The reply to a request that meets a fault; the next one meets none."""
    order(api, {"match": "GET /tasks", "fault": fault, "times": 1, **parameters})
    return api.request("GET", "/tasks", allow_redirects=False)


def ingest(api: Served, timeout: float = 10) -> requests.Response:
    headers = {"Authorization": f"Bearer {api.key}"}
    body = {"url": URL, "collection": "example"}
    return requests.post(f"{api.url}/ingest/videos/url", json=body, headers=headers, timeout=timeout)


def queued(api: Served) -> int:
    return api.get("/tasks")["pagination"]["total"]


# Replies that are whole, yet not what was asked for.


def is_not_json(reply: requests.Response) -> None:
    with pytest.raises(requests.JSONDecodeError):
        reply.json()


def says(kind: str) -> Callable[[requests.Response], None]:
    def check(reply: requests.Response) -> None:
        body = reply.json()
        assert (body["success"], body["status"], body["error"]["type"]) == (False, reply.status_code, kind)
        assert "Retry-After" not in reply.headers

    return check


def says_seconds(reply: requests.Response) -> None:
    assert reply.headers["Retry-After"] == "1"


def says_a_date(reply: requests.Response) -> None:
    moment = parsedate_to_datetime(reply.headers["Retry-After"])
    assert abs((moment - datetime.now(UTC)).total_seconds()) < 60


def is_flat(reply: requests.Response) -> None:
    assert reply.json()["error"] == "TooManyRequests"
    assert set(reply.json()) == {"error", "message", "details"}
    assert "Retry-After" not in reply.headers


def refuses_for_now(reply: requests.Response) -> None:
    error = reply.json()["error"]
    assert (error["type"], reply.headers["Retry-After"]) == ("WriterReadOnlyError", "15")
    assert error["details"] == {"retryable": True, "retry_after_seconds": 15}


def is_a_page(reply: requests.Response) -> None:
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "<h1>502 Bad Gateway</h1>" in reply.text


def leads_away(reply: requests.Response) -> None:
    assert reply.headers["Location"] == "/elsewhere"


def has_nan(reply: requests.Response) -> None:
    assert math.isnan(reply.json()["score"])
    assert "results" in reply.json()
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(reply.content)


def is_an_array(reply: requests.Response) -> None:
    (body,) = reply.json()
    assert "results" in body


def is_empty(reply: requests.Response) -> None:
    assert reply.content == b""


def is_mislabelled(reply: requests.Response) -> None:
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "results" in orjson.loads(reply.content)


def is_large(reply: requests.Response) -> None:
    assert 40_000_000 < len(reply.content) < 41_000_000
    assert "results" in orjson.loads(reply.content)


WHOLE: dict[str, tuple[int, Callable[[requests.Response], None]]] = {
    "408": (408, says("Error")),
    "429": (429, says("Error")),
    "429-seconds": (429, says_seconds),
    "429-date": (429, says_a_date),
    "429-flat": (429, is_flat),
    "500": (500, says("InternalServerError")),
    "502-html": (502, is_a_page),
    "503": (503, says("Error")),
    "503-refused": (503, refuses_for_now),
    "403-quota": (403, says("QuotaExceededError")),
    "redirect": (302, leads_away),
    "truncated-json": (200, is_not_json),
    "nan-json": (200, has_nan),
    "json-array": (200, is_an_array),
    "empty-body": (200, is_empty),
    "wrong-content-type": (200, is_mislabelled),
    "large-body": (200, is_large),
}
BROKEN: dict[str, type[Exception]] = {
    "reset": requests.ConnectionError,
    "lost-acknowledgement": requests.ConnectionError,
    "read-timeout": requests.ReadTimeout,
    "late-reply": requests.ReadTimeout,
    "cut-off": requests.exceptions.ChunkedEncodingError,
    "broken-gzip": requests.exceptions.ContentDecodingError,
}
SLOW = {"slow-drip"}
DOES_THE_WORK = {"lost-acknowledgement", "late-reply", "cut-off", "broken-gzip"}


def test_every_fault_has_a_test_and_a_place_in_the_documentation() -> None:
    assert {*WHOLE, *BROKEN, *SLOW} == set(FAULT_KINDS) == set(PLAYS)
    documented = Path(__file__).parents[2].joinpath("docs/faults.md").read_text()
    for kind in (*FAULT_KINDS, *OUTCOME_KINDS):
        assert f"| `{kind}` |" in documented
    for parameters in DEFAULTS.values():
        assert all(f"`{name}`" in documented for name in parameters)


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_reply_is_what_it_claims_and_the_next_one_is_true(api: Served, kind: str) -> None:
    status, check = WHOLE[kind]
    reply = met(api, kind)
    assert reply.status_code == status
    check(reply)
    assert "results" in api.get("/tasks")
    assert played(api) == [kind]


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_exchange_is_what_it_claims_and_tells_whether_the_work_was_done(api: Served, kind: str) -> None:
    before = queued(api)
    order(api, {"match": "POST /ingest/*", "fault": kind, "times": 1})
    with pytest.raises(BROKEN[kind]) as failure:
        ingest(api, timeout=0.5 if BROKEN[kind] is requests.ReadTimeout else 10)
    if kind in ("reset", "lost-acknowledgement"):
        assert "ConnectionResetError" in str(failure.value)
    until(lambda: queued(api) == before + (kind in DOES_THE_WORK))
    assert ingest(api).status_code == 200
    assert queued(api) == before + (kind in DOES_THE_WORK) + 1
    assert played(api) == [kind]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("parser", ["h11", "httptools"])
def test_connections_break_whatever_uvicorn_is_made_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loop: str, parser: str
) -> None:
    monkeypatch.setattr(uvicorn, "Config", partial(uvicorn.Config, http=parser, loop=loop))
    with served(tmp_path, faults="[]") as api:
        for kind in ("reset", "lost-acknowledgement", "cut-off"):
            with pytest.raises(BROKEN[kind]):
                met(api, kind)
            assert queued(api) == 0


def test_a_kept_connection_is_reset_under_its_user(api: Served) -> None:
    order(api, {"match": "GET /tasks", "fault": "reset", "after": 1, "times": 1})
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {api.key}"
        assert session.get(f"{api.url}/tasks", timeout=10).ok
        with pytest.raises(requests.ConnectionError):
            session.get(f"{api.url}/tasks", timeout=10)
        assert session.get(f"{api.url}/tasks", timeout=10).ok


def test_a_late_reply_is_true_to_whoever_waits(api: Served) -> None:
    assert "results" in met(api, "late-reply", seconds=0.2).json()


def test_who_waits_for_a_reply_that_never_comes_is_cut_off_in_the_end(api: Served) -> None:
    with pytest.raises(requests.ConnectionError):
        met(api, "read-timeout", seconds=0.2)


def test_a_slow_drip_comes_in_pieces_that_are_the_true_reply(api: Served) -> None:
    true = api.request("GET", "/tasks").content
    order(api, {"match": "GET /tasks", "fault": "slow-drip", "seconds": 1, "times": 1})
    pieces: list[bytes] = []
    with api.request("GET", "/tasks", stream=True) as reply:
        while piece := reply.raw.read1():
            pieces.append(piece)
    assert b"".join(pieces) == true
    assert len(pieces) > 5


@pytest.mark.parametrize("kind", ["read-timeout", "late-reply", "slow-drip"])
def test_a_slow_fault_holds_up_nobody_else_and_ends_with_its_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    servers: list[uvicorn.Server] = []

    class Kept(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            servers.append(self)

    monkeypatch.setattr(uvicorn, "Server", Kept)
    with served(tmp_path, faults="[]") as api:
        order(api, {"match": "GET /tasks", "fault": kind, "seconds": LONG, "times": 1})
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {api.key}"
            waiting = threading.Thread(target=give_up, args=(session, f"{api.url}/tasks"))
            waiting.start()
            until(lambda: played(api) == [kind])
            assert queued(api) == 0
            waiting.join()
        until(lambda: not servers[0].server_state.tasks)


def give_up(session: requests.Session, url: str) -> None:
    with pytest.raises((requests.ReadTimeout, requests.ConnectionError)):
        session.get(url, timeout=0.5)


# Which requests meet a fault.


def pattern(api: Served, requests_made: int, *rules: dict[str, Any]) -> list[int]:
    order(api, *rules)
    return [api.status("GET", "/tasks") for _ in range(requests_made)]


def test_a_burst_begins_and_ends_by_count(api: Served) -> None:
    assert pattern(api, 6, {"fault": "503", "after": 2, "times": 3}) == [200, 200, 503, 503, 503, 200]


def test_the_first_rule_whose_turn_it_is_wins_and_all_count_what_matches(api: Served) -> None:
    statuses = pattern(api, 5, {"fault": "503", "times": 2}, {"fault": "500", "after": 3}, {"fault": "408"})
    assert statuses == [503, 503, 408, 500, 500]
    assert [rule["seen"] for rule in api.get("/faults")["rules"]] == [5, 5, 5]
    assert [rule["played"] for rule in api.get("/faults")["rules"]] == [2, 2, 1]


def test_a_rate_draws_the_same_requests_for_the_same_seed(api: Served) -> None:
    def drawn(seed: int) -> list[int]:
        return pattern(api, 40, {"fault": "503", "rate": 0.5, "seed": seed})

    assert drawn(1) == drawn(1) != drawn(2)
    assert 10 < drawn(1).count(503) < 30


def test_mixed_rates_are_all_played_near_their_share() -> None:
    kinds = ["reset", "500", "503", "429", "truncated-json", "lost-acknowledgement"]
    script = Script(read_rules(orjson.dumps([{"fault": kind, "rate": 0.1} for kind in kinds]).decode()))
    for _ in range(2_000):
        script.fault("GET", "/tasks")
    shares = [rule["played"] / 2_000 for rule in script.report()["rules"]]
    assert all(0.04 < share < 0.13 for share in shares)
    assert 0.4 < sum(shares) < 0.54


@pytest.mark.parametrize(
    ("match", "method", "path", "hit"),
    [
        ("* *", "GET", "/tasks", True),
        ("GET /tasks", "GET", "/v1/tasks", True),
        ("GET /tasks/*", "GET", "/tasks/abc", True),
        ("GET /tasks/*", "GET", "/tasks", False),
        ("POST /tasks", "GET", "/tasks", False),
        ("GET /assets/*/features", "GET", "/assets/abc/features", True),
        ("GET /assets/*/features", "GET", "/assets/abc", False),
        ("* *", "GET", "/health", False),
        ("* *", "GET", "/faults", False),
    ],
)
def test_a_rule_meets_what_its_method_and_glob_say(api: Served, match: str, method: str, path: str, hit: bool) -> None:
    order(api, {"match": match, "fault": "503"})
    assert (api.status(method, path) == 503) is hit


# Who may order faults, and how.


def test_faults_are_off_unless_asked_for(tmp_path: Path) -> None:
    with served(tmp_path) as api:
        assert {api.status(method, "/faults", json=[]) for method in ("GET", "PUT", "DELETE")} == {404}
        assert "/faults" not in requests.get(f"{api.url}/openapi.json", timeout=10).json()["paths"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_holders_of_the_key_order_faults(api: Served, method: str) -> None:
    order(api, {"match": "GET /nothing", "fault": "503"})
    assert api.status(method, "/faults", headers={}, json=[]) == 401
    assert len(api.get("/faults")["rules"]) == 1


def test_the_document_names_the_routes_while_faults_are_on(api: Served) -> None:
    order(api)
    assert set(api.get("/openapi.json")["paths"]["/faults"]) == {"get", "put", "delete"}


def test_faults_end_when_they_are_deleted(api: Served) -> None:
    assert pattern(api, 1, {"fault": "503"}) == [503]
    report = api.request("DELETE", "/faults").json()
    assert report == {"rules": [], "played": []} == api.get("/faults")
    assert api.status("GET", "/tasks") == 200


def test_what_was_played_is_listed_with_the_request_that_met_it(api: Served) -> None:
    pattern(api, 1, {"match": "GET /tasks", "fault": "429-seconds", "retry_after": 7})
    (rule,) = api.get("/faults")["rules"]
    assert rule == {"match": "GET /tasks", "fault": "429-seconds", "retry_after": 7, "seen": 1, "played": 1}
    assert api.get("/faults")["played"] == [
        {"number": 1, "rule": 0, "kind": "429-seconds", "method": "GET", "path": "/tasks"}
    ]


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "explosion"},
        {"fault": "503", "rate": 1.5},
        {"fault": "503", "times": -1},
        {"fault": "503", "seconds": 1},
        {"fault": "503", "unknown": 1},
        {"fault": "503", "match": "/tasks"},
        {"fault": "slow-drip", "seconds": 601},
        {"fault": "large-body", "bytes": 1 << 31},
        {"fault": "redirect", "location": "/a\r\nSet-Cookie: b"},
        {"video": "*", "outcome": "explosion"},
        {"video": "*", "outcome": "failed", "fault": "503"},
        {"video": "*", "outcome": "no-features", "error": "too late"},
        {"outcome": "failed"},
        {},
        "503",
    ],
)
def test_a_rule_that_means_nothing_is_refused_and_changes_nothing(api: Served, rule: Any) -> None:
    order(api, {"match": "GET /nothing", "fault": "500"})
    reply = api.request("PUT", "/faults", json=[rule])
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"][:2] == ["body", 0]
    assert [one["fault"] for one in api.get("/faults")["rules"]] == ["500"]


def test_a_command_line_gives_rules_or_a_file_with_them(tmp_path: Path) -> None:
    rules = '[{"fault": "503", "times": 1}]'
    (tmp_path / "rules.json").write_text(rules)
    for argument in (rules, str(tmp_path / "rules.json")):
        config = read([f"--state-dir={tmp_path}", f"--faults={argument}"])
        assert config.faults == rules
    with served(tmp_path, faults=rules) as api:
        assert [api.status("GET", "/tasks") for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("argument", ["missing.json", '[{"fault": "explosion"}]', "[", "."])
def test_a_command_line_without_rules_is_refused(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(["--state-dir=/state", f"--faults={argument}"])
    assert "argument --faults" in capsys.readouterr().err


def test_a_server_with_a_rule_that_means_nothing_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="explosion"), served(tmp_path, faults='[{"fault": "explosion"}]'):
        pass
