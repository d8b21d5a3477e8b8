"""Routes of the style `documents`, and those whose path an earlier era has too."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from mixpeek_local.http.documents import envelope
from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.rate import TooManyRequestsError


class DocumentsRoute(JSONRoute):
    """Writes every error in the envelope."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Handle as usual, and catch what is refused."""
        handle = super().get_route_handler()

        async def handle_errors(request: Request) -> Response:
            try:
                return await handle(request)
            except envelope.RefusedError as refused:
                return envelope.envelope(refused)
            except RequestValidationError as failure:
                return envelope.invalid(failure)
            except TooManyRequestsError as failure:
                return envelope.too_many_requests(failure)
            except HTTPException as failure:
                return envelope.envelope(envelope.RefusedError(failure.status_code, str(failure.detail)))

        return handle_errors


def shared_route(is_ours: Callable[[Scope], bool]) -> type[DocumentsRoute]:
    """A class of routes whose paths an earlier era has too; a request that is not ours passes on to that one.

    Args:
        is_ours: Tells from a request's scope, with its path parameters and headers, whether it is of this style.
    """

    class SharedRoute(DocumentsRoute):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            match, child = super().matches(scope)
            if match is Match.NONE or is_ours({**scope, **child}):
                return match, child
            return Match.NONE, {}

    return SharedRoute
