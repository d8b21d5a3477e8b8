"""What a local API is started with."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from mixpeek_local.addresses import AllowedHosts

Profile = Literal["guide", "dec", "v1"]
"""An era of the contract: `guide` (its section a), `dec` (S15.0) or `v1` (S18.5)."""

PROFILES: tuple[Profile, ...] = get_args(Profile)

SERVED_HOSTS = ("127.0.0.1", "localhost", "::1")

_WORKER_BYTES = 2 << 30


def default_workers() -> int:
    """One core less than there are, so that the machine stays usable; fewer where memory is short; at least one."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(min((os.cpu_count() or 1) - 1, memory // _WORKER_BYTES), 1)


@dataclass(frozen=True)
class LocalApiConfig:
    """Settings of one server; its state directory is its identity.

    Attributes:
        state_dir: Holds the key, the database, the endpoint and the log; one server at a time serves it.
        host: A loopback address; the server refuses any other.
        port: 0 takes a free one.
        allowed_folders: Local videos are read from below these only.
        allowed_hosts: Host names, addresses and networks that videos may come from although they are not public:
            a video's address may be anyone's, and must not reach what only this machine can.
        max_bytes: Largest video (contract b2: 1 GB).
        max_seconds: Longest video (contract b2: 4 h).
        max_memory: Bytes that a worker may hold while it is at a video.
        workers: Most processes that work on videos; the first starts with the server, the others when needed.
        download_timeout: Seconds after which a download is given up.
        processing_timeout: Seconds after which a task is given up, its download included (contract b2: 30 min).
        duplicates: What a video gets whose content is known: a copy of its features, SKIPPED, or an error that
            names the asset (contract b8).
        profiles: Eras of the contract that are spoken: `guide` and `dec` without a prefix, `v1` under `/v1`.
        requests_per_minute: Of each endpoint, beyond which there is a 429 (contract b7: 10 or 60); 0 is no limit.
        retry_after: Whether a 429 says when to come back; the real API never did.
        faults: JSON with the rules by which faults are played (docs/faults.md), to be changed at `/faults`; with
            nothing, not even an empty list, there are none.
    """

    state_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    allowed_folders: tuple[Path, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    max_bytes: int = 1 << 30
    max_seconds: float = 4 * 3600
    max_memory: int = 3 << 30
    workers: int = field(default_factory=default_workers)
    download_timeout: float = 15 * 60
    processing_timeout: float = 30 * 60
    duplicates: Literal["copy", "skip", "error"] = "copy"
    profiles: tuple[Profile, ...] = PROFILES
    requests_per_minute: int = 0
    retry_after: bool = False
    faults: str = ""

    def __post_init__(self) -> None:
        """Refuse settings that would serve beyond this machine, mean nothing or do no work."""
        if self.host not in SERVED_HOSTS:
            raise ValueError(f"the local API serves this machine only, so its host cannot be {self.host!r}")
        AllowedHosts(self.allowed_hosts)
        if self.workers < 1:
            raise ValueError("the local API needs at least one worker")
        if not self.profiles:
            raise ValueError(f"the local API needs at least one profile: {', '.join(PROFILES)}")
        if self.requests_per_minute < 0:
            raise ValueError("requests per minute cannot be fewer than 0, which is no limit")

    @property
    def database(self) -> Path:
        """The SQLite file with all tasks, assets, features and vectors."""
        return self.state_dir / "state.sqlite"

    @property
    def downloads(self) -> Path:
        """The folder of the videos that are being downloaded; emptied when a server starts."""
        return self.state_dir / "downloads"

    @property
    def uploads(self) -> Path:
        """The folder of the videos that were dropped on the page."""
        return self.state_dir / "uploads"
