"""Which local file a video's address means: one in the folders that the server may read, or the guide's sample."""

import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract.records import UnusableVideoError
from mixpeek_local.samples import GUIDE_VIDEO

GUIDE_NAME = Path("video.mp4")
"""What the guide ingests (contract, trap 6). A file of that name in an allowed folder comes before the sample."""


class TooLargeError(UnusableVideoError):
    """The file, or its announced size, is larger than this server takes."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the file is larger than {max_bytes:,} bytes, the most that this server takes")


def scheme_of(url: str) -> str:
    """The scheme of an address, in small letters; empty for a path.

    Raises:
        UnusableVideoError: It is no address.
    """
    try:
        return urlsplit(url).scheme.lower()
    except ValueError as error:
        raise UnusableVideoError(f"{url} is not a URL: {error}") from error


def local_file(url: str, config: LocalApiConfig) -> Path:
    """The file that a path or a `file://` URL means, which can be opened.

    Raises:
        UnusableVideoError: There is none, or this server may not read it; the message says why.
    """
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


def readable_folders(config: LocalApiConfig) -> list[Path]:
    """The folders that local videos are read from."""
    return [folder.resolve() for folder in (*config.allowed_folders, config.uploads)]


def _allowed_file(path: Path, config: LocalApiConfig) -> Path:
    folders = readable_folders(config)
    listed = ", ".join(map(str, folders))
    if not path.is_absolute():
        # Relative to the allowed folders: callers do not know the server's working folder.
        found = next((folder for folder in folders if (folder / path).exists()), None)
        if found is None and path == GUIDE_NAME:
            return GUIDE_VIDEO
        if found is None:
            raise UnusableVideoError(
                f"{path} is not in the folders that this server may read ({listed}): put it there, start the server"
                " with --allow-folder, or give an http(s) URL"
            )
        path = found / path
    real = path.resolve()  # follows symbolic links, so that none leads out of an allowed folder
    if not any(real.is_relative_to(folder) for folder in folders):
        raise UnusableVideoError(
            f"{path} is outside the folders that this server may read ({listed}): start it with --allow-folder"
        )
    return real


def _path(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme.lower() != "file":
        return Path(url)
    if parts.netloc not in ("", "localhost"):
        raise UnusableVideoError(f"file://{parts.netloc}/… is on another machine: give file:///… or an http(s) URL")
    return Path(unquote(parts.path))
