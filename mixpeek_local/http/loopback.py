"""Only programs of this machine, and this server's own page, may ask.

A web page may have a name of its own resolve to 127.0.0.1, and a browser then lets it read what is served here as if it
were its own (DNS rebinding): so a request must name this machine. And what another page sends is refused unread.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mixpeek_local.http.replies import error

_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


class LoopbackOnly:
    """Answers 421 to a request that names another host, and 403 to one of another page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        answer = self._app
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            host, origin = headers.get("host", ""), headers.get("origin")
            if _name(host) not in _NAMES:
                answer = error(421, "this server answers to 127.0.0.1 and localhost only: ask it by one of these names")
            elif origin is not None and origin != f"http://{host}":
                answer = error(403, "this server answers no page but its own")
        await answer(scope, receive, send)


def _name(host: str) -> str:
    """The host without its port, which a tunnel may have changed."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
