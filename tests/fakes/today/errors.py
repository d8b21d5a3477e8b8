"""The error bodies of today's API."""

from typing import Any


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(
        self, status: int, kind: str, message: str, code: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        error = {"message": message, "type": kind, "code": code, "details": details or {}}
        self.body = {"success": False, "status": status, "error": error}


def bad_request(message: str) -> RefusedError:
    return RefusedError(400, "BadRequestError", message)


def not_found(what: str) -> RefusedError:
    return RefusedError(404, "NotFoundError", f"{what} not found")


def taken(what: str, name: str) -> RefusedError:
    return RefusedError(409, "AlreadyExistsError", f"{what} {name!r} already exists", f"{what}_name_taken")


def invalid(kind: str, location: list[str | int], message: str) -> RefusedError:
    """Return the refusal of a body, a header or a query that is not valid."""
    found = [{"type": kind, "location": location, "message": message}]
    return RefusedError(422, "ValidationError", "Request validation failed", details={"validation_errors": found})
