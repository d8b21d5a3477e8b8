"""Errors of the style `documents`: always `{success, status, error{message, type, details}}`."""

import math
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from mixpeek_local.http.rate import TooManyRequestsError
from mixpeek_local.http.replies import JSON

_TYPES = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    409: "AlreadyExistsError",
    422: "ValidationError",
    429: "TooManyRequestsError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}


class RefusedError(Exception):
    """A request that is refused.

    Args:
        status: The status of the reply.
        message: Why, in a sentence.
        code: A word for programs.
        details: More for programs.
    """

    def __init__(
        self, status: int, message: str, *, code: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.details = details


def not_found(kind: str, name: str) -> RefusedError:
    """A 404."""
    return RefusedError(404, f"there is no {kind} {name!r} in this namespace")


def bad_request(message: str) -> RefusedError:
    """A 400."""
    return RefusedError(400, message)


def envelope(refused: RefusedError, headers: dict[str, str] | None = None) -> Response:
    """The reply to a request that is refused."""
    error: dict[str, Any] = {"message": refused.message, "type": _TYPES.get(refused.status, "Error")}
    if refused.code is not None:
        error["code"] = refused.code
    if refused.details is not None:
        error["details"] = refused.details
    body = {"success": False, "status": refused.status, "error": error}
    return JSON(body, status_code=refused.status, headers=headers)


def invalid(failure: RequestValidationError) -> Response:
    """The reply to a request with mistakes, each with its place."""
    mistakes = [_mistake(one) for one in failure.errors()]
    message = "; ".join(f"{'.'.join(map(str, one['location']))}: {one['message']}" for one in mistakes)
    return envelope(RefusedError(422, message, details={"validation_errors": mistakes}))


def too_many_requests(failure: TooManyRequestsError) -> Response:
    """The reply to one request too many."""
    wait = math.ceil(failure.seconds)
    details = {"limit": failure.per_minute, "window": 60, "retry_after": wait, "api_name": failure.endpoint}
    headers = {
        "Retry-After": str(wait),
        "X-RateLimit-Limit": str(failure.per_minute),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(wait),
        "X-RateLimit-Window": "60",
    }
    return envelope(RefusedError(429, "Rate limit exceeded", details=details), headers)


def _mistake(one: dict[str, Any]) -> dict[str, Any]:
    if one["type"] == "json_invalid":
        message = f"the body is not JSON: {one['ctx']['error']}"
        return {"type": one["type"], "location": ["body"], "message": message}
    return {
        "type": one["type"],
        "location": list(one["loc"]),
        "message": one["msg"].removeprefix("Value error, "),
    }
