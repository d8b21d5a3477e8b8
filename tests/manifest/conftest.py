"""Manifests in a temporary folder, read as the pipeline reads them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest

from mixpeek_assets.manifest.reader import Manifest, read_manifest
from mixpeek_assets.settings import load_settings
from tests.fakes.mixpeek import KEY


@dataclass(frozen=True)
class Read:
    """A manifest with its videos, which outlive the file."""

    manifest: Manifest
    videos: list[dict[str, Any]]

    @property
    def urls(self) -> list[str]:
        return [video["url"] for video in self.videos]

    @property
    def reasons(self) -> list[str]:
        return [problem["reason"] for problem in self.manifest.problems]


ReadManifest = Callable[..., Read]


def read(videos: Path | str | None = None, *, key: str | None = KEY, **settings: Any) -> Read:
    """Read a manifest with the real API's key set, unless `key` is None."""
    loaded = load_settings(api_key=key, **settings)
    with read_manifest(loaded, None if videos is None else str(videos)) as manifest, duckdb.connect() as connection:
        found = connection.execute("FROM read_parquet($file) ORDER BY collection, url", {"file": str(manifest.videos)})
        columns = [column[0] for column in found.description or []]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    assert not manifest.videos.exists()
    assert manifest.videos_count == len(rows)
    return Read(manifest, rows)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file below the temporary folder."""

    def write(name: str, content: str | bytes = b"") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""
