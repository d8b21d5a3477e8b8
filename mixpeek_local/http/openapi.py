"""The parts of the OpenAPI document beside the routes."""

from typing import Any, Literal

from pydantic import BaseModel

DESCRIPTION = """
A Mixpeek API on this machine: it analyses pictures, text on screen and sound of videos, and returns named vectors.

It speaks the API of November 2024 to January 2025, without a prefix and under `/v1`, and under `/v1` also that of
2026, with buckets, batches and documents. A few paths are in both: `/v1/collections` answers in the style of today if
`X-Namespace` names a namespace that was created, `/v1/namespaces` if it is paged, `/v1/tasks/{id}` for batches.
Every route except those about the server itself and what it can extract needs `Authorization: Bearer <key>`; the key
is in the file `key` of the server's state directory.
"""

TAGS = [
    {"name": "ingest", "description": "Submit videos."},
    {"name": "tasks", "description": "Their progress."},
    {"name": "assets", "description": "Videos that were ingested."},
    {"name": "features", "description": "Their moments, with named vectors."},
    {"name": "collections", "description": "Assets under one name."},
    {"name": "namespaces", "description": "Separate stores, and the named vectors."},
    {"name": "buckets", "description": "Today's style: objects, which are videos with fields of their owner."},
    {"name": "batches", "description": "Today's style: objects that are processed together."},
    {"name": "documents", "description": "Today's style: moments of objects, with named vectors."},
    {"name": "search", "description": "Today's style: documents by words."},
    {"name": "account", "description": "Today's style: the key, its limits, and money that is never spent."},
    {"name": "server", "description": "The server itself."},
]


class ErrorMessage(BaseModel):
    """An error."""

    message: str
    type: str


class ErrorReply(BaseModel):
    """The envelope of contract b7."""

    success: Literal[False]
    status: int
    error: ErrorMessage


class Mistake(BaseModel):
    """A mistake in a request."""

    loc: list[str | int]
    msg: str
    type: str


class InvalidReply(BaseModel):
    """Both shapes of a 422 in contract b7: the list, and the envelope (with the list in other words)."""

    success: Literal[False]
    status: Literal[422]
    error: dict[str, Any]
    detail: list[Mistake]


class TooManyRequestsReply(BaseModel):
    """The flat 429 of contract b7; only with `--requests-per-minute`."""

    error: Literal["TooManyRequests"]
    message: str
    details: dict[str, str | int]


ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorReply, "description": "the request cannot be read"},
    401: {"model": ErrorReply, "description": "the key is missing or wrong"},
    403: {"model": ErrorReply, "description": "another web page sends it"},
    404: {"model": ErrorReply, "description": "not found"},
    413: {"model": ErrorReply, "description": "the body is too large"},
    421: {"model": ErrorReply, "description": "it names another host than this machine"},
    422: {"model": InvalidReply, "description": "the request has mistakes"},
    429: {"model": TooManyRequestsReply, "description": "too many requests in a minute"},
    500: {"model": ErrorReply, "description": "a bug in the server"},
}
"""The errors of any route."""

DOCUMENTS_ERRORS: dict[int | str, dict[str, Any]] = ERRORS | {
    409: {"model": ErrorReply, "description": "the name is taken"},
    422: {"model": ErrorReply, "description": "the request has mistakes; `details` has the place of each"},
    429: {"model": ErrorReply, "description": "too many requests in a minute; Retry-After says when to come again"},
}
"""The errors of any route of the style `documents`."""
