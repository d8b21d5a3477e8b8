"""The one door to mixpeek_local."""

from pathlib import Path

from mixpeek_local import process
from mixpeek_local.samples import MANIFEST


def endpoint(folder: Path) -> str | None:
    """Return the URL of the server of a state folder, or None while none runs."""
    return process.endpoint(folder)


def api_key(folder: Path) -> str:
    """Return the key of the servers of a state folder."""
    return process.api_key(folder)


def sample_manifest() -> Path:
    """Return the manifest of the sample videos."""
    return MANIFEST
