"""Replies that end: all of one is there within a time and a size, or it is given up.

The time-out of `requests` is one between two bytes, and its `content` takes a body of any size: a server that sends a
byte now and then holds a thread for ever, and one that sends without an end fills the memory.
"""

import http.client
import io
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection

LARGEST_REPLY = 64 << 20
"""Bytes of a body, decoded: an asset with tens of thousands of features has less."""

_PIECE = 1 << 16


@dataclass(frozen=True)
class Reply:
    """A whole reply, its body decoded."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status_code < 300

    @property
    def text(self) -> str:
        """The body as people may read it."""
        return self.content.decode(errors="replace")


class ReplyTooLargeError(Exception):
    """There is more of a body than we read."""


def read_whole(response: BaseHTTPResponse) -> Reply:
    """Read a reply of which only the headers are there; of an error that is too large, the beginning.

    Raises:
        ReplyTooLargeError: the body is larger than `LARGEST_REPLY`; counted as it is decoded, so that no bomb unfolds.
        HTTPError: it did not come whole, or not in time.
    """
    try:
        content = response.read(LARGEST_REPLY + 1, decode_content=True)
    finally:
        # Read whole, its connection has gone back to the pool already; else it is of no more use, and its place is.
        response.close()
        response.release_conn()
    reply = Reply(response.status, response.headers, content)
    if reply.ok and len(content) > LARGEST_REPLY:
        raise ReplyTooLargeError(f"a reply of more than {LARGEST_REPLY / (1 << 20):.0f} MiB, the most we read")
    return reply


class DeadlineAdapter(HTTPAdapter):
    """Connections on which a reply, from its first header to its last byte, takes a bounded time.

    Args:
        seconds: From the request's being sent to the reply's being there.
        connections: How many there are; who finds none waits for one.
    """

    def __init__(self, seconds: float, connections: int) -> None:
        self._classes = {
            "http": _with_deadline(HTTPConnection, seconds),
            "https": _with_deadline(HTTPSConnection, seconds),
        }
        super().__init__(pool_connections=1, pool_maxsize=connections, pool_block=True)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool of connections to a server, or to the proxy before it."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = self._classes[pool.scheme]
        return pool


def _with_deadline(base: type[HTTPConnection], seconds: float) -> type[HTTPConnection]:
    class Response(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            deadline = time.monotonic() + seconds
            self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock, deadline), _PIECE)

    class Connection(base):
        response_class = Response

    return Connection


class _DeadlineReader(io.RawIOBase):
    """A socket's bytes until a moment.

    Below every buffer, for whatever is read in a loop up there: headers, sizes of chunks, gzip that has yet to unfold.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw, self._socket, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: Any, /) -> int | None:
        between_bytes, left = self._socket.gettimeout(), self._deadline - time.monotonic()
        if between_bytes is not None and left >= between_bytes:
            return self._raw.readinto(buffer)
        if left <= 0:
            raise TimeoutError("the reply takes too long")
        self._socket.settimeout(left)
        try:
            return self._raw.readinto(buffer)
        finally:
            self._socket.settimeout(between_bytes)

    def close(self) -> None:
        self._raw.close()
        super().close()
