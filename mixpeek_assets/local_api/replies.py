"""Replies: JSON with vectors, and both error shapes of contract b7."""

import logging
from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

_TYPES = {
    400: "BadRequest",
    401: "Unauthorized",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "PayloadTooLarge",
    500: "InternalServerError",
}


class JSON(Response):
    """A JSON reply; vectors are written as the shortest decimals that give the same float32."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Serialise `content`, in which vectors may be NumPy arrays."""
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def error(status: int, message: str, headers: Any = None) -> Response:
    """The envelope of contract b7."""
    body = {"message": message, "type": _TYPES.get(status, "Error")}
    return JSON({"success": False, "status": status, "error": body}, status_code=status, headers=headers)


def invalid(place: list[str | int], message: str, kind: str = "value_error") -> RequestValidationError:
    """A mistake that only the server's state or settings show, told like the others (422)."""
    return RequestValidationError([{"loc": place, "msg": message, "type": kind}])


def found(row: Any, kind: str) -> Any:
    """The row, or a 404."""
    if row is None:
        raise HTTPException(404, f"there is no {kind} with this id")
    return row


async def http_error(_request: Request, failure: Any) -> Response:
    """What a route or the router refused."""
    return error(failure.status_code, failure.detail, failure.headers)


async def invalid_request(_request: Request, failure: Any) -> Response:
    """A body or a parameter that is refused, by its place (contract b7, HTTPValidationError)."""
    detail = [_mistake(one) for one in failure.errors()]
    return JSON({"detail": detail}, status_code=422)


async def unexpected_error(request: Request, _failure_logged_by_the_server: Exception) -> Response:
    """A bug: the log has it."""
    logging.getLogger(__name__).error("%s %s failed", request.method, request.url.path)
    return error(500, "the local API failed; its log says why")


def _mistake(one: dict[str, Any]) -> dict[str, Any]:
    if one["type"] == "json_invalid":
        return {"loc": ["body"], "msg": f"the body is not JSON: {one['ctx']['error']}", "type": one["type"]}
    return {"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]}
