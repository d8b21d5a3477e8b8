"""Which calls are sent again, how often, and which never."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.errors import (
    MixpeekError,
    NotFoundError,
    ServerUnreachableError,
    SubmissionOutcomeUnknownError,
    TransientError,
)
from mixpeek_assets.api.transport import RetryPolicy
from tests.api.conftest import PATIENCE, Connect
from tests.fakes.mixpeek import Answer, ScriptedMixpeek, scripted_mixpeek

CUT_OFF = {"Content-Length": "1000", "Connection": "close"}
BROKEN = [
    pytest.param(Answer(b"", 500), id="500"),
    pytest.param(Answer(b"<html>", 502), id="502"),
    pytest.param(Answer({"error": "busy"}, 503), id="503"),
    pytest.param(Answer(b"", 504), id="504"),
    pytest.param(Answer(b"", 408), id="408"),
    pytest.param(Answer(cut=True), id="closed without an answer"),
    pytest.param(Answer(b'{"task_id": "t1", "sta'), id="half a JSON object"),
    pytest.param(Answer(b'{"task_id": "t1"', headers=CUT_OFF), id="half a body"),
    pytest.param(Answer(b"not gzip at all", headers={"Content-Encoding": "gzip"}), id="broken gzip"),
    pytest.param(Answer(b""), id="an empty 200"),
    pytest.param(Answer(b"<html>maintenance</html>"), id="an HTML 200"),
    pytest.param(Answer(b"[" * 100_000), id="a bottomless 200"),
    pytest.param(Answer(b'{"status": "\xff"}'), id="a 200 that is no UTF-8"),
]


@pytest.mark.parametrize("answer", BROKEN)
def test_a_read_that_fails_in_passing_is_sent_again(
    mixpeek: ScriptedMixpeek, client: AssetsClient, answer: Answer
) -> None:
    mixpeek.script("GET", answer, Answer({"task_id": "t1", "status": "DONE"}))
    assert client.get_task("t1").state == "done"
    assert len(mixpeek.requests) == 2


@pytest.mark.parametrize("answer", BROKEN[::3])
def test_a_read_is_given_up_after_its_attempts(mixpeek: ScriptedMixpeek, connect: Connect, answer: Answer) -> None:
    mixpeek.script("GET", answer, for_ever=True)
    with pytest.raises(TransientError) as caught:
        connect(policy=RetryPolicy(read=5, attempts=2)).get_task("t1")
    assert type(caught.value) is TransientError
    assert caught.value.retryable
    assert len(mixpeek.requests) == 2


def test_every_attempt_of_many_is_made(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET", Answer(b"", 503), for_ever=True)
    with pytest.raises(TransientError):
        connect(policy=RetryPolicy(attempts=4)).get_feature("f1")
    assert len(mixpeek.requests) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 422])
def test_a_refused_read_is_not_sent_again(mixpeek: ScriptedMixpeek, client: AssetsClient, status: int) -> None:
    mixpeek.script("GET", Answer({"detail": "no"}, status), for_ever=True)
    with pytest.raises(MixpeekError) as caught:
        client.get_asset("a1")
    assert not caught.value.retryable
    assert len(mixpeek.requests) == 1


def test_finding_an_asset_creates_nothing_and_may_be_sent_again(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("POST /assets", Answer(b"", 500), Answer({"results": [{"asset_id": "a1"}]}))
    assert client.find_asset("t1", "c") == "a1"
    assert len(mixpeek.requests) == 2


@pytest.mark.parametrize("answer", [*BROKEN, pytest.param(Answer([{"task_id": "t1"}]), id="a list")])
def test_a_submission_whose_answer_is_lost_is_not_sent_again_by_the_client(
    mixpeek: ScriptedMixpeek, client: AssetsClient, answer: Answer
) -> None:
    mixpeek.script("POST", answer, for_ever=True)
    with pytest.raises(SubmissionOutcomeUnknownError) as caught:
        client.submit_video("https://example.com/a.mp4", "c")
    assert caught.value.object_id == "https://example.com/a.mp4"
    assert len(mixpeek.requests) == 1


@pytest.mark.parametrize("body", [{}, {"task_id": None}, {"task_id": ""}, {"task_id": {"id": 1}}, {"id": "t1"}])
def test_a_submission_that_is_answered_without_a_task_is_lost(
    mixpeek: ScriptedMixpeek, client: AssetsClient, body: dict[str, object]
) -> None:
    mixpeek.script("POST", Answer(body), for_ever=True)
    with pytest.raises(SubmissionOutcomeUnknownError, match="task_id"):
        client.submit_video("https://example.com/a.mp4", "c")
    assert len(mixpeek.requests) == 1


def test_a_submission_that_takes_too_long_to_answer_is_lost(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("POST", Answer({"task_id": "t1"}, delay=1), for_ever=True)
    with pytest.raises(SubmissionOutcomeUnknownError, match="ReadTimeout"):
        connect(policy=RetryPolicy(read=0.2, attempts=3)).submit_video("https://example.com/a.mp4", "c")
    assert len(mixpeek.requests) == 1


def test_a_read_that_takes_too_long_is_sent_again(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}, delay=30), Answer({"status": "FAILED"}))
    assert connect(policy=RetryPolicy(read=1.5, attempts=2)).get_task("t1").state == "failed"
    assert len(mixpeek.requests) == 2


def test_a_submission_is_sent_once_somebody_listens(connect: Connect) -> None:
    port = free_port()
    client = connect(f"http://127.0.0.1:{port}", policy=RetryPolicy(connect=2, read=5, attempts=10))
    task_ids: list[str] = []
    submitting = threading.Thread(target=lambda: task_ids.append(client.submit_video("https://example.com/a.mp4", "c")))
    submitting.start()
    time.sleep(0.3)
    assert submitting.is_alive()
    with scripted_mixpeek(port) as server:
        submitting.join(timeout=60)
        assert list(server.tasks) == task_ids
        assert len(server.requests) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_is_not_there_is_unreachable(connect: Connect, scheme: str) -> None:
    client = connect(f"{scheme}://127.0.0.1:{free_port()}", policy=RetryPolicy(connect=2, attempts=2))
    for call in (lambda: client.get_task("t1"), lambda: client.submit_video("https://example.com/a.mp4", "c")):
        with pytest.raises(ServerUnreachableError, match="no server at"):
            call()


def test_a_host_that_has_no_address_is_unreachable(connect: Connect) -> None:
    with pytest.raises(ServerUnreachableError, match=r"nowhere\.invalid"):
        connect("http://nowhere.invalid", policy=RetryPolicy(connect=2, attempts=1)).get_task("t1")


def test_https_of_a_server_that_speaks_http_is_unreachable(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    client = connect(mixpeek.url.replace("http://", "https://"), policy=RetryPolicy(connect=2, read=2, attempts=1))
    with pytest.raises(ServerUnreachableError, match="SSLError"):
        client.submit_video("https://example.com/a.mp4", "c")
    assert mixpeek.requests == []


def test_a_proxy_that_is_not_there_leaves_the_server_unreachable(
    mixpeek: ScriptedMixpeek, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ServerUnreachableError, match="ProxyError"):
        connect(policy=RetryPolicy(connect=2, attempts=1)).submit_video("https://example.com/a.mp4", "c")
    assert mixpeek.requests == []


def test_a_connection_that_is_reset_in_mid_submission_loses_the_answer(connect: Connect) -> None:
    with resetting_server() as (url, accepted):
        with pytest.raises(SubmissionOutcomeUnknownError):
            connect(url, policy=PATIENCE).submit_video("https://example.com/a.mp4", "c")
        assert len(accepted) == 1
        with pytest.raises(TransientError):
            connect(url, policy=RetryPolicy(attempts=2)).get_task("t1")
        assert len(accepted) == 3


def test_an_answer_after_trouble_is_the_answer(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("GET", Answer(b"", 500), Answer({"detail": "no such task"}, 404))
    with pytest.raises(NotFoundError):
        client.get_task("t1")
    assert len(mixpeek.requests) == 2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def resetting_server() -> Iterator[tuple[str, list[object]]]:
    """Run a server that reads a request and resets the connection."""
    accepted: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        stopping = threading.Event()

        def serve() -> None:
            while not stopping.is_set():
                try:
                    connection, address = listening.accept()
                except TimeoutError:
                    continue
                accepted.append(address)
                with connection:
                    connection.recv(1)
                    # To close with unread bytes, or with no linger, is to reset.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", accepted
        finally:
            stopping.set()
            thread.join()
