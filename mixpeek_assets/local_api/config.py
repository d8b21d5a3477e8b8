"""What a local API is started with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SERVED_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class LocalApiConfig:
    """Settings of one server; its state directory is its identity.

    Attributes:
        state_dir: Holds the key, the database, the endpoint and the log; one server at a time serves it.
        host: A loopback address; the server refuses any other.
        port: 0 takes a free one.
        allowed_folders: Local videos are read from below these only.
        max_bytes: Largest video (contract b2: 1 GB).
        max_seconds: Longest video (contract b2: 4 h).
        workers: Processes that work on videos.
        processing_timeout: Seconds after which a task is given up (contract b2: 30 min).
        duplicates: What a video gets whose content is known: a copy of its features, SKIPPED, or an error that
            names the asset (contract b8).
    """

    state_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    allowed_folders: tuple[Path, ...] = ()
    max_bytes: int = 1 << 30
    max_seconds: float = 4 * 3600
    workers: int = 1
    processing_timeout: float = 30 * 60
    duplicates: Literal["copy", "skip", "error"] = "copy"

    def __post_init__(self) -> None:
        """Refuse settings that would serve beyond this machine or do no work."""
        if self.host not in SERVED_HOSTS:
            raise ValueError(f"the local API serves this machine only, so its host cannot be {self.host!r}")
        if self.workers < 1:
            raise ValueError("the local API needs at least one worker")

    @property
    def database(self) -> Path:
        """The SQLite file with all tasks, assets, features and vectors."""
        return self.state_dir / "state.sqlite"

    @property
    def downloads(self) -> Path:
        """The folder of the videos that are being downloaded; emptied when a server starts."""
        return self.state_dir / "downloads"
