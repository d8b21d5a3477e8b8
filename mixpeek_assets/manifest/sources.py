"""Where a list of videos can come from: files, a pattern, a folder, a URL."""

import hashlib
import os
from pathlib import Path
from urllib.parse import urlsplit

import requests

from mixpeek_assets.local_api import sample_manifest
from mixpeek_assets.manifest.errors import ManifestError
from mixpeek_assets.settings import Settings

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf"}
    | {".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
"""Suffixes of videos in a folder; a file that is named by itself may have any suffix."""


MOST_FILES = 500_000
"""A folder with more is a whole disk, which takes minutes to look through."""


def source_of(settings: Settings, videos: str | None = None) -> str:
    """Return the source of the videos: `videos`, else MIXPEEK_VIDEOS, else the packaged samples."""
    return videos or settings.videos or str(sample_manifest())


def is_url(source: str) -> bool:
    """Say whether a source is an http(s) URL."""
    return source.lower().startswith(("http://", "https://"))


def fingerprint(settings: Settings) -> str | None:
    """Return a fingerprint of the manifest's files; None if only reading it can tell.

    Raises:
        ManifestError: no file or folder matches.
    """
    source = source_of(settings)
    if is_url(source):
        return None
    means = (
        f"{source} {settings.collection} {settings.only_collection} {settings.uses_local_api} {settings.earliest_day}"
    )
    digest = hashlib.sha256(means.encode())
    for file in local_files(source):
        state = file.stat()
        digest.update(f"{file} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def readable_folders(settings: Settings, videos: str | None = None) -> list[Path]:
    """Return the folders that the local API must be allowed to read for this list."""
    source = source_of(settings, videos)
    samples = sample_manifest().parent
    return [samples] if is_url(source) else sorted({samples, folder_of(source)})


def reachable_hosts(settings: Settings, videos: str | None = None) -> list[str]:
    """Return the hosts that the local API may fetch videos from although they are not public.

    The host of a source URL is trusted, because the user names it; hosts in a manifest are not.
    """
    host = urlsplit(source_of(settings, videos)).hostname if is_url(source_of(settings, videos)) else None
    return [*settings.allowed_hosts, *([host] if host else [])]


def folder_of(source: str) -> Path:
    """Return the base of a source's relative paths: the folder itself, its parent, or a pattern's."""
    if is_url(source):
        return Path.cwd()
    path = _absolute(source)
    if path.is_dir():
        return path
    return path.parent if path.is_file() else _above_wildcards(path)


def local_files(source: str) -> list[Path]:
    """Return the files that a path or pattern names, or the videos of a folder; sorted.

    Raises:
        ManifestError: there are none.
    """
    path = _absolute(source)
    try:
        if path.is_dir():
            return videos_below(path)
        if path.is_file():
            return [path]
        base = _above_wildcards(path)
        files = sorted(file for file in base.glob(str(path.relative_to(base))) if file.is_file())
    except ManifestError:
        raise
    except (OSError, ValueError) as error:
        raise ManifestError(f"MIXPEEK_VIDEOS is {source!r}, which is not a path or pattern: {_why(error)}") from None
    if not files:
        raise ManifestError(
            f"MIXPEEK_VIDEOS is {source!r}, but there is no such file, folder or pattern (relative to {Path.cwd()})"
        )
    return files


def videos_below(folder: Path) -> list[Path]:
    """Return the videos below a folder by suffix, without hidden ones; sorted.

    Raises:
        ManifestError: there are none, or too many files to look at.
    """
    videos: list[Path] = []
    seen = 0
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        seen += len(folders) + len(files)
        if seen > MOST_FILES:
            raise ManifestError(f"{folder} has more than {MOST_FILES:,} files: name the folder of the videos alone")
        found = [Path(parent, name) for name in files if not name.startswith(".")]
        videos += [file for file in found if file.suffix.lower() in VIDEO_SUFFIXES and file.is_file()]
    if not videos:
        raise ManifestError(f"{folder} contains no video ({' '.join(sorted(VIDEO_SUFFIXES))})")
    return sorted(videos)


def download(url: str, target: Path) -> Path:
    """Download a manifest to a file.

    Raises:
        ManifestError: the download failed.
    """
    try:
        with requests.get(url, stream=True, timeout=(5, 60)) as reply:
            reply.raise_for_status()
            with target.open("wb") as file:
                for chunk in reply.iter_content(1 << 20):
                    file.write(chunk)
    except (requests.RequestException, ValueError) as error:  # a host that cannot be looked up is a ValueError
        answer = error.response if isinstance(error, requests.RequestException) else None
        status = type(error).__name__ if answer is None else f"the server answered {answer.status_code}"
        raise ManifestError(f"{url} cannot be downloaded: {status}; check the address") from None
    return target


def _absolute(source: str) -> Path:
    try:
        return Path(source).expanduser().absolute()
    except RuntimeError as error:
        raise ManifestError(f"MIXPEEK_VIDEOS is {source!r}, which is not a path: {error}") from None


def _why(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _above_wildcards(path: Path) -> Path:
    return next(parent for parent in path.parents if not set("*?[") & set(str(parent)))
