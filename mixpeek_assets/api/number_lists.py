"""Long lists of numbers in a reply, which are cut out before the rest is searched and parsed.

They are most of a page of documents, and hold no text: neither a key to mask, nor a depth to measure. Each keeps its
JSON, since to write the numbers again would take as long as parsing them.
"""

import secrets
from collections.abc import Callable
from typing import Any

import orjson

from mixpeek_assets.strict_json import JsonObject, is_list, is_object

_SHORTEST = 256
"""Bytes: a shorter list is not worth it."""

_NUMBERS = b"0123456789eE+-., "
_MARK = f"list {secrets.token_hex(8)} "
"""How a text begins that stands for a list: no reply can know it."""


class NumberList(list[Any]):
    """A list of numbers with its JSON, on one line."""

    def __init__(self, as_sent: bytes) -> None:
        super().__init__(orjson.loads(as_sent))
        self.as_sent = as_sent


def read_apart(content: bytes, mask: Callable[[JsonObject, bytes], JsonObject]) -> JsonObject | None:
    """Read a JSON object, its long lists of numbers apart from the rest; None if it must be read as a whole.

    Args:
        content: The reply.
        mask: Masks the rest, given also as the bytes that it was read from; what it raises is raised.
    """
    rest, lists = _cut(content)
    if not lists:
        return None
    try:
        body = orjson.loads(rest)
        found = list(map(NumberList, lists))
    except orjson.JSONDecodeError:
        return None
    if not is_object(body):
        return None
    left = dict(enumerate(found))
    whole = _put_back(mask(body, rest), left)
    # One is left where a text holds what looks like a list, or a name comes twice.
    return None if left else whole


def _cut(content: bytes) -> tuple[bytes, list[bytes]]:
    """Return the rest, with a mark for each list, and the lists."""
    pieces: list[bytes] = []
    lists: list[bytes] = []
    done = at = 0
    while (end := content.find(b"]", at)) >= 0:
        start, at = content.rfind(b"[", at, end), end + 1
        if start >= 0 and at - start >= _SHORTEST and not content[start + 1 : end].translate(None, _NUMBERS):
            pieces += (content[done:start], f'"{_MARK}{len(lists)}"'.encode())
            lists.append(content[start:at])
            done = at
    return b"".join([*pieces, content[done:]]), lists


def _put_back(value: Any, lists: dict[int, NumberList]) -> Any:
    """Return a value with the lists in the places of their marks; those are taken out of `lists`."""
    if isinstance(value, str):
        return lists.pop(int(value.removeprefix(_MARK))) if value.startswith(_MARK) else value
    if is_object(value):
        return {name: _put_back(item, lists) for name, item in value.items()}
    return [_put_back(item, lists) for item in value] if is_list(value) else value
