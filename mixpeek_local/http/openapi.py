"""What the OpenAPI document says beside the routes themselves."""

from typing import Any, Literal

from pydantic import BaseModel

DESCRIPTION = """
A Mixpeek API on this machine: it looks at videos, reads them and listens to them, and gives their named vectors.

It speaks the API of November 2024 to January 2025, without a prefix and under `/v1`. Every route but those about the
server itself needs `Authorization: Bearer <key>`; the key is in the file `key` of the server's state directory.
"""

TAGS = [
    {"name": "ingest", "description": "Videos come in."},
    {"name": "tasks", "description": "What becomes of them."},
    {"name": "assets", "description": "Videos that were ingested."},
    {"name": "features", "description": "Their moments, with named vectors."},
    {"name": "collections", "description": "Assets under one name."},
    {"name": "namespaces", "description": "Stores within the store, and which vectors there are."},
    {"name": "server", "description": "The server itself."},
]


class ErrorMessage(BaseModel):
    """What went wrong."""

    message: str
    type: str


class ErrorReply(BaseModel):
    """The envelope of contract b7."""

    success: Literal[False]
    status: int
    error: ErrorMessage


class Mistake(BaseModel):
    """Something that a request has wrong."""

    loc: list[str | int]
    msg: str
    type: str


class InvalidReply(BaseModel):
    """Both shapes that a 422 has in contract b7: the list, and the envelope (with the list in other words)."""

    success: Literal[False]
    status: Literal[422]
    error: dict[str, Any]
    detail: list[Mistake]


class TooManyRequestsReply(BaseModel):
    """The flat 429 of contract b7; only a server with `--requests-per-minute` gives it."""

    error: Literal["TooManyRequests"]
    message: str
    details: dict[str, str | int]


ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorReply, "description": "the request cannot be read"},
    401: {"model": ErrorReply, "description": "without the key"},
    404: {"model": ErrorReply, "description": "there is no such thing"},
    413: {"model": ErrorReply, "description": "the body is too large"},
    422: {"model": InvalidReply, "description": "the request has mistakes"},
    429: {"model": TooManyRequestsReply, "description": "too many requests in a minute"},
    500: {"model": ErrorReply, "description": "a bug"},
}
"""The errors that any route may give."""
