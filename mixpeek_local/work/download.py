"""Fetching a video: from the web, or from the folders that the server may read."""

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mixpeek_local.addresses import AllowedHosts
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract.records import UnusableVideoError
from mixpeek_local.work.transfer import TooLargeError, Transfer
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
    scheme = _scheme(url)
    if scheme in ("http", "https"):
        path = config.downloads / f"{name}{_suffix(url)}"
        try:
            _download(url, path, config, progress)
            yield path
        finally:
            path.unlink(missing_ok=True)
    elif scheme in ("", "file"):
        yield _readable(url, config)
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


def _readable(url: str, config: LocalApiConfig) -> Path:
    try:
        path = _allowed_file(_path(url), config)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnusableVideoError(f"{url} is not a file")
        path.open("rb").close()
    except FileNotFoundError as error:
        raise UnusableVideoError(f"{url} does not exist") from error
    except (OSError, ValueError) as error:
        raise UnusableVideoError(f"{url} cannot be read: {getattr(error, 'strerror', error)}") from error
    if status.st_size > config.max_bytes:
        raise TooLargeError(config.max_bytes)
    return path


def _allowed_file(path: Path, config: LocalApiConfig) -> Path:
    folders = [folder.resolve() for folder in (*config.allowed_folders, config.uploads)]
    listed = ", ".join(map(str, folders)) or "none"
    if not path.is_absolute():
        # Relative to the allowed folders: callers do not know the server's working folder.
        found = next((folder for folder in folders if (folder / path).exists()), None)
        if found is None:
            raise UnusableVideoError(f"{path} is not in the folders that this server may read ({listed})")
        path = found / path
    real = path.resolve()  # follows symbolic links, so that none leads out of an allowed folder
    if not any(real.is_relative_to(folder) for folder in folders):
        raise UnusableVideoError(
            f"{path} is outside the folders that this server may read ({listed}): start it with --allow-folder"
        )
    return real


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme.lower()
    except ValueError as error:
        raise UnusableVideoError(f"{url} is not a URL: {error}") from error


def _path(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme.lower() != "file":
        return Path(url)
    if parts.netloc not in ("", "localhost"):
        raise UnusableVideoError(f"file://{parts.netloc}/… is on another machine: give file:///… or an http(s) URL")
    return Path(unquote(parts.path))


def _suffix(url: str) -> str:
    suffix = Path(urlsplit(url).path).suffix
    return suffix if suffix[1:].isalnum() and len(suffix) <= 6 else ""
