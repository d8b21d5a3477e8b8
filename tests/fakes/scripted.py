"""A scripted server: a real HTTP server on loopback, whose every answer a test can choose."""

import json
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

KEY = "sk_test_0123456789"


@dataclass
class Answer:
    """What the server says to one request.

    Attributes:
        body: JSON to be, or bytes as they are.
        status: The HTTP status.
        headers: Beside the content type and length.
        cut: Close the connection instead of answering (the request was read: a lost acknowledgement).
        delay: Seconds to wait first.
        obeyed: Do what the request asks for all the same, before this is said.
    """

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    delay: float = 0.0
    obeyed: bool = False


LOST = Answer(cut=True, obeyed=True)
"""What was asked for is done, and its answer is lost."""


@dataclass(frozen=True)
class Request:
    """A request that was made."""

    method: str
    path: str
    query: str
    body: Any
    headers: dict[str, str]


class Scripted:
    """Answers as usual, unless a test says otherwise; a fake says in `_usual` what is usual.

    `script` puts answers before the usual ones, for the requests whose "METHOD /path" matches a pattern; `on_request`
    is called with each request before it is answered.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.connections = 0
        self.on_request: Callable[[Request], object] | None = None
        self._scripts: list[tuple[re.Pattern[str], deque[Answer], bool]] = []
        self._lock = threading.Lock()

    def script(self, pattern: str, *answers: Answer, for_ever: bool = False) -> None:
        """Give these answers, in turn, to requests that match; the last one for ever if so asked."""
        self._scripts.append((re.compile(pattern), deque(answers), for_ever))

    def unscript(self) -> None:
        """Answer as usual again."""
        self._scripts.clear()

    def asked(self, pattern: str) -> list[Request]:
        """Return the requests that match "METHOD /path"."""
        return [request for request in self.requests if re.search(pattern, f"{request.method} {request.path}")]

    def answer(self, request: Request) -> Answer:
        if self.on_request is not None:
            self.on_request(request)
        with self._lock:
            self.requests.append(request)
            answer = self._scripted(request)
            if answer is None:
                return self._usual(request)
            if answer.obeyed:
                self._usual(request)
            return answer

    def _scripted(self, request: Request) -> Answer | None:
        for pattern, answers, for_ever in self._scripts:
            if answers and pattern.search(f"{request.method} {request.path}"):
                return answers[0] if for_ever and len(answers) == 1 else answers.popleft()
        return None

    def _usual(self, request: Request) -> Answer:
        raise NotImplementedError


Fake = TypeVar("Fake", bound=Scripted)


@contextmanager
def served(fake: Callable[[str], Fake], port: int = 0) -> Iterator[Fake]:
    """Run a fake, which is made from its address, on 127.0.0.1, on a free port unless one is given."""
    server = _Server(("127.0.0.1", port), _Handler)
    made = fake(f"http://127.0.0.1:{server.server_address[1]}")
    server.script = made
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    script: Scripted

    def process_request(self, request: Any, client_address: Any) -> None:
        self.script.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A caller that was killed is not there for its answer.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:  # its sender has died in the middle
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        body = json.loads(content) if content else None
        assert isinstance(self.server, _Server)
        answer = self.server.script.answer(Request(self.command, path, query, body, dict(self.headers)))
        time.sleep(answer.delay)
        if answer.cut:
            self.close_connection = True
            return
        raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(raw)), **answer.headers}
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)
