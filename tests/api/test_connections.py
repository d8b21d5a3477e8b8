"""The session: whose key is sent, and how many connections there are."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mixpeek_assets.api.client import MixpeekClient, Patience
from mixpeek_assets.api.errors import WrongKeyError
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
def test_a_netrc_file_does_not_override_the_key(mixpeek: ScriptedMixpeek, client: MixpeekClient) -> None:
    client.submit_video("https://example.com/a.mp4", "c")
    client.probe()
    assert {request.headers["Authorization"] for request in mixpeek.requests} == {f"Bearer {KEY}"}


def test_a_wrong_key_is_said_to_be_wrong(connect: Connect) -> None:
    with pytest.raises(WrongKeyError, match="Invalid API key"):
        connect(key="sk_wrong").probe()


def test_one_thread_needs_one_connection(mixpeek: ScriptedMixpeek, client: MixpeekClient) -> None:
    mixpeek.script("GET", DONE, for_ever=True)
    for number in range(20):
        client.get_task(f"t{number}")
    assert len(mixpeek.requests) == 20
    assert mixpeek.connections == 1


def test_a_connection_outlives_an_error_reply(mixpeek: ScriptedMixpeek, client: MixpeekClient) -> None:
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


def test_a_connection_that_the_server_has_closed_is_replaced(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}, headers={"Connection": "close"}), for_ever=True)
    client = connect(patience=Patience(attempts=1))
    for _ in range(3):
        assert client.get_task("t1").state == "done"
    assert client.submit_video("https://example.com/a.mp4", "c") in mixpeek.tasks


def test_cookies_and_user_agents_carry_no_key(mixpeek: ScriptedMixpeek, client: MixpeekClient) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}, headers={"Set-Cookie": "session=1"}), for_ever=True)
    client.get_task("t1")
    client.get_task("t2")
    for request in mixpeek.requests:
        assert [name for name, value in request.headers.items() if KEY in value] == ["Authorization"]
        assert KEY not in request.path + request.query
