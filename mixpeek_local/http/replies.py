"""Replies: JSON with vectors, and both error shapes of contract b7."""

from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

_TYPES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "PayloadTooLarge",
    421: "MisdirectedRequest",
    422: "ValidationError",
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
    return JSON(_envelope(status, message), status_code=status, headers=headers)


def invalid(place: list[str | int], message: str, kind: str = "value_error") -> RequestValidationError:
    """A mistake that only the server's state or settings reveal, reported like the others (422)."""
    return RequestValidationError([{"loc": place, "msg": message, "type": kind}])


def found(row: Any, kind: str) -> Any:
    """The row, or a 404."""
    if row is None:
        raise HTTPException(404, f"there is no {kind} with this id")
    return row


async def http_error(request: Request, failure: Any) -> Response:
    """Report what a route or the router refused."""
    headers = {"Allow": ", ".join(_methods(request))} if failure.status_code == 405 else failure.headers
    return error(failure.status_code, failure.detail, headers)


async def invalid_request(_request: Request, failure: Any) -> Response:
    """Report the mistakes in a body or parameter, each with its place.

    The reference declares a list `detail`, today's documentation shows the envelope (contract b7): this has both.
    """
    detail = [_mistake(one) for one in failure.errors()]
    body = _envelope(422, "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in detail))
    body["error"]["details"] = {
        "validation_errors": [{"type": one["type"], "location": one["loc"], "message": one["msg"]} for one in detail]
    }
    return JSON(body | {"detail": detail}, status_code=422)


def _envelope(status: int, message: str) -> dict[str, Any]:
    return {"success": False, "status": status, "error": {"message": message, "type": _TYPES.get(status, "Error")}}


def _methods(request: Request) -> list[str]:
    # Starlette names the methods of one route only, but a path may have several routes.
    def is_taken(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return [method for method in ("DELETE", "GET", "PATCH", "POST", "PUT") if is_taken(method)]


def _mistake(one: dict[str, Any]) -> dict[str, Any]:
    if one["type"] == "json_invalid":
        return {"loc": ["body"], "msg": f"the body is not JSON: {one['ctx']['error']}", "type": one["type"]}
    return {"loc": list(one["loc"]), "msg": one["msg"].removeprefix("Value error, "), "type": one["type"]}
