"""Getting a video onto this machine: from the web, or from the folders that the server may read."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from mixpeek_assets.local_api.config import LocalApiConfig
from mixpeek_assets.local_api.extract import UnusableVideoError

_CONNECT_SECONDS, _READ_SECONDS = 10, 30
_CHUNK = 1 << 20
_RETRIES = Retry(
    total=3,
    backoff_factor=0.3,
    status_forcelist=(429, 500, 502, 503, 504),
    raise_on_status=False,
    respect_retry_after_header=False,  # a host must not hold up the queue for an hour
)


@contextmanager
def local_copy(url: str, config: LocalApiConfig) -> Iterator[Path]:
    """Yield a local file with the video's content; a download is deleted afterwards.

    Args:
        url: An http(s) URL, a `file://` URL or a path.
        config: Limits, allowed folders and where downloads go.

    Raises:
        UnusableVideoError: It cannot be had, with the reason.
    """
    scheme = _scheme(url)
    if scheme in ("http", "https"):
        with NamedTemporaryFile(dir=config.downloads, suffix=_suffix(url)) as file:
            _download(url, file, config.max_bytes)
            yield Path(file.name)
    elif scheme in ("", "file"):
        yield _readable(url, config)
    else:
        raise UnusableVideoError(f"{scheme}:// addresses are not supported: give an http(s) URL or a local path")


def _download(url: str, file: IO[bytes], max_bytes: int) -> None:
    shown = _without_secrets(url)
    with requests.Session() as session:
        for prefix in ("http://", "https://"):
            session.mount(prefix, HTTPAdapter(max_retries=_RETRIES))
        try:
            with session.get(url, stream=True, timeout=(_CONNECT_SECONDS, _READ_SECONDS)) as response:
                if not response.ok:
                    raise UnusableVideoError(f"{shown} answered {response.status_code} {response.reason}")
                size = 0
                for chunk in response.iter_content(_CHUNK):
                    size += len(chunk)
                    _refuse_larger(size, max_bytes)
                    file.write(chunk)
        except requests.RequestException as error:
            raise UnusableVideoError(f"{shown} could not be downloaded: {_cause(error)}") from error
    file.flush()


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
    _refuse_larger(status.st_size, config.max_bytes)
    return path


def _allowed_file(path: Path, config: LocalApiConfig) -> Path:
    folders = [folder.resolve() for folder in config.allowed_folders]
    listed = ", ".join(map(str, folders)) or "none"
    if not path.is_absolute():
        # The server's own working folder means nothing to its callers.
        found = next((folder for folder in folders if (folder / path).exists()), None)
        if found is None:
            raise UnusableVideoError(f"{path} is in none of the folders that this server may read ({listed})")
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
        raise UnusableVideoError(f"{url} is no address: {error}") from error


def _path(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme.lower() != "file":
        return Path(url)
    if parts.netloc not in ("", "localhost"):
        raise UnusableVideoError(f"file://{parts.netloc}/… is on another machine: give file:///… or an http(s) URL")
    return Path(unquote(parts.path))


def _refuse_larger(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise UnusableVideoError(f"the file is larger than {max_bytes:,} bytes, the most that this server takes")


def _suffix(url: str) -> str:
    suffix = Path(urlsplit(url).path).suffix
    return suffix if suffix[1:].isalnum() and len(suffix) <= 6 else ""


def _without_secrets(url: str) -> str:
    """The URL without its user and query, where passwords and signatures are."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _cause(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "the server took too long to answer"
    if isinstance(error, requests.ConnectionError):
        return "no connection, or it broke off"
    return f"the request failed ({type(error).__name__})"
