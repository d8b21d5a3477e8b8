"""Keeping the key out of what a server answers, before any of it can reach a table, a log or a page."""

from typing import Any

import orjson
from pydantic import SecretStr

from mixpeek_assets.api.records import JsonObject

MASK = "***"

_SHORTEST_SECRET = 8
"""What is shorter is no secret but a word (`test`, for a server that asks for none), and may stand in any text."""


_DEEPEST = 200
"""So deep can JSON be written; what has no more brackets is not deeper."""


def redact(body: JsonObject, content: bytes, key: SecretStr) -> JsonObject:
    r"""Return a reply with the key masked wherever a text or a name in it holds it.

    Args:
        body: The reply.
        content: What it was read from.
        key: The key.

    Raises:
        ValueError: it is nested too deeply to be searched, or to be kept.
    """
    secret = key.get_secret_value()
    # The key's characters may be written in other ways (`\u0073`, UTF-16), each of which shows in the bytes.
    may_hold_it = any(sign in content for sign in (secret.encode(), b"\\", b"\0"))
    if not may_hold_it and content.count(b"[") + content.count(b"{") < _DEEPEST:
        return body
    try:
        written = orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise ValueError(error) from None
    if len(secret) < _SHORTEST_SECRET or orjson.dumps(secret)[1:-1] not in written:
        return body
    return _masked(body, secret)


def _masked(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, MASK)
    if isinstance(value, list):
        return [_masked(item, secret) for item in value]
    if isinstance(value, dict):
        return {name.replace(secret, MASK): _masked(item, secret) for name, item in value.items()}
    return value
