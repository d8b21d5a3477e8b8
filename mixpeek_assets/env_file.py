"""Checks `.env` before pydantic reads it: a line that it cannot read, it would leave out without a word."""

import io
from pathlib import Path

from dotenv.parser import parse_stream

_LARGEST = 16 << 20


def flaw_of_env_file(file: Path) -> str | None:
    """Return why a file cannot be read as `NAME=value` lines, or None. No line is quoted: it may hold a key."""
    try:
        if not file.exists():
            return "is a link to nothing" if file.is_symlink() else None
        if not file.is_file():
            return "is not a file: move it away"
        if file.stat().st_size > _LARGEST:
            return f"is larger than {_LARGEST >> 20} MiB"
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        return f"cannot be read ({error.strerror}): let this user read it, or move it away"
    except UnicodeDecodeError as error:
        return f"is not UTF-8 text (byte {error.start + 1}): save it as UTF-8"
    if "\0" in text:
        return f"has a NUL character in line {text[: text.index(chr(0))].count(chr(10)) + 1}: save it as UTF-8"
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            return f"has no NAME=value in line {binding.original.line}: close its quote, or write # before it"
    return None
