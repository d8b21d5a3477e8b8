"""Reads the small files that settings name; none can keep a command waiting, or fill its memory."""

import io
from pathlib import Path

from dotenv.parser import parse_stream

_LARGEST = 16 << 20


def read_text(file: Path) -> str:
    """Read a file.

    Raises:
        ValueError: it cannot be read; the message says why, and never quotes it.
    """
    try:
        if file.is_symlink() and not file.exists():
            raise ValueError("is a link to nothing")
        if file.exists() and not file.is_file():
            raise ValueError("is not a file")  # a pipe would never end
        if file.stat().st_size > _LARGEST:
            raise ValueError(f"is larger than {_LARGEST >> 20} MiB")
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 text (byte {error.start + 1}): save it as UTF-8") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    if "\0" in text:
        raise ValueError(
            f"has a NUL character in line {text[: text.index(chr(0))].count(chr(10)) + 1}: save it as UTF-8"
        )
    return text


def check_env_file(file: Path) -> None:
    """Check that pydantic can read an `.env`: a line that it cannot, it would leave out with what it sets.

    Raises:
        ValueError: as `read_text` does, and for a line that is no `NAME=value`.
    """
    if not file.exists() and not file.is_symlink():
        return
    for binding in parse_stream(io.StringIO(read_text(file))):
        if binding.error:
            line = binding.original.line
            raise ValueError(f"has no NAME=value in line {line}: close its quote, or write # before it")
