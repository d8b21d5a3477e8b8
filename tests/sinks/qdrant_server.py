"""A small HTTP server with the few endpoints of Qdrant that the sink uses, in front of the client's local mode.

It shows what the sink sends, and answers errors as Qdrant does. How a server indexes and searches it does not show.
"""

import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from pydantic import TypeAdapter
from qdrant_client import QdrantClient, models


@dataclass(frozen=True)
class Request:
    call: str
    key: str | None
    body: bytes


@dataclass
class QdrantServer:
    """The server.

    Attributes:
        requests: What has come, in this order.
        refusals: Status, content and headers that calls get instead, by what their method and path begin with.
        silent: Calls that begin so get no answer, until the server ends.
    """

    url: str = ""
    version: str = "1.20.0"
    requests: list[Request] = field(default_factory=list)
    refusals: dict[str, tuple[int, str | bytes, dict[str, str]]] = field(default_factory=dict)
    silent: str = "nothing"
    indexes: dict[str, str] = field(default_factory=dict)
    local: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:"))
    ended: threading.Event = field(default_factory=threading.Event)

    def calls(self) -> list[str]:
        return [request.call for request in self.requests]

    def answer(self, call: str, body: bytes) -> Any:
        """Return the result of a call, such as `PUT /collections/mixpeek/points?wait=true`."""
        route, _, name = re.sub(r"\?.*|(?<=/vectors/)(?=.)", "", call).partition("/vectors/")
        match route:
            case "GET /collections/mixpeek/exists":
                return {"exists": self.local.collection_exists("mixpeek")}
            case "GET /collections/mixpeek":
                info = self.local.get_collection("mixpeek").model_dump(mode="json", exclude_none=True)
                schema = {one: {"data_type": kind, "points": 0} for one, kind in self.indexes.items()}
                return {**info, "payload_schema": schema}
            case "PUT /collections/mixpeek" if not name:
                wanted = models.CreateCollection.model_validate_json(body)
                return self.local.create_collection(
                    "mixpeek", wanted.vectors, wanted.sparse_vectors, metadata=wanted.metadata
                )
            case "PUT /collections/mixpeek":
                config = TypeAdapter(models.VectorNameConfig).validate_json(body)
                return self.local.create_vector_name("mixpeek", unquote(name), config)
            case "PUT /collections/mixpeek/index":
                self.indexes[json.loads(body)["field_name"]] = json.loads(body)["field_schema"]
                return _DONE
            case "PUT /collections/mixpeek/points":
                return self.local.upsert("mixpeek", models.PointsList.model_validate_json(body).points)
            case "POST /collections/mixpeek/points/delete":
                return self.local.delete("mixpeek", models.PointIdsList.model_validate_json(body))
            case "POST /collections/mixpeek/points/scroll":
                asked = models.ScrollRequest.model_validate_json(body)
                payload = asked.with_payload or False
                points, offset = self.local.scroll(
                    "mixpeek", asked.filter, asked.limit or 10, offset=asked.offset, with_payload=payload
                )
                return {"points": points, "next_page_offset": offset}
            case "POST /collections/mixpeek/points/count":
                return self.local.count("mixpeek", models.CountRequest.model_validate_json(body).filter)
            case other:
                raise LookupError(other)


_DONE = {"operation_id": 1, "status": "completed"}


@contextmanager
def qdrant_server() -> Generator[QdrantServer]:
    state = QdrantServer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            call = f"{self.command} {self.path}"
            state.requests.append(Request(call, self.headers.get("api-key"), body))
            if call.startswith(state.silent):
                state.ended.wait()
                return
            for begin, refusal in state.refusals.items():
                if call.startswith(begin):
                    self.send(*refusal)
                    return
            if call == "GET /":
                self.send(200, json.dumps({"title": "qdrant - vector search engine", "version": state.version}), {})
                return
            result = TypeAdapter(Any).dump_python(state.answer(call, body), mode="json", exclude_none=True)
            self.send(200, json.dumps({"result": result, "status": "ok", "time": 0.0}), {})

        def send(self, status: int, content: str | bytes, headers: dict[str, str]) -> None:
            encoded = content.encode() if isinstance(content, str) else content
            self.send_response(status)
            for name, value in {"Content-Length": str(len(encoded)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.ended.set()
        server.shutdown()
        server.server_close()
        state.local.close()
