"""A limit of requests per minute for each endpoint, like that of the real API (contract b7)."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable

from fastapi import Request
from starlette.responses import Response

from mixpeek_local.http.replies import JSON
from mixpeek_local.http.request_log import pattern

_WINDOW_SECONDS = 60.0


class TooManyRequestsError(Exception):
    """An endpoint was asked more often than the limit allows."""

    def __init__(self, endpoint: str, per_minute: int, seconds: int) -> None:
        super().__init__(f"{endpoint}: more than {per_minute} requests per minute")
        self.endpoint = endpoint
        self.per_minute = per_minute
        self.seconds = seconds


class RateLimit:
    """Counts the requests of every endpoint; a dependency of every route.

    Args:
        per_minute: The limit in any 60 seconds; 0 is none.
        clock: Seconds that never go back.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._counted: defaultdict[str, deque[float]] = defaultdict(deque)

    async def __call__(self, request: Request) -> None:
        """Count a request.

        Raises:
            TooManyRequestsError: The limit is reached; this request does not count.
        """
        if self._per_minute:
            # Both paths of a route share its limit.
            self.count(f"{request.method} {pattern(request.scope)}")

    def count(self, endpoint: str) -> None:
        """Count a request at an endpoint; raises like `__call__`."""
        now, counted = self._clock(), self._counted[endpoint]
        while counted and counted[0] <= now - _WINDOW_SECONDS:
            counted.popleft()
        if len(counted) >= self._per_minute:
            wait = counted[0] + _WINDOW_SECONDS - now
            raise TooManyRequestsError(endpoint, self._per_minute, max(math.ceil(wait), 1))
        counted.append(now)


def refusal(retry_after: bool) -> Callable[[Request, Exception], Response]:
    """The handler of `TooManyRequestsError`: the flat body of contract b7, with Retry-After when asked for."""

    def refuse(_request: Request, failure: Exception) -> Response:
        assert isinstance(failure, TooManyRequestsError)  # noqa: S101 - it is registered for these only
        body = {
            "error": "TooManyRequests",
            "message": "Rate limit exceeded",
            "details": {"rate_limit": failure.per_minute, "api_name": failure.endpoint},
        }
        headers = {"Retry-After": str(failure.seconds)} if retry_after else None
        return JSON(body, status_code=429, headers=headers)

    return refuse
