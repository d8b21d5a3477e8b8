"""The benchmark server: the API's calls with ready-made bodies over a set wire, so cheap that it never waits.

`python -m benchmarks.pipeline.server` prints its port once it listens, and ends with its standard input. It speaks as
the guide has it, where everything has a number: the n-th video's task is `task-n`, its asset `asset-n`, and its
features `feature-n-0`, `feature-n-1`, …; with `--style=documents` it speaks as today (document_world.py). `GET /told`
says what was asked for so far, and begins a new count.
"""

import argparse
import asyncio
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol, cast

import orjson
import uvloop

from benchmarks.pipeline.document_world import DocumentWorld
from benchmarks.pipeline.ready_vectors import MANY, ready_vectors

_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_LISTED = '{"feature_id":"feature-%s-%d","modality":"video","asset_id":"asset-%s","start_time":%d,"end_time":%d}'
_MOST_TOLD = 200_000


class Answering(Protocol):
    """What the server says."""

    def answer(self, method: str, path: str, body: bytes) -> bytes:
        """Return the body for a request."""
        ...


@dataclass
class World:
    """What the server says in the guide's style.

    Attributes:
        features: How many features an asset has.
        dimensions: How long an embedding is.
        settled: Whether tasks are over.
    """

    features: int
    dimensions: int
    settled: bool
    asked: Counter[str] = field(default_factory=Counter)
    polled: list[int] = field(default_factory=list)
    submitted: int = 0

    def __post_init__(self) -> None:
        self._vectors = ready_vectors(self.dimensions)

    def answer(self, method: str, path: str, body: bytes) -> bytes:
        """Return the body for a request."""
        _, kind, *rest = path.partition("?")[0].split("/")
        self.asked[f"{method} /{kind}"] += 1
        if kind == "features":
            return self._feature(rest[0])
        if kind == "assets":
            return self._asset(rest[0].removeprefix("asset-"))
        if kind == "tasks":
            return self._task(rest[0].removeprefix("task-"))
        if kind == "ingest":
            self.submitted += 1
            return b'{"message":"Video URL processing queued","task_id":"task-%d"}' % (self.submitted - 1)
        return self._told()

    def _task(self, number: str) -> bytes:
        if number.isdigit() and len(self.polled) < _MOST_TOLD:
            self.polled.append(int(number))
        status = "DONE" if self.settled else "PROCESSING"
        return f'{{"task_id":"task-{number}","asset_id":"asset-{number}","status":"{status}"}}'.encode()

    def _asset(self, number: str) -> bytes:
        listed = ",".join(_LISTED % (number, place, number, place, place + 1) for place in range(self.features))
        asset = f'{{"asset_id":"asset-{number}","collection_id":"example","status":"DONE","modality":"video"}}'
        return f'{{"asset":{asset},"features":{{"video":[{listed}],"image":[],"text":[],"audio":[]}}}}'.encode()

    def _feature(self, feature_id: str) -> bytes:
        _, number, place = feature_id.split("-")
        vector = self._vectors[(int(number) * 31 + int(place)) % MANY]
        return b"".join(
            (
                b'{"created_at":"2024-11-06T18:19:43.340820Z","asset_id":"asset-%s","metadata":{},' % number.encode(),
                b'"feature_id":"%s","modality":"video","vectors":{"multimodal":' % feature_id.encode(),
                vector,
                b"}}",
            )
        )

    def _told(self) -> bytes:
        told = orjson.dumps({"asked": self.asked, "polled": self.polled})
        self.asked, self.polled = Counter(), []
        return told


@dataclass
class Wire:
    """The way to the clients: replies wait for each other on a narrow one.

    Attributes:
        latency: Seconds until the first byte of a reply.
        rate: Bytes a second, of all connections together; 0 is any number.
    """

    latency: float
    rate: float = 0
    free_at: float = 0

    def arrival(self, size: int, now: float) -> float:
        """Return when the last byte of a reply arrives that is sent now."""
        self.free_at = max(now + self.latency, self.free_at) + (size / self.rate if self.rate else 0)
        return self.free_at if self.rate else now + self.latency


class Connection(asyncio.Protocol):
    """One client's connection, kept alive."""

    def __init__(self, world: Answering, wire: Wire) -> None:
        self._world, self._wire, self._received = world, wire, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where replies go."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each whole request, after the latency."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, length = self._received[:end], 0
            if head.startswith(b"POST"):
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            if len(self._received) < end + 4 + length:
                return
            body = self._received[end + 4 : end + 4 + length]
            self._received = self._received[end + 4 + length :]
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            said = self._world.answer(method, path, body)
            reply = _JSON % len(said) + said
            loop = asyncio.get_running_loop()
            now = loop.time()
            arrival = now if path == "/told" else self._wire.arrival(len(reply), now)
            if arrival > now:
                loop.call_at(arrival, self._transport.write, reply)
            else:
                self._transport.write(reply)


async def _serve(world: Answering, wire: Wire) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(world, wire), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--style", choices=("assets", "documents"), default="assets")
    arguments.add_argument("--latency-ms", type=float, default=0)
    arguments.add_argument("--megabytes-a-second", type=float, default=0)
    arguments.add_argument("--features", type=int, default=10)
    arguments.add_argument("--dimensions", type=int, default=1024)
    arguments.add_argument("--unsettled", action="store_true")
    given = arguments.parse_args()
    made = DocumentWorld if given.style == "documents" else World
    narrow = Wire(given.latency_ms / 1000, given.megabytes_a_second * 1e6)
    uvloop.run(_serve(made(given.features, given.dimensions, not given.unsettled), narrow))
