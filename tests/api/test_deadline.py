"""A reply has a time in which it must be there whole, and a size."""

import gc
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from mixpeek_assets.api import deadline
from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.errors import (
    PermanentError,
    ServerUnreachableError,
    SubmissionOutcomeUnknownError,
    TransientError,
    UnreadableReplyError,
)
from mixpeek_assets.api.transport import RetryPolicy
from tests.api.conftest import Connect
from tests.fakes.mixpeek import Answer, ScriptedMixpeek

VIDEO = "https://example.com/a.mp4"
HASTY = RetryPolicy(connect=2, read=5, whole=0.5, attempts=1)
JSON = b'{"task_id": "t1", "status": "DONE"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = HEAD + b"Content-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n"
# The header of a gzip file may hold a name, of any length: a decoder that waits for the first decoded byte waits long.
ENDLESS_GZIP_HEADER = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"n" * 400
AGES = 400


@dataclass
class Dripping:
    """A server that says something at once, and the rest a byte at a time."""

    url: str
    dripped: int = 0
    connections: int = 0


@contextmanager
def dripping(at_once: bytes, drips: bytes, pause: float = 0.05) -> Iterator[Dripping]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        server = Dripping(f"http://127.0.0.1:{listening.getsockname()[1]}")
        stopping = threading.Event()

        def serve() -> None:
            while not stopping.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                server.connections += 1
                with connection:
                    connection.recv(1 << 16)
                    connection.sendall(at_once)
                    try:
                        for place in range(len(drips)):
                            if stopping.wait(pause):
                                break
                            connection.sendall(drips[place : place + 1])
                            server.dripped += 1
                    except OSError:  # the client has had enough
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            stopping.set()
            thread.join()


PLACES = [
    pytest.param(b"", b"HTTP/1.1 200 " + b"O" * AGES, id="status"),
    pytest.param(HEAD + b"X-Long: ", b"x" * AGES, id="headers"),
    pytest.param(CHUNKED, b"1;" + b"x" * AGES, id="size of a chunk"),
    pytest.param(CHUNKED, b"1\r\n \r\n" * (AGES // 6), id="chunks"),
    pytest.param(HEAD + b"Content-Length: 400\r\n\r\n", b" " * AGES, id="body"),
    pytest.param(HEAD + b"\r\n", b" " * AGES, id="body without a length"),
    pytest.param(GZIP, ENDLESS_GZIP_HEADER, id="header of gzip"),
]


@pytest.mark.parametrize(("at_once", "drips"), PLACES)
def test_a_reply_that_drips_is_given_up(connect: Connect, at_once: bytes, drips: bytes) -> None:
    with dripping(at_once, drips) as server:
        with pytest.raises(TransientError, match="no complete reply") as caught:
            connect(server.url, policy=HASTY).get_task("t1")
        assert type(caught.value) is TransientError
        assert server.connections == 1
    assert server.dripped < len(drips) / 2


@pytest.mark.parametrize(("at_once", "drips"), PLACES[1:5:3])
def test_a_submission_whose_answer_drips_is_lost(connect: Connect, at_once: bytes, drips: bytes) -> None:
    with dripping(at_once, drips) as server:
        with pytest.raises(SubmissionOutcomeUnknownError, match="no complete reply"):
            connect(server.url, policy=HASTY).submit_video(VIDEO, "c")
        assert server.connections == 1
    assert server.dripped < len(drips) / 2


def test_a_reply_that_drips_is_asked_for_again(connect: Connect) -> None:
    with dripping(HEAD + b"Content-Length: 400\r\n\r\n", b" " * AGES) as server:
        with pytest.raises(TransientError):
            connect(server.url, policy=RetryPolicy(read=5, whole=0.3, attempts=2)).get_task("t1")
        assert server.connections == 2


def test_a_reply_that_is_slow_and_in_time_is_read(connect: Connect) -> None:
    drips = b"%x\r\n%s\r\n0\r\n\r\n" % (len(JSON), JSON)
    with dripping(CHUNKED, drips, pause=0.01) as server:
        task = connect(server.url, policy=RetryPolicy(read=5, whole=60, attempts=1)).get_task("t1")
        assert task.state == "done"


def test_the_time_of_a_reply_is_its_own_and_not_its_connections(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}), for_ever=True)
    client = connect(policy=RetryPolicy(read=5, whole=1.5, attempts=1))
    for number in range(3):
        client.get_task(f"t{number}")
        time.sleep(0.8)
    assert mixpeek.connections == 1


def test_what_is_sent_whole_is_read_over_one_connection(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    folded = gzip.compress(JSON)
    chunked = {"Transfer-Encoding": "chunked", "Content-Length": ""}
    bodies = [
        Answer(folded, headers={"Content-Encoding": "gzip"}),
        Answer(b" " * 5_000_000 + JSON),
        Answer(b"%x\r\n%s\r\n0\r\n\r\n" % (len(JSON), JSON), headers=chunked),
        Answer(b"%x\r\n%s\r\n0\r\n\r\n" % (len(folded), folded), headers={**chunked, "Content-Encoding": "gzip"}),
        Answer(gzip.compress(b" " * 5_000_000 + JSON), headers={"Content-Encoding": "gzip"}),
    ]
    mixpeek.script("GET", *bodies)
    assert [client.get_task("t1").state for _ in bodies] == ["done"] * len(bodies)
    assert mixpeek.connections == 1


SPACE = 70 << 20
TOO_LARGE = [
    pytest.param(Answer(b" " * SPACE), id="plain"),
    pytest.param(Answer(b" " * SPACE, headers={"Content-Length": "", "Connection": "close"}), id="without a length"),
    # A bomb: 1 GiB in 1 MiB.
    pytest.param(Answer(gzip.compress(b" " * SPACE) * 15, headers={"Content-Encoding": "gzip"}), id="folded"),
]


@pytest.mark.parametrize("answer", TOO_LARGE)
def test_a_reply_that_is_too_large_is_unreadable_and_says_the_limit(
    mixpeek: ScriptedMixpeek, client: AssetsClient, answer: Answer
) -> None:
    mixpeek.script("GET", answer, for_ever=True)
    with pytest.raises(UnreadableReplyError, match="more than 64 MiB"):
        client.get_asset("a1")
    assert len(mixpeek.requests) == 1


def test_a_submission_whose_answer_is_too_large_is_lost(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("POST", TOO_LARGE[0].values[0], for_ever=True)  # type: ignore[arg-type]
    with pytest.raises(SubmissionOutcomeUnknownError, match="more than 64 MiB"):
        client.submit_video(VIDEO, "c")
    assert len(mixpeek.requests) == 1


CALLS: list[Callable[[AssetsClient], object]] = [
    lambda client: client.get_task("t1"),
    lambda client: client.submit_video(VIDEO, "c"),
]


@pytest.mark.parametrize("call", CALLS, ids=["GET", "POST"])
def test_a_client_goes_on_after_a_reply_that_was_too_large(
    mixpeek: ScriptedMixpeek,
    client: AssetsClient,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[AssetsClient], object],
) -> None:
    monkeypatch.setattr(deadline, "LARGEST_REPLY", 1_000)
    mixpeek.script("", Answer(b" " * 200_000), Answer({"task_id": "t1", "status": "DONE"}))
    with pytest.raises((UnreadableReplyError, SubmissionOutcomeUnknownError)):
        call(client)
    call(client)
    assert len(mixpeek.requests) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [(503, TransientError), (400, PermanentError), (302, PermanentError)],
)
def test_an_error_that_is_too_large_means_what_its_status_says(
    mixpeek: ScriptedMixpeek, connect: Connect, monkeypatch: pytest.MonkeyPatch, status: int, kind: type[Exception]
) -> None:
    monkeypatch.setattr(deadline, "LARGEST_REPLY", 1_000)
    mixpeek.script("GET", Answer(b"sorry" * 100_000, status, {"Location": "/elsewhere"}), for_ever=True)
    with pytest.raises(kind, match="elsewhere" if status == 302 else "sorry") as caught:
        connect(policy=RetryPolicy(attempts=1)).get_task("t1")
    assert len(str(caught.value)) < 600


# urllib3 forgets to close the connection of such a reply, and leaves it to Python's collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_reply_of_two_lengths_leaves_the_fate_of_a_submission_unknown(
    mixpeek: ScriptedMixpeek, client: AssetsClient
) -> None:
    mixpeek.script("POST", Answer(JSON, headers={"Content-Length": "35, 36"}))
    with pytest.raises(SubmissionOutcomeUnknownError, match="no complete reply"):
        client.submit_video(VIDEO, "c")
    gc.collect()


def test_certificates_that_are_not_where_the_environment_says_leave_the_server_unreachable(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    with pytest.raises(ServerUnreachableError, match=r"/nowhere/certificates\.pem"):
        connect("https://127.0.0.1:9", policy=HASTY).submit_video(VIDEO, "c")
