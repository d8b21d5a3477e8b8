"""A web server with videos, some of which come slowly, wrongly or not at all."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class VideoHost(ThreadingHTTPServer):
    """Serves `/clip` at once, `/later` once released, `/cut` without its second half, and refuses the rest."""

    daemon_threads = True

    def __init__(self, clip: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = clip.read_bytes()
        self.released = threading.Event()
        self.asked = threading.Event()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed hangs up: that is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: VideoHost  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path not in ("/clip", "/later", "/cut"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        half = len(self.server.content) // 2
        self.wfile.write(self.server.content[:half])
        self.server.asked.set()
        if path == "/cut" or (path == "/later" and not self.server.released.wait(30)):
            return
        self.wfile.write(self.server.content[half:])

    def log_message(self, *args: object, **_named: object) -> None:
        """Say nothing."""


@contextmanager
def hosting(clip: Path) -> Iterator[VideoHost]:
    with VideoHost(clip) as host:
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield host
        finally:
            host.released.set()
            host.shutdown()
            thread.join()
