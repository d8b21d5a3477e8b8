"""Fetching a video: from the web, or from the folders that the server may read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from mixpeek_local.addresses import AllowedHosts
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract.records import UnusableVideoError
from mixpeek_local.local_files import local_file, scheme_of
from mixpeek_local.work.transfer import Transfer
from mixpeek_local.work.web import without_secrets


@contextmanager
def local_copy(url: str, config: LocalApiConfig, *, name: str, progress: Callable[[float], None]) -> Iterator[Path]:
    """Yield a local file with the video's content; a download is deleted afterwards.

    Args:
        url: An http(s) URL, a `file://` URL or a path.
        config: Limits, allowed folders and hosts, and where downloads go.
        name: What a download's file name begins with.
        progress: Called with the share of a download that has arrived, 0 to 1.

    Raises:
        UnusableVideoError: The video cannot be fetched; the message says why.
    """
    scheme = scheme_of(url)
    if scheme in ("http", "https"):
        path = config.downloads / f"{name}{_suffix(url)}"
        try:
            _download(url, path, config, progress)
            yield path
        finally:
            path.unlink(missing_ok=True)
    elif scheme in ("", "file"):
        yield local_file(url, config)
    else:
        raise UnusableVideoError(f"{scheme}:// addresses are not supported: give an http(s) URL or a local path")


def remove_downloads(config: LocalApiConfig, name: str) -> None:
    """Delete the downloads of a worker that died."""
    for path in config.downloads.glob(f"{name}*"):
        path.unlink(missing_ok=True)


def _download(url: str, path: Path, config: LocalApiConfig, progress: Callable[[float], None]) -> None:
    try:
        with path.open("wb") as file:
            allowed = AllowedHosts(config.allowed_hosts)
            Transfer(url, file, max_bytes=config.max_bytes, allowed=allowed, progress=progress).run()
    except OSError as error:
        raise UnusableVideoError(f"{without_secrets(url)} could not be stored: {error.strerror}") from error


def _suffix(url: str) -> str:
    suffix = Path(urlsplit(url).path).suffix
    return suffix if suffix[1:].isalnum() and len(suffix) <= 6 else ""
