"""The request log: one line for each request, with an id that the reply has too."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mixpeek_local.http.replies import error

_GIVEN = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_log = logging.getLogger(__name__)


class RequestLog:
    """Gives each request an id (`X-Request-ID`, the caller's own if it is valid), logs it, and answers bugs.

    The log has the route's pattern and never the path, so secrets that a caller puts there by mistake stay out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an exception becomes a 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            _log.info("request %s: the caller disconnected", request_id)
            return
        except Exception:
            _log.exception("request %s failed", request_id)
            if status:  # the reply has begun, so it can only be cut off
                raise
            await error(500, f"the local API failed; its log says why, at request {request_id}")(
                scope, receive, send_with_id
            )
        milliseconds = 1000 * (time.perf_counter() - started)
        fields = (scope["method"], pattern(scope) or "(other)", status, milliseconds, request_id)
        _logger_for(scope["method"], status)("%s %s %d %.1f ms %s", *fields)


def pattern(scope: Scope) -> str | None:
    """The pattern of the matched route, without the prefix; None if none matched."""
    path: str | None = getattr(scope.get("route"), "path", None)
    return path and path.removeprefix("/v1")  # older versions of FastAPI include it


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _GIVEN.fullmatch(given) else uuid.uuid4().hex


def _logger_for(method: str, status: int) -> Callable[..., None]:
    # Polling would hide the rest.
    return _log.debug if method == "GET" and status < 400 else _log.info
