"""Arrow to PostgreSQL's binary COPY: what psycopg sends as it is, because it has no words for it.

pgvector reads an embedding as its length and its numbers, big-endian.
"""

import re
import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_JSONB_VERSION = b"\x01"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ESCAPES = re.compile(
    r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w"  # a pair of surrogates, which is one character
    r"|(?P<refused>\\u(?:0000|[dD][89a-fA-F]\w\w))"
    r"|\\."
)


def embeddings(column: "pa.ListArray") -> list[bytes | None]:
    """Return embeddings as pgvector's type `vector`."""
    numbers = column.values.to_numpy(zero_copy_only=False).astype(">f4").tobytes()
    return [
        struct.pack(">HH", end - start, 0) + numbers[4 * start : 4 * end] if is_there else None
        for (start, end), is_there in zip(
            pairwise(column.offsets.to_pylist()), column.is_valid().to_pylist(), strict=True
        )
    ]


def texts(column: "pa.StringArray") -> list[Any]:
    """Return texts without the character NUL, which PostgreSQL refuses."""
    return [text and text.replace("\0", _REPLACEMENT) for text in column.to_pylist()]


def documents(column: "pa.StringArray") -> list[bytes | None]:
    """Return JSON as `jsonb`, without what PostgreSQL refuses: NUL, and halves of a pair of surrogates."""
    return [None if text is None else _JSONB_VERSION + _accepted(text).encode() for text in column.to_pylist()]


def _accepted(text: str) -> str:
    if "\\u" not in text:
        return text
    return _ESCAPES.sub(lambda found: _REPLACEMENT if found["refused"] else found[0], text)
