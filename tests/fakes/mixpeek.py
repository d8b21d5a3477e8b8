"""A scripted Mixpeek: a real HTTP server on loopback, whose every answer a test can choose."""

import json
import re
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

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
    """

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    delay: float = 0.0


@dataclass(frozen=True)
class Request:
    """A request that was made."""

    method: str
    path: str
    query: str
    body: Any
    headers: dict[str, str]


@dataclass
class Video:
    """What becomes of a submitted video: the statuses of its task, then its features.

    `asset` has fields of the asset beside the usual ones, or instead of them.
    """

    statuses: list[str] = field(default_factory=lambda: ["DONE"])
    features: dict[str, list[dict[str, Any]] | None] = field(default_factory=dict)
    error: Any = None
    task_id: str | None = None
    asset: dict[str, Any] = field(default_factory=dict)


class ScriptedMixpeek:
    """Keeps what was submitted, and answers as the guide says, unless a test says otherwise.

    `script` puts answers before the usual ones, for the requests whose "METHOD /path" matches a pattern; `on_request`
    is called with each request before it is answered.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.connections = 0
        self.videos: dict[str, Video] = {}
        self.vectors: dict[str, Any] = {}
        self.tasks: dict[str, tuple[str, Video, str]] = {}
        self.assets: dict[str, Video] = {}
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
            for pattern, answers, for_ever in self._scripts:
                if answers and pattern.search(f"{request.method} {request.path}"):
                    return answers[0] if for_ever and len(answers) == 1 else answers.popleft()
            return self._usual(request)

    def _usual(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            error = {"message": "Invalid API key", "type": "AuthenticationError"}
            return Answer({"success": False, "status": 401, "error": error}, 401)
        path = request.path.removeprefix("/v1")
        if request.method == "POST" and path == "/ingest/videos/url":
            return self._submit(request.body)
        kind, _, rest = path.strip("/").partition("/")
        found = {"tasks": self._task, "assets": self._asset, "features": self._feature}.get(kind)
        answer = found(unquote(rest.removesuffix("/features"))) if found else None
        missing = {"success": False, "status": 404, "error": {"message": f"{path} not found", "type": "NotFound"}}
        return answer or Answer(missing, 404)

    def _submit(self, body: dict[str, Any]) -> Answer:
        video = self.videos.get(body["url"]) or Video(features={"video": [self.feature("video", body["url"])]})
        task_id = video.task_id or str(uuid.uuid4())
        replaced = (body.get("asset_update") or {}).get("asset_id")
        asset_id = replaced or video.asset.get("asset_id") or str(uuid.uuid4())
        self.tasks[task_id] = (asset_id, replace(video, statuses=list(video.statuses)), body["collection"])
        self.assets[asset_id] = video
        return Answer({"message": "Video URL processing queued", "task_id": task_id})

    def feature(self, modality: str, seed: str, vectors: Any = None, **fields: Any) -> dict[str, Any]:
        """Make a listed feature, and keep its vectors for the detail."""
        feature_id = f"{modality}-{uuid.uuid4()}"
        self.vectors[feature_id] = vectors if vectors is not None else {"multimodal": [0.6, 0.8, float(len(seed))]}
        return {"feature_id": feature_id, "modality": modality, "created_at": "2024-11-07T14:31:56.053031Z", **fields}

    def _task(self, task_id: str) -> Answer | None:
        if task_id not in self.tasks:
            return None
        asset_id, video, _ = self.tasks[task_id]
        status = video.statuses.pop(0) if len(video.statuses) > 1 else video.statuses[0]
        body = {"task_id": task_id, "asset_id": asset_id, "status": status}
        return Answer({**body, "error": video.error} if video.error else body)

    def _asset(self, asset_id: str) -> Answer | None:
        if asset_id not in self.assets:
            return None
        asset = {"asset_id": asset_id, "status": "DONE", "url": None, "created_at": "2024-11-07T14:31:55.473000"}
        video = self.assets[asset_id]
        return Answer({"asset": {**asset, **video.asset}, "features": video.features})

    def _feature(self, feature_id: str) -> Answer | None:
        if feature_id not in self.vectors:
            return None
        return Answer({"feature_id": feature_id, "metadata": {}, "vectors": self.vectors[feature_id]})


@contextmanager
def scripted_mixpeek(port: int = 0) -> Iterator[ScriptedMixpeek]:
    """Run a scripted Mixpeek on 127.0.0.1, on a free port unless one is given."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.script = ScriptedMixpeek(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    script: ScriptedMixpeek

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
