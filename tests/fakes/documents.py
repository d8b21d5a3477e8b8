"""A scripted Mixpeek of today: objects, batches and documents, kept in memory, and answers that a test can choose.

As strict as the API: a body with a key that is not declared is refused, and so is a call that lacks its namespace.
What it serves is in tests/fakes/today/, a file for each kind of thing; the knobs are those of `World`.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, unquote

from tests.fakes.scripted import KEY, LOST, Answer, Request, Scripted, served
from tests.fakes.today import batches, objects, reading, search
from tests.fakes.today.errors import RefusedError, invalid, not_found
from tests.fakes.today.places import namespace_named
from tests.fakes.today.routes import ROUTES, Call, Route
from tests.fakes.today.world import Document, Video, World

__all__ = [
    "KEY",
    "LOST",
    "Answer",
    "Document",
    "Request",
    "ScriptedDocuments",
    "Video",
    "scripted_documents",
]

SERVED = (batches, objects, reading, search)
"""Modules that declare routes; those of places and of the account come with them."""


class ScriptedDocuments(Scripted, World):
    """Keeps what was sent, and answers as the API of today does, unless a test says otherwise."""

    def __init__(self, url: str) -> None:
        Scripted.__init__(self, url)
        World.__init__(self)

    def _usual(self, request: Request) -> Answer:
        try:
            body = self._obey(request)
        except RefusedError as refusal:
            return Answer(refusal.body, refusal.status)
        if isinstance(body, Answer):
            return body
        return Answer(json.dumps(body).encode())  # now: what is known may be other in a moment

    def _obey(self, request: Request) -> object:
        headers = {name.title(): value for name, value in request.headers.items()}
        if headers.get("Authorization") != f"Bearer {KEY}":
            raise RefusedError(401, "UnauthorizedError", "Invalid API key")
        route, parts = _find(request)
        namespace = self._namespace(headers) if route.has_namespace else ""
        body = route.check(request.body)
        if route.writes:
            self._check_writer()
        return route.handler(self, Call(parts, dict(parse_qsl(request.query)), body, namespace))

    def _namespace(self, headers: dict[str, str]) -> str:
        if "X-Namespace" not in headers:
            raise invalid("missing", ["header", "X-Namespace"], "Field required")
        return namespace_named(self, headers["X-Namespace"]).namespace_id

    def _check_writer(self) -> None:
        if self.reader_only > 0:
            self.reader_only -= 1
            details = {"retryable": True, "retry_after_seconds": 0}
            message = "The vector writer is starting: the write was refused and nothing was stored"
            raise RefusedError(503, "WriterReadOnlyError", message, details=details)


def _find(request: Request) -> tuple[Route, dict[str, str]]:
    for route in ROUTES:
        found = route.pattern.match(request.path.removeprefix("/v1"))
        if found and route.method == request.method and request.path.startswith("/v1/"):
            return route, {name: unquote(part) for name, part in found.groupdict().items()}
    raise not_found(f"{request.method} {request.path}")


@contextmanager
def scripted_documents(port: int = 0) -> Iterator[ScriptedDocuments]:
    """Run a scripted Mixpeek of today on 127.0.0.1, on a free port unless one is given."""
    with served(ScriptedDocuments, port) as server:
        yield server
