"""Responses with a total deadline and a size limit.

The timeout of `requests` applies between two bytes, and its `content` reads a body of any size: a server that sends a
byte now and then blocks a thread for ever, and an endless body fills the memory.
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
"""Bytes of a decoded body. An asset with tens of thousands of features is smaller."""

_PIECE = 1 << 16


@dataclass(frozen=True)
class Reply:
    """A complete reply with its body decoded.

    Attributes:
        wire_bytes: The length of the body as it was sent, e.g. compressed.
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    wire_bytes: int = 0

    @property
    def ok(self) -> bool:
        """Whether the status is a success (2xx)."""
        return 200 <= self.status_code < 300

    @property
    def text(self) -> str:
        """The body as text, for messages."""
        return self.content.decode(errors="replace")


class ReplyTooLargeError(Exception):
    """A body is larger than the client reads."""


def read_whole(response: BaseHTTPResponse) -> Reply:
    """Read the body of a response whose headers are read; only the beginning of an error that is too large.

    Raises:
        ReplyTooLargeError: the decoded body is larger than `LARGEST_REPLY`, as that of a gzip bomb is.
        HTTPError: it is incomplete or late.
    """
    try:
        content = response.read(LARGEST_REPLY + 1, decode_content=True)
    finally:
        # After a complete read the pool has the connection back; any other is closed, and frees its place.
        response.close()
        response.release_conn()
    reply = Reply(response.status, response.headers, content, response.tell())
    if reply.ok and len(content) > LARGEST_REPLY:
        raise ReplyTooLargeError(f"a reply of more than {LARGEST_REPLY / (1 << 20):.0f} MiB, the limit")
    return reply


class DeadlineAdapter(HTTPAdapter):
    """Connections with a deadline for each reply, from its first header to its last byte.

    Args:
        seconds: From sending a request to the last byte of its reply.
        connections: How many there are; further callers wait for one.
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
    """Reads a socket until a deadline.

    It is below every buffer, so it covers whatever they read in loops: headers, chunk sizes, compressed bodies.
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
            raise TimeoutError("the reply took too long")
        self._socket.settimeout(left)
        try:
            return self._raw.readinto(buffer)
        finally:
            self._socket.settimeout(between_bytes)

    def close(self) -> None:
        self._raw.close()
        super().close()
