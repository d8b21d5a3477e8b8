"""A limit on the size of request bodies, whatever they announce."""

from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mixpeek_local.http.replies import error

MAX_BODY_BYTES = 1 << 20
UPLOADS = "/uploads"
"""The one route that takes more; it has its own limit."""

_BODY = "mixpeek_local.body"


def body_of(scope: Scope) -> dict[str, Any]:
    """The object in a request's body; empty if it has another body. Routes of two eras are told apart by it."""
    try:
        body = orjson.loads(scope.get(_BODY, b""))
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


class BodyLimit:
    """Answers 413 to a body that is too large, before parsing it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand it on."""
        if scope["type"] != "http" or scope["path"] == UPLOADS:
            await self._app(scope, receive, send)
            return
        read: list[Message] = []
        size = 0
        more = True
        while more:
            message = await receive()
            read.append(message)
            size += len(message.get("body", b""))
            more = message["type"] == "http.request" and message.get("more_body", False)
            if size > MAX_BODY_BYTES:
                await error(413, f"the body is larger than {MAX_BODY_BYTES:,} bytes")(scope, receive, send)
                return
        scope[_BODY] = b"".join(message.get("body", b"") for message in read)
        waiting = iter(read)

        async def replay() -> Message:
            return next(waiting, None) or await receive()

        await self._app(scope, replay, send)
