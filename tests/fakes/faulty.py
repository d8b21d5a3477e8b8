"""A scripted Mixpeek behind faults on demand: the local API's own fault player (docs/faults.md) in front of it."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import uvicorn
from starlette.types import Receive, Scope, Send

from mixpeek_local.faults.exchange import Exchange
from mixpeek_local.faults.middleware import Faults
from mixpeek_local.faults.rules import read_rules
from mixpeek_local.faults.script import Script
from tests.fakes.documents import ScriptedDocuments
from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.scripted import Fake, Request


class Faulty(Generic[Fake]):
    """A fake on 127.0.0.1 whose replies, and whose connections, a test can spoil."""

    def __init__(self, fake: Callable[[str], Fake]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.mixpeek = fake(f"http://127.0.0.1:{self._port}")
        self._script = Script()
        self._app = Faults(self._answer, self._script)

    def order(self, *rules: dict[str, Any]) -> None:
        """Play these from now on, and no others; between requests, as the script belongs to the server's thread."""
        self._script.replace(read_rules(json.dumps(rules)))

    @property
    def played(self) -> list[str]:
        """What was played of the rules in force, oldest first."""
        return [one["kind"] for one in self._script.report()["played"]]

    @property
    def seen(self) -> int:
        """How many requests the first rule in force matched, whether it was played to them or not."""
        return self._script.report()["rules"][0]["seen"]

    def start(self) -> None:
        """Listen."""
        config = uvicorn.Config(
            self._app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        listener = socket.create_server(("127.0.0.1", self._port), backlog=128)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.01)

    def stop(self) -> None:
        """Refuse connections; what was submitted is kept."""
        self._server.should_exit = True
        self._thread.join()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the scripted one does over its own server."""
        content = b""
        while (message := await receive()).get("more_body"):
            content += message["body"]
        content += message.get("body", b"")
        headers = {name.decode().title(): value.decode() for name, value in scope["headers"]}
        body = json.loads(content) if content else None
        request = Request(scope["method"], scope["path"], scope["query_string"].decode(), body, headers)
        answer = self.mixpeek.answer(request)
        await asyncio.sleep(answer.delay)
        if answer.cut:
            await Exchange(self._answer, scope, receive, send).hang_up()
            return
        raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        said = {"content-type": "application/json", "content-length": str(len(raw)), **answer.headers}
        encoded = [(name.lower().encode(), value.encode()) for name, value in said.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        await send({"type": "http.response.body", "body": raw})


class FaultyMixpeek(Faulty[ScriptedMixpeek]):
    """The one of the guide."""

    def __init__(self) -> None:
        super().__init__(ScriptedMixpeek)


class FaultyDocuments(Faulty[ScriptedDocuments]):
    """The one of today."""

    def __init__(self) -> None:
        super().__init__(ScriptedDocuments)


@contextmanager
def faulty_mixpeek() -> Iterator[FaultyMixpeek]:
    """Run one of the guide on a free port, with no faults as yet."""
    with _running(FaultyMixpeek()) as server:
        yield server


@contextmanager
def faulty_documents() -> Iterator[FaultyDocuments]:
    """Run one of today on a free port, with no faults as yet."""
    with _running(FaultyDocuments()) as server:
        yield server


Running = TypeVar("Running", bound=Faulty[Any])


@contextmanager
def _running(server: Running) -> Iterator[Running]:
    server.start()
    try:
        yield server
    finally:
        server.stop()
