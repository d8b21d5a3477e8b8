"""The session: whose key is sent, and how many connections there are."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mixpeek_assets.api import deadline
from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.errors import AuthenticationError, MixpeekError
from mixpeek_assets.api.transport import RetryPolicy
from tests.api.conftest import Connect
from tests.fakes.mixpeek import KEY, Answer, ScriptedMixpeek

DONE = Answer({"status": "DONE"})


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login somebody password else\ndefault login any password body\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))


@pytest.mark.usefixtures("netrc")
def test_a_netrc_file_does_not_override_the_key(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    client.submit_video("https://example.com/a.mp4", "c")
    client.probe()
    assert {request.headers["Authorization"] for request in mixpeek.requests} == {f"Bearer {KEY}"}


def test_a_wrong_key_is_said_to_be_wrong(connect: Connect) -> None:
    with pytest.raises(AuthenticationError, match="Invalid API key"):
        connect(key="sk_wrong").probe()


def test_one_thread_needs_one_connection(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("GET", DONE, for_ever=True)
    for number in range(20):
        client.get_task(f"t{number}")
    assert len(mixpeek.requests) == 20
    assert mixpeek.connections == 1


def test_a_connection_outlives_an_error_reply(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("GET", Answer({"detail": "x" * 100_000}, 503), Answer({"detail": []}, 503), DONE)
    client.get_task("t1")
    assert len(mixpeek.requests) == 3
    assert mixpeek.connections == 1


def test_threads_share_as_many_connections_as_they_are(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}, delay=0.01), for_ever=True)
    client = connect(concurrency=4)
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(client.get_task, map(str, range(80))))
    assert [reply.task_id for reply in replies] == [str(number) for number in range(80)]
    assert len(mixpeek.requests) == 80
    assert mixpeek.connections <= 4


def test_more_threads_than_connections_wait_for_one(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}, delay=0.02), for_ever=True)
    client = connect(concurrency=3)
    with ThreadPoolExecutor(9) as pool:
        assert len(list(pool.map(client.get_task, map(str, range(45))))) == 45
    assert mixpeek.connections <= 3


BROKEN = {
    "cut off": Answer({}, cut=True),
    "no JSON": Answer(b"oops"),
    "shorter than it says": Answer({}, headers={"Content-Length": "100"}),
    "no gzip": Answer({}, headers={"Content-Encoding": "gzip"}),
    "too large": Answer(b"{" + b" " * (1 << 21) + b"}"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_no_place_for_a_connection_is_lost_with_a_broken_reply(
    mixpeek: ScriptedMixpeek, connect: Connect, monkeypatch: pytest.MonkeyPatch, broken: Answer
) -> None:
    monkeypatch.setattr(deadline, "LARGEST_REPLY", 1 << 20)
    mixpeek.script("GET", *[broken] * 4, DONE)
    client = connect(concurrency=2, policy=RetryPolicy(attempts=1, read=1))
    for _ in range(4):
        with pytest.raises(MixpeekError):
            client.get_task("t1")
    assert client.get_task("t1").state == "done"


def test_a_connection_that_the_server_has_closed_is_replaced(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}, headers={"Connection": "close"}), for_ever=True)
    client = connect(policy=RetryPolicy(attempts=1))
    for _ in range(3):
        assert client.get_task("t1").state == "done"
    assert client.submit_video("https://example.com/a.mp4", "c") in mixpeek.tasks


def test_cookies_and_user_agents_carry_no_key(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}, headers={"Set-Cookie": "session=1"}), for_ever=True)
    client.get_task("t1")
    client.get_task("t2")
    for request in mixpeek.requests:
        assert [name for name, value in request.headers.items() if KEY in value] == ["Authorization"]
        assert KEY not in request.path + request.query


def test_a_proxy_of_the_environment_is_asked_with_its_own_name_and_ours(
    mixpeek: ScriptedMixpeek, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixpeek.script("GET", DONE, for_ever=True)
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", mixpeek.url.replace("http://", "http://somebody:secret@"))
    client = connect("http://api.mixpeek.invalid", prefix="/v1")

    assert client.get_task("t 1").state == "done"

    (request,) = mixpeek.requests
    assert request.path == "http://api.mixpeek.invalid/v1/tasks/t%201"
    assert request.headers["Host"] == "api.mixpeek.invalid"
    assert request.headers["Proxy-Authorization"] == "Basic c29tZWJvZHk6c2VjcmV0"
    assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_a_proxy_is_not_asked_for_what_the_environment_excepts(
    mixpeek: ScriptedMixpeek, client: AssetsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    mixpeek.script("GET", DONE)
    assert client.get_task("t1").state == "done"


def test_what_is_sent_as_json_says_so(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    client.submit_video("https://example.com/é.mp4", "c", metadata={"emoji": "🎞", "big": 2**70})
    (request,) = mixpeek.requests
    assert request.headers["Content-Type"] == "application/json"
    assert request.body["metadata"] == {"emoji": "🎞", "big": 2**70}
