"""Downloads: whole or refused, from nowhere but where the operator allows."""

import io
import os
import resource
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.__main__ import read
from mixpeek_local.addresses import AllowedHosts, RefusedAddressError, is_public
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract import UnusableVideoError
from mixpeek_local.process import running
from mixpeek_local.state import api_key
from mixpeek_local.work import web
from mixpeek_local.work.download import local_copy
from mixpeek_local.work.transfer import FRUITLESS_ATTEMPTS, Transfer
from tests.mixpeek_local.caller import Caller
from tests.mixpeek_local.video_host import VideoHost, hosting

Fetch = Callable[..., bytes]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[VideoHost]:
    """Serves a megabyte in which every part differs."""
    (tmp_path / "video.mp4").write_bytes(b"".join(number.to_bytes(4, "big") for number in range(1 << 18)))
    with hosting(tmp_path / "video.mp4") as host:
        yield host


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    """Download a URL and give its content; nothing is left behind."""

    def fetch(
        url: str,
        *,
        allowed: tuple[str, ...] = ("127.0.0.1",),
        max_bytes: int = 2 << 20,
        progress: Callable[[float], None] = lambda _share: None,
    ) -> bytes:
        config = LocalApiConfig(tmp_path, allowed_hosts=allowed, max_bytes=max_bytes)
        config.downloads.mkdir(exist_ok=True)
        try:
            with local_copy(url, config, name="claim", progress=progress) as path:
                return path.read_bytes()
        finally:
            assert list(config.downloads.iterdir()) == []

    return fetch


def reason(fetch: Fetch, url: str, **options: Any) -> str:
    with pytest.raises(UnusableVideoError) as refused:
        fetch(url, **options)
    return str(refused.value)


def ranges(host: VideoHost) -> list[str | None]:
    return [headers.get("Range") for _, headers in host.requests]


@pytest.mark.parametrize("path", ["/clip", "/busy", "/zipped"])
def test_a_video_arrives_as_it_is(fetch: Fetch, host: VideoHost, path: str) -> None:
    assert fetch(host.address(path)) == host.content


def test_a_download_that_breaks_off_again_and_again_goes_on_where_it_was(fetch: Fetch, host: VideoHost) -> None:
    shares: list[float] = []
    assert fetch(host.address("/pieces"), progress=shares.append) == host.content
    starts = [int((asked or "bytes=0-").removeprefix("bytes=").removesuffix("-")) for asked in ranges(host)]
    assert len(starts) == 5
    assert starts == sorted(set(starts))
    assert [headers.get("If-Range") for _, headers in host.requests] == [None, *['"first"'] * 4]
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("path", ["/rangeless", "/changing"])
def test_a_download_starts_again_where_it_cannot_go_on(fetch: Fetch, host: VideoHost, path: str) -> None:
    assert fetch(host.address(path)) == host.content
    assert ranges(host)[0] is None
    assert ranges(host)[1] is not None


def test_bytes_without_a_strong_tag_are_never_joined(fetch: Fetch, host: VideoHost) -> None:
    host.tag = 'W/"weak"'
    reason(fetch, host.address("/pieces"))
    assert ranges(host) == [None] * (FRUITLESS_ATTEMPTS + 1)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/cut", "could not be downloaded: no connection, or it broke off"),
        ("/misplaced", "could not be downloaded"),
        ("/missing", "answered 404 Not Found"),
        ("/redirect?file:///etc/passwd", "it is not an http(s) URL"),
        ("/redirect?http://[half", "redirects to something that is not a URL"),
        ("/loop", "redirects more than 5 times"),
        ("/announced", "larger than 2,097,152 bytes"),
        ("/endless", "larger than 2,097,152 bytes"),
        ("/bomb", "larger than 2,097,152 bytes"),
    ],
)
def test_what_is_no_whole_video_of_bounded_size_is_refused(
    fetch: Fetch, host: VideoHost, path: str, words: str
) -> None:
    assert words in reason(fetch, host.address(path))


def test_a_compressed_body_is_unpacked_a_piece_at_a_time(tmp_path: Path, host: VideoHost) -> None:
    class Recorder(io.BytesIO):
        largest = 0

        def write(self, content: Any) -> int:
            self.largest = max(self.largest, len(content))
            return super().write(content)

    file = Recorder()
    allowed = AllowedHosts(["127.0.0.1"])
    Transfer(host.address("/bomb"), file, max_bytes=1 << 30, allowed=allowed, progress=lambda _share: None).run()
    assert file.tell() == 20 << 20
    assert file.largest <= 1 << 18


def test_attempts_are_bounded(fetch: Fetch, host: VideoHost) -> None:
    reason(fetch, host.address("/cut"))
    assert len(host.requests) == FRUITLESS_ATTEMPTS + 1  # the first brought something


def test_a_full_disk_is_named(fetch: Fetch, host: VideoHost) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        assert "could not be stored: File too large" in reason(fetch, host.address("/clip"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1 127.8.9.10 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 192.0.2.1 198.18.0.1",
        "224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1",
        "::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 2002:7f00:1:: 64:ff9b::10.0.0.1 64:ff9b:1::1",
    ],
)
def test_addresses_of_this_machine_and_its_networks_are_not_public(address: str) -> None:
    assert [one for one in address.split() if is_public(ip_address(one))] == []


def test_addresses_of_the_internet_are_public() -> None:
    for address in ("8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"):
        assert is_public(ip_address(address)), address


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_this_machine_is_reached(fetch: Fetch, host: VideoHost, name: str) -> None:
    said = reason(fetch, host.address("/clip", name), allowed=())
    assert "has no public address" in said
    assert f"set MIXPEEK_LOCAL_API_HOSTS={name.strip('[]')}, or start this server with --allow-host" in said
    assert host.requests == []


def test_a_redirect_is_checked_like_the_first_address(fetch: Fetch, host: VideoHost) -> None:
    allowed, inner = ("localhost",), host.address("/clip")
    assert fetch(host.address("/redirect?/clip", "localhost"), allowed=allowed) == host.content
    said = reason(fetch, host.address(f"/redirect?{inner}", "localhost"), allowed=allowed)
    assert f"{inner} may not be reached: 127.0.0.1 has no public address" in said
    assert [path for path, _ in host.requests] == ["/redirect", "/clip", "/redirect"]


@pytest.mark.parametrize("entry", ["127.0.0.1", "127.0.0.0/8", "localhost", "LOCALHOST."])
def test_a_host_an_address_or_a_network_can_be_allowed(fetch: Fetch, host: VideoHost, entry: str) -> None:
    assert fetch(host.address("/clip", "localhost"), allowed=(entry,)) == host.content


@pytest.mark.parametrize("entry", ["http://127.0.0.1", "127.0.0.1:8000", "*", "", "a b"])
def test_what_can_not_be_allowed_is_named_before_the_server_starts(
    tmp_path: Path, entry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read([f"--state-dir={tmp_path}", f"--allow-host={entry}"])
    assert f"{entry!r} cannot be allowed: give a host name, an address or a network" in capsys.readouterr().err


@contextmanager
def names(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> Iterator[list[str]]:
    """Let names that end in .test have these addresses, another list each time; gives the names that were asked for."""
    real, asked = socket.getaddrinfo, []

    def fake(name: str, port: int, *args: Any, **options: Any) -> list[Any]:
        if not str(name).endswith(".test"):
            return real(name, port, *args, **options)
        asked.append(name)
        return [found for address in answers.pop(0) for found in real(address, port, *args, **options)]

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", fake)
        yield asked


def test_the_address_that_was_checked_is_the_one_that_is_reached(
    fetch: Fetch, host: VideoHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with names(monkeypatch, [["127.0.0.1"], ["10.0.0.1"]]) as asked:
        assert fetch(host.address("/clip", "video.test")) == host.content
    assert asked == ["video.test"]
    assert host.requests[0][1]["Host"] == f"video.test:{host.port}"


def test_only_the_allowed_ones_of_a_hosts_addresses_are_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    with names(monkeypatch, [["10.0.0.1", "8.8.8.8", "127.0.0.1"], ["10.0.0.1"]]):
        assert AllowedHosts(["127.0.0.1"]).addresses("video.test", 80) == ["8.8.8.8", "127.0.0.1"]
        with pytest.raises(RefusedAddressError, match=r"video.test has no public address \(10.0.0.1\)"):
            AllowedHosts(["127.0.0.1"]).addresses("video.test", 80)


def test_where_one_address_does_not_answer_the_next_is_asked(
    fetch: Fetch, host: VideoHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with names(monkeypatch, [["::1", "127.0.0.1"]]):
        assert fetch(host.address("/clip", "video.test"), allowed=("127.0.0.1", "::1")) == host.content


@pytest.fixture
def secure(host: VideoHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VideoHost]:
    """Speaks TLS as localhost; its certificate is trusted."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    host.socket = context.wrap_socket(host.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    web.trusted_certificates.cache_clear()
    yield host
    web.trusted_certificates.cache_clear()


def test_over_https_the_certificate_must_be_the_named_hosts(
    fetch: Fetch, secure: VideoHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fetch(f"https://localhost:{secure.port}/clip") == secure.content
    with names(monkeypatch, [["127.0.0.1"]] * 10):
        said = reason(fetch, f"https://video.test:{secure.port}/clip")
    assert "its certificate or encryption cannot be trusted" in said


def test_a_proxy_is_used_and_no_way_around_the_check(
    fetch: Fetch, host: VideoHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:word@127.0.0.1:{host.port}")
    monkeypatch.setenv("no_proxy", "")
    assert fetch("http://name.invalid/clip?x=1") == host.content
    assert host.requests[0][1]["Proxy-Authorization"].startswith("Basic ")
    assert "192.168.0.1 has no public address" in reason(fetch, "http://192.168.0.1/clip")
    assert len(host.requests) == 1


def test_the_password_in_a_url_goes_to_its_host_alone(fetch: Fetch, host: VideoHost) -> None:
    target = host.address("/clip", "localhost")
    fetch(f"http://user:word@127.0.0.1:{host.port}/redirect?{target}", allowed=("localhost", "127.0.0.1"))
    assert ["Authorization" in headers for _, headers in host.requests] == [True, False]


def test_a_server_reaches_nothing_but_public_addresses_by_default(own: LocalApiConfig, host: VideoHost) -> None:
    with running(replace(own, allowed_hosts=())) as url:
        api = Caller(url, api_key(own.state_dir))
        assert "127.0.0.1 has no public address" in api.reason(host.address("/clip"))
    assert host.requests == []


@pytest.fixture
def walled(tmp_path: Path) -> Callable[[str], str]:
    """The reason for which an address is refused by a server that may read `inside`; `outside` is beside it."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside-too").mkdir()
    for path in (tmp_path / "outside.mp4", tmp_path / "inside-too" / "video.mp4"):
        path.write_bytes(b"secret")
    config = LocalApiConfig(tmp_path / "state", allowed_folders=(tmp_path / "inside",))

    def refused(url: str) -> str:
        address = url.format(inside=tmp_path / "inside", outside=tmp_path / "outside.mp4", near=tmp_path)
        with pytest.raises(UnusableVideoError) as refusal, local_copy(address, config, name="x", progress=print):
            pass
        return str(refusal.value)

    return refused


@pytest.mark.parametrize(
    "url",
    [
        "{outside}",
        "file://{outside}",
        "FILE://{outside}",
        "file:{outside}",
        "file://localhost{outside}",
        "//{outside}",
        "../outside.mp4",
        "{inside}/../outside.mp4",
        "file://{inside}/../outside.mp4",
        "file://{inside}/%2e%2e/outside.mp4",
        "file://{inside}/..%2foutside.mp4",
        "file://{inside}/%2E%2E%2Foutside.mp4?x=1#y",
        "{inside}/.././outside.mp4",
        "{near}/inside-too/video.mp4",
        "/proc/self/root{outside}",
        "/proc/self/cwd/../{outside}",
        "/dev/zero",
        "/dev/stdin",
        "/etc/passwd",
    ],
)
def test_no_spelling_of_a_path_leads_out_of_the_allowed_folders(walled: Callable[[str], str], url: str) -> None:
    assert "outside the folders that this server may read" in walled(url)


@pytest.mark.parametrize("url", ["file://{inside}/%00", "file://elsewhere{outside}", "{inside}/pipe", "{inside}"])
def test_what_is_no_file_of_this_machine_is_not_opened(walled: Callable[[str], str], tmp_path: Path, url: str) -> None:
    os.mkfifo(tmp_path / "inside" / "pipe")  # which would keep a reader waiting for ever
    said = walled(url)
    assert any(words in said for words in ("is not a file", "is on another machine", "cannot be read"))
