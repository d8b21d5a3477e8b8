"""Requests come only from programs of this machine and from this server's own page.

A web page may let its own host name resolve to 127.0.0.1, and a browser then lets it read this server (DNS
rebinding). So a request must name this machine, and requests from other pages are refused unread. An <img> of theirs
is one that names no page: it gets a thumbnail whose signed address it has, and nothing else.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mixpeek_local.http.replies import error

_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


class LoopbackOnly:
    """Answers 421 to a request that names another host, and 403 to one from another page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        answer = self._app
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            host, origin = headers.get("host", ""), headers.get("origin")
            if _name(host) not in _NAMES:
                answer = error(421, "this server answers to 127.0.0.1 and localhost only")
            elif origin is not None and origin != f"http://{host}":
                answer = error(403, "this server answers no web page but its own")
        await answer(scope, receive, send)


def _name(host: str) -> str:
    """The host without its port, which a tunnel may have changed."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
