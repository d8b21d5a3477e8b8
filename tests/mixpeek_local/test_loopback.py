"""The server is for programs of this machine and for its own page, whatever a web page in a browser tries."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.mixpeek_local.caller import Caller
from tests.mixpeek_local.served import KEY, Served, served

FOREIGN = [
    "evil.test",
    "evil.test:8765",
    "127.0.0.1.evil.test",
    "127.0.0.2",
    "[::2]:80",
    "localhost@evil.test",
    "",
    ":80",
]
OWN = ["127.0.0.1", "127.0.0.1:1", "localhost:8765", "LOCALHOST", "[::1]", "[::1]:8765"]
EVERY_PATH = ["/", "/health", "/page/app.js", "/openapi.json", "/tasks/1", "/v1/tasks/1", "/activity", "/nothing"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("state") / "state") as api:
        yield api


def asked(here: Served, path: str, **headers: str) -> requests.Response:
    return here.request("GET", path, headers={"Authorization": f"Bearer {KEY}", **headers})


@pytest.mark.parametrize("path", EVERY_PATH)
@pytest.mark.parametrize("name", FOREIGN)
def test_a_name_that_was_made_to_point_here_is_not_answered(here: Served, path: str, name: str) -> None:
    reply = asked(here, path, Host=name)
    assert reply.status_code == 421
    assert reply.json()["error"]["message"].startswith("this server answers to 127.0.0.1 and localhost only")


@pytest.mark.parametrize("name", OWN)
def test_this_machine_is_answered_by_all_its_names(here: Served, name: str) -> None:
    assert asked(here, "/health", Host=name).status_code == 200


@pytest.mark.parametrize("path", EVERY_PATH)
@pytest.mark.parametrize(
    "origin", ["http://evil.test", "null", "https://{host}", "http://{host}0", "http://localhost", ""]
)
def test_another_page_is_not_answered(here: Served, path: str, origin: str) -> None:
    host = here.url.removeprefix("http://")
    assert asked(here, path, Origin=origin.format(host=host)).status_code == 403


def test_its_own_page_is_answered(here: Served) -> None:
    assert asked(here, "/activity", Origin=here.url).status_code == 200
    assert (
        here.request(
            "POST", "/uploads", data=b"video", headers={"Authorization": f"Bearer {KEY}", "Origin": here.url}
        ).status_code
        == 200
    )


def test_no_page_may_frame_it_or_be_told_of_it(here: Served) -> None:
    headers = asked(here, "/").headers
    for policy in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"):
        assert policy in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_running_server_listens_on_127_0_0_1_alone(api: Caller) -> None:
    port = int(api.url.rpartition(":")[2])
    assert requests.get(f"http://127.0.0.1:{port}/health", timeout=60).ok
    own = socket.gethostbyname(socket.gethostname())
    for address in {"127.0.0.2", "::1", own} - {"127.0.0.1"}:
        with pytest.raises(OSError), socket.create_connection((address, port), timeout=60):
            pass


def test_a_running_server_speaks_no_other_protocol(api: Caller) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x"}
    assert requests.get(f"{api.url}/tasks/1", headers=headers, timeout=60).status_code == 401


@pytest.mark.parametrize("key", [b"Bearer \xff\xfe", b"Bearer " + b"x" * 10_000, "Bearer \u00e9".encode(), b"\x80"])
def test_a_key_of_any_bytes_is_compared_and_refused(here: Served, key: bytes) -> None:
    reply = requests.get(f"{here.url}/tasks/1", headers={"Authorization": key}, timeout=60)  # pyright: ignore[reportArgumentType]
    assert reply.status_code == 401


def test_two_keys_are_no_way_around_one(here: Served) -> None:
    port = int(here.url.rpartition(":")[2])
    head = f"GET /tasks/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nAuthorization: Bearer x\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("path", ["/", "/health", "/tasks", "/v1/tasks/1", "/assets/1", "/features/search", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_ends_at_a_size_on_every_route_though_it_announces_none(here: Served, path: str, method: str) -> None:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nTransfer-Encoding: chunked\r\n"
    )
    chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    with socket.create_connection(("127.0.0.1", int(here.url.rpartition(":")[2])), timeout=60) as connection:
        connection.sendall(f"{head}\r\n".encode() + chunk * 17)
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_state_that_others_must_not_read_is_not_served_by_a_path(here: Served) -> None:
    for path in ("/page/../key", "/page/%2e%2e/%2e%2e/key", "/previews/..%2f..%2fkey", "/page/..%5cserver.py"):
        assert asked(here, path).status_code in (404, 401)


def test_a_file_below_the_uploads_is_named_by_us(here: Served) -> None:
    names = [
        "..",
        ".",
        "",
        "/",
        "a\x00b.mp4",
        "x" * 300 + ".mp4",
        "é" * 200 + ".mp4",
        "a\nb\x1b[31m.mp4",
        "..\\..\\x",
        ".. ",
    ]
    for name in names:
        reply = here.request("POST", "/uploads", params={"name": name}, data=b"video")
        assert reply.status_code == 200, (name, reply.text)
    kept = [
        file.relative_to(here.store.previews.parent / "uploads")
        for file in _files(here.store.previews.parent / "uploads")
    ]
    assert len(kept) >= len(names)
    assert all(len(file.parts) == 2 for file in kept)
    assert all(file.name.isprintable() for file in kept)


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
