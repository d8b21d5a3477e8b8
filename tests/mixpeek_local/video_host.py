"""A web server with videos, some of which come slowly, in pieces, wrongly or not at all."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

MEGABYTE = bytes(1 << 20)


class VideoHost(ThreadingHTTPServer):
    """Serves what `_ROUTES` has, and refuses the rest.

    Attributes:
        content: The video.
        tag: Its ETag, on the routes that send one.
        released: Lets `/later` go on.
        asked: Half of a video has been sent.
        requests: The path and the headers of every request.
    """

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.tag = '"first"'
        self.released = threading.Event()
        self.asked = threading.Event()
        self.closing = threading.Event()
        self.requests: list[tuple[str, Message]] = []

    @property
    def port(self) -> int:
        return self.server_address[1]

    def address(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed, or has had enough, hangs up: that is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: VideoHost  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = urlsplit(self.path)  # a proxy is asked for a whole URL
        self.query = unquote(asked.query)
        self.server.requests.append((asked.path, self.headers))
        _ROUTES.get(asked.path, _Handler.missing)(self)

    def log_message(self, *args: object, **_named: object) -> None:
        """Say nothing."""

    def head(self, status: int = 200, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()

    def missing(self) -> None:
        self.head(404, Content_Length=0)

    def whole(self) -> None:
        self.head(Content_Length=len(self.server.content))
        self.wfile.write(self.server.content)

    def page(self) -> None:
        body = b"<!DOCTYPE html>\n<html><body><video src='/clip'></video></body></html>"
        self.head(Content_Length=len(body), Content_Type="video/mp4")
        self.wfile.write(body)

    def later(self) -> None:
        self.cut()
        if self.server.released.wait(300):
            self.wfile.write(self.server.content[len(self.server.content) // 2 :])

    def cut(self) -> None:
        self.head(Content_Length=len(self.server.content))
        self.wfile.write(self.server.content[: len(self.server.content) // 2])
        self.server.asked.set()

    def pieces(self) -> None:
        """Whatever is asked for, a fifth of the video, then nothing more."""
        content, start = self.server.content, 0
        if "Range" in self.headers and self.headers.get("If-Range") == self.server.tag:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            part = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.head(206, ETag=self.server.tag, Content_Length=len(content) - start, Content_Range=part)
        else:
            self.head(ETag=self.server.tag, Content_Length=len(content))
        self.wfile.write(content[start : start + len(content) // 5 + 1])
        self.server.asked.set()

    def changing(self) -> None:
        """Once half of it was sent, the video is another one."""
        if self.server.asked.is_set():
            self.server.tag, self.server.content = '"second"', self.server.content[::-1]
            self.head(ETag=self.server.tag, Content_Length=len(self.server.content))
            self.wfile.write(self.server.content)
        else:
            self.head(ETag=self.server.tag, Content_Length=len(self.server.content))
            self.wfile.write(self.server.content[: len(self.server.content) // 2])
            self.server.asked.set()

    def rangeless(self) -> None:
        """Half of the video, then always the whole, whatever part is asked for."""
        self.head(ETag=self.server.tag, Content_Length=len(self.server.content))
        half = None if self.server.asked.is_set() else len(self.server.content) // 2
        self.wfile.write(self.server.content[:half])
        self.server.asked.set()

    def misplaced(self) -> None:
        """Half of the video, then the first half again, as if it were the second."""
        half = len(self.server.content) // 2
        if "Range" in self.headers:
            part = f"bytes 0-{half - 1}/{len(self.server.content)}"
            self.head(206, ETag=self.server.tag, Content_Length=half, Content_Range=part)
        else:
            self.head(ETag=self.server.tag, Content_Length=len(self.server.content))
        self.wfile.write(self.server.content[:half])

    def busy(self) -> None:
        """Not now; the third time it works."""
        if len(self.server.requests) < 3:
            self.head(503, Content_Length=0, Retry_After=3600)
        else:
            self.whole()

    def zipped(self) -> None:
        body = gzip.compress(self.server.content)
        self.head(Content_Length=len(body), Content_Encoding="gzip")
        self.wfile.write(body)

    def bomb(self) -> None:
        """Some kilobytes that unpack to a thousand times as much."""
        body = gzip.compress(20 * MEGABYTE)
        self.head(Content_Length=len(body), Content_Encoding="gzip")
        self.wfile.write(body)

    def endless(self) -> None:
        self.head(Content_Type="video/mp4")
        while not self.server.closing.is_set():
            self.wfile.write(MEGABYTE)

    def drip(self) -> None:
        self.head(Content_Length=len(self.server.content))
        for number in range(len(self.server.content)):
            self.wfile.write(self.server.content[number : number + 1])
            if self.server.closing.wait(0.1):
                break

    def dripping_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.server.closing.wait(0.1):
            self.wfile.write(b"A")

    def announced(self) -> None:
        """Ten gigabytes, it says, and waits."""
        self.head(Content_Length=10 << 30)
        self.server.closing.wait(300)

    def redirect(self) -> None:
        """To what the query names, with a body that never ends."""
        self.head(302, Location=self.query)
        while not self.server.closing.is_set():
            self.wfile.write(MEGABYTE)
            time.sleep(0.001)

    def loop(self) -> None:
        self.head(302, Location=self.path, Content_Length=0)


_ROUTES: dict[str, Callable[[_Handler], None]] = {
    "/clip": _Handler.whole,
    "/page": _Handler.page,
    "/later": _Handler.later,
    "/cut": _Handler.cut,
    "/pieces": _Handler.pieces,
    "/changing": _Handler.changing,
    "/rangeless": _Handler.rangeless,
    "/misplaced": _Handler.misplaced,
    "/busy": _Handler.busy,
    "/zipped": _Handler.zipped,
    "/bomb": _Handler.bomb,
    "/endless": _Handler.endless,
    "/drip": _Handler.drip,
    "/dripping-head": _Handler.dripping_head,
    "/announced": _Handler.announced,
    "/redirect": _Handler.redirect,
    "/loop": _Handler.loop,
}


@contextmanager
def hosting(clip: Path) -> Iterator[VideoHost]:
    with VideoHost(clip.read_bytes()) as host:
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield host
        finally:
            host.released.set()
            host.closing.set()
            host.shutdown()
            thread.join()
