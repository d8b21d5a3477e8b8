"""The settings of a local API."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from mixpeek_local.addresses import AllowedHosts

Profile = Literal["guide", "dec", "v1", "documents"]
"""An era of the contract: `guide` (its section a), `dec` (S15.0), `v1` (S18.5), or `documents`, the API of today."""

PROFILES: tuple[Profile, ...] = get_args(Profile)

SERVED_HOSTS = ("127.0.0.1", "localhost", "::1")

_WORKER_BYTES = 2 << 30


def default_workers() -> int:
    """One core is left free, so that the machine stays usable; fewer workers where memory is short; at least one."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(min((os.cpu_count() or 1) - 1, memory // _WORKER_BYTES), 1)


@dataclass(frozen=True)
class LocalApiConfig:
    """Settings of one server; its state directory is its identity.

    Attributes:
        state_dir: Holds the key, the database, the endpoint and the log. One server at a time serves it.
        host: A loopback address; any other is refused.
        port: 0 takes a free one.
        allowed_folders: Local videos are read only from these folders and those below them.
        allowed_hosts: Host names, addresses and networks that videos may come from although they are not public.
            Anybody may have written a video's URL, so it must not reach what only this machine can.
        max_bytes: Largest video (contract b2: 1 GB).
        max_seconds: Longest video (contract b2: 4 h).
        max_memory: Bytes of memory that a worker may use.
        workers: The largest number of worker processes. The first starts with the server, others when needed.
        download_timeout: Seconds a download may take.
        processing_timeout: Seconds a task may take, including its download (contract b2: 30 min).
        duplicates: What becomes of a video whose content is known: a copy of the features, SKIPPED, or an error
            that names the asset (contract b8).
        profiles: The eras of the contract: `guide` and `dec` without a prefix, `v1` and `documents` under `/v1`.
        requests_per_minute: What each endpoint answers before it gives 429 (contract b7: 10 or 60); 0 is no limit.
        retry_after: Whether a 429 has Retry-After; that of the real API has not.
        draft_seconds: After how many seconds a batch that was not submitted is canceled.
        landing: The command that lands a video, given its path as the last argument, in the warehouse of those who
            started the server; the page shows it. Empty: there is none.
        faults: JSON rules for faults (docs/faults.md), which `/faults` may change later. An empty text turns faults
            off; an empty list only has no rules yet.
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
    draft_seconds: float = 30 * 60
    landing: str = ""
    faults: str = ""

    def __post_init__(self) -> None:
        """Refuse settings that would serve other machines, are invalid, or leave nothing to do."""
        if self.host not in SERVED_HOSTS:
            raise ValueError(f"the local API serves this machine only, so its host cannot be {self.host!r}")
        AllowedHosts(self.allowed_hosts)
        if self.workers < 1:
            raise ValueError("the local API needs at least one worker")
        if not self.profiles:
            raise ValueError(f"the local API needs at least one profile: {', '.join(PROFILES)}")
        if self.requests_per_minute < 0:
            raise ValueError("requests per minute cannot be fewer than 0, which means no limit")

    @property
    def database(self) -> Path:
        """The SQLite file with all tasks, assets, features and vectors."""
        return self.state_dir / "state.sqlite"

    @property
    def downloads(self) -> Path:
        """The folder of current downloads; emptied when a server starts."""
        return self.state_dir / "downloads"

    @property
    def uploads(self) -> Path:
        """The folder of videos dropped on the page."""
        return self.state_dir / "uploads"
