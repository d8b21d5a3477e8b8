"""The user's own CLIP: two ONNX files and a tokenizer in the folder `clip` of the models (docs/own-clip.md)."""

import hashlib
import json
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mixpeek_local.errors import UnusableClipError
from mixpeek_local.models.catalogue import root
from mixpeek_local.models.clip_settings import ClipSettings, read_settings

IMAGE, TEXT, TOKENIZER, SETTINGS = "image.onnx", "text.onnx", "tokenizer.json", "clip.json"
_MADE = "made"


@dataclass(frozen=True)
class ClipFiles:
    """A pair of towers that was checked.

    Attributes:
        folder: Where it is.
        settings: What its files do not say.
        digest: Of all its files: another pair has another one.
        dimensions: Of the vectors of both towers.
    """

    folder: Path
    settings: ClipSettings
    digest: str
    dimensions: int

    @property
    def made(self) -> Path:
        """The folder for what is worked out from these very files; it may be deleted."""
        return self.folder / _MADE / self.digest


def own_clip() -> ClipFiles | None:
    """The pair that the user has put there; None if there is no such folder.

    The first process that sees it runs both towers, which takes seconds; others read what was found.

    Raises:
        UnusableClipError: There is one, and it cannot be used.
    """
    folder = root() / "clip"
    if not folder.is_dir():
        return None
    found = _checked(folder, _state(folder))
    if isinstance(found, str):
        raise UnusableClipError(found)
    return found


_State = tuple[tuple[str, int, int], ...]
"""Name, size and time of change of each file."""


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _state(folder: Path) -> _State:
    return tuple((path.name, (found := path.stat()).st_size, found.st_mtime_ns) for path in _files(folder))


@lru_cache(maxsize=1)
def _checked(folder: Path, state: _State) -> ClipFiles | str:
    """The pair, or why it cannot be used; either holds until a file changes."""
    record = folder / _MADE / "checked.json"
    try:
        for name in (IMAGE, TEXT, TOKENIZER):
            if not (folder / name).is_file():
                return f"{folder / name} is missing: export it as docs/own-clip.md says, or move the folder away"
        settings = read_settings(folder / SETTINGS)
        known = _recorded(record, state)
        if known is None:
            known = {"digest": _digest(folder), "dimensions": _dimensions(folder, settings)}
            _write(record, {"state": state, **known})
        return ClipFiles(folder, settings, known["digest"], known["dimensions"])
    except UnusableClipError as error:
        return str(error)
    except OSError as error:
        return f"{error.filename or folder} cannot be read ({error.strerror or error})"


def _recorded(record: Path, state: _State) -> dict[str, Any] | None:
    """What an earlier process found, if the files are still the same."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(record.read_bytes())
        if known["state"] == [list(one) for one in state]:
            return known
    return None


def _write(record: Path, known: dict[str, Any]) -> None:
    # If the folder cannot be written, the next process looks for itself.
    with suppress(OSError):
        record.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=record.parent, prefix=".new-", delete=False) as new:
            json.dump(known, new)
        Path(new.name).replace(record)


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in _files(folder):
        with path.open("rb") as file:
            whole.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:16]


def _dimensions(folder: Path, settings: ClipSettings) -> int:
    from mixpeek_local.models.towers import common_dimensions  # which loads NumPy; callers of the server have none

    return common_dimensions(folder / IMAGE, folder / TEXT, folder / TOKENIZER, settings)
