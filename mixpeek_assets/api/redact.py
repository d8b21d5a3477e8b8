r"""Masks the key in a server's replies, before any of them can reach a table, a log or a page.

A server may echo the key in another spelling: escaped once more for JSON (`\u002b`), for HTML (`&#43;`, `&plus;`) or
for a URL (`%2B`), or several of these on top of each other. What decodes to the key is masked like the key itself.

Limits: encodings that an echo does not add by itself, such as Base64, quoted-printable or a hash, are not decoded. A
text gets at most a hundred decodings, enough for any four encodings on top of each other; one of more than 64 KiB gets
eight.
"""

import html.entities
import re
from collections.abc import Iterator
from typing import Any

import orjson
from pydantic import SecretStr

from mixpeek_assets.strict_json import JsonObject, is_list, is_object

MASK = "***"

_SHORTEST_SECRET = 8
"""A shorter key is not a secret but a word (`test`, for a server without keys), which may occur in any text."""

_DEEPEST = 200
"""Below orjson's nesting limit (254): a reply with fewer brackets cannot nest deeper."""

_MOST_DECODINGS, _FEW_DECODINGS = 100, 8

_LONGEST = 1 << 16
"""Characters of the longest text that is decoded in many ways and masked place by place.

A longer one is decoded in few ways, so that a server cannot keep us busy, and is masked as a whole if it holds the key.
"""

_NAMED = {name: char for name, char in html.entities.html5.items() if len(char) == 1 and "!" <= char <= "~"}
_ESCAPES = {
    # JSON, and Markdown's `\_`.
    "\\": re.compile(r"\\(?:(?:u00|U000000|x)(?P<hex>[0-9a-fA-F]{2})|(?P<plain>[!-/:-@\[-`{-~]))"),
    "%": re.compile(r"%(?P<hex>[0-9a-fA-F]{2})"),
    "&": re.compile(
        r"&(?:\#(?:0*(?P<decimal>[0-9]{2,3})|[xX]0*(?P<hex>[0-9a-fA-F]{2}));?"
        rf"|(?P<name>[A-Za-z]{{2,24}};|{'|'.join(name for name in _NAMED if name[-1] != ';')}))"
    ),
    # UTF-16 read as another encoding.
    "\0": re.compile(r"(?P<nothing>\0)"),
}
"""By the first character of an escape: searching for one character is faster than for several."""

_SIGN = re.compile(r"[\\%&\0]")
_NUMBERS = {float, int}


class KeyMask:
    """Masks one key.

    Args:
        key: The key.
    """

    def __init__(self, key: SecretStr) -> None:
        secret = key.get_secret_value()
        self._secret = secret if len(secret) >= _SHORTEST_SECRET else None
        # However the key is written, its bytes contain one of these (a zero byte in UTF-16).
        self._signs = (*(sign.encode() for sign in _ESCAPES), secret.encode())

    def reply(self, body: JsonObject, content: bytes) -> JsonObject:
        """Return a reply with the key masked wherever a text or a name in it holds it.

        Args:
            body: The reply.
            content: What it was read from.

        Raises:
            ValueError: it is nested too deeply to be searched, or to be kept.
        """
        may_hold_it = any(sign in content for sign in self._signs)
        if not may_hold_it and content.count(b"[") + content.count(b"{") < _DEEPEST:
            return body
        try:
            orjson.dumps(body)
        except orjson.JSONEncodeError as error:
            raise ValueError(error) from None
        return self._masked(body) if self._secret else body

    def text(self, text: str) -> str:
        """Return a text with the key masked."""
        if self._secret is None or len(text) < len(self._secret):
            return text
        if not _SIGN.search(text):  # most are short and plain
            return text.replace(self._secret, MASK)
        orders = [order for decoded, order in _decodings(text) if self._secret in decoded]
        if orders and len(text) > _LONGEST:
            return MASK
        masked, end = "", 0
        for start, stop in sorted({place for order in orders for place in _places(self._secret, text, order)}):
            if start >= end:
                masked += text[end:start] + MASK
            end = max(end, stop)
        return masked + text[end:]

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if is_list(value):
            return value if set(map(type, value)) <= _NUMBERS else [self._masked(item) for item in value]
        if is_object(value):
            return {self.text(name): self._masked(item) for name, item in value.items()}
        return value


def _decodings(text: str) -> Iterator[tuple[str, list[re.Pattern[str]]]]:
    """Yield a text and its decodings in every order of escapes, each with that order."""
    most = _MOST_DECODINGS if len(text) <= _LONGEST else _FEW_DECODINGS
    orders: dict[str, list[re.Pattern[str]]] = {text: []}
    found = [text]
    for decoded in found:  # grows during the loop
        yield decoded, orders[decoded]
        for sign, escape in _ESCAPES.items():
            if sign in decoded and len(found) < most:
                further = escape.sub(_character, decoded)
                if further not in orders:
                    orders[further] = [*orders[decoded], escape]
                    found.append(further)


def _places(secret: str, text: str, order: list[re.Pattern[str]]) -> Iterator[tuple[int, int]]:
    """Yield where a text holds the key, when its escapes are decoded in this order."""
    places = [(place, place + 1) for place in range(len(text))]
    for escape in order:
        text, places = _decoded_with_places(escape, text, places)
    for match in re.finditer(f"(?={re.escape(secret)})", text):
        yield places[match.start()][0], places[match.start() + len(secret) - 1][1]


def _decoded_with_places(
    escapes: re.Pattern[str], text: str, places: list[tuple[int, int]]
) -> tuple[str, list[tuple[int, int]]]:
    """Decode a text once; return for each character its start and end in the original text."""
    decoded: list[str] = []
    moved: list[tuple[int, int]] = []
    end = 0
    for escape in escapes.finditer(text):
        character = _character(escape)
        if character != escape[0]:
            start = escape.start()
            decoded += [text[end:start], character]
            moved += places[end:start]
            end = escape.end()
            moved += [(places[start][0], places[end - 1][1])] * len(character)
    return "".join([*decoded, text[end:]]), moved + places[end:]


def _character(escape: re.Match[str]) -> str:
    """Return the character that an escape stands for, or the escape itself if a key cannot contain that character."""
    kind = escape.lastgroup or ""
    value = escape[kind]
    if kind == "plain":
        return value
    if kind == "name":
        return _NAMED.get(value, escape[0])
    if kind == "nothing":
        return ""
    character = chr(int(value, 10 if kind == "decimal" else 16))
    return character if "!" <= character <= "~" else escape[0]
