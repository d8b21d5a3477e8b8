"""Arrays that take a while to work out are kept in files, whose names say what they were made of."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Embed = Callable[[list[str]], NDArray[np.float32]]


def kept_places(folder: Path, texts: Iterable[str], embed: Embed) -> NDArray[np.float32]:
    """Embed texts, which takes seconds, or read what was kept: a row each."""
    texts = list(texts)
    return kept(folder / f"places-{short_digest(json.dumps(texts).encode())}.npy", lambda: embed(texts))


def short_digest(content: bytes) -> str:
    """Sixteen letters that are others for another content."""
    return hashlib.sha256(content).hexdigest()[:16]


def kept(file: Path, work_out: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Read an array, or work it out and keep it; another process may do the same."""
    if file.exists():
        return np.load(file)
    array = work_out()
    # If the folder cannot be written, this takes its time again in the next process.
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=file.parent) as work:
            new = Path(work) / file.name
            np.save(new, array)
            new.rename(file)
    return array
