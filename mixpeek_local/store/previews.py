"""Thumbnails: JPEG files beside the database, which copies of a feature share."""

import hashlib
import sqlite3
import uuid
from collections.abc import Iterable
from pathlib import Path


def keep(folder: Path, preview: bytes | None) -> str | None:
    """Write a thumbnail under a name derived from its content, unless it exists; returns the name."""
    if preview is None:
        return None
    path = folder / f"{hashlib.sha256(preview).hexdigest()[:32]}.jpg"
    if not path.exists():
        whole = path.with_suffix(f".{uuid.uuid4().hex}")
        whole.write_bytes(preview)
        whole.replace(path)
    return path.name


def sweep(connection: sqlite3.Connection, folder: Path, names: Iterable[str]) -> None:
    """Delete unused thumbnails, in the caller's transaction, so that no feature takes one up meanwhile."""
    for name in names:
        if connection.execute("SELECT 1 FROM features WHERE preview = ? LIMIT 1", (name,)).fetchone() is None:
            (folder / name).unlink(missing_ok=True)
