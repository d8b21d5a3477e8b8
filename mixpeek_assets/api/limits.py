"""One budget of requests for every process that uses the same key (contract b7)."""

import hashlib
import threading
import time
from pathlib import Path
from typing import Protocol

from pyrate_limiter import Limiter, Rate, SingleBucketFactory, SQLiteBucket

_WINDOW_MS = 61_000
"""A minute and a second: requests that left evenly may arrive unevenly, and the server counts arrivals."""


class RateLimit(Protocol):
    """Says when the next request may leave."""

    def wait(self, timeout: float) -> bool:
        """Wait for a place in the budget; False when there was none within `timeout` seconds."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class NoLimit:
    """The local API has none."""

    def wait(self, timeout: float) -> bool:
        """Let every request go at once."""
        return True

    def close(self) -> None:
        """Hold nothing."""


class SharedLimit:
    """At most `per_minute` requests in any minute, over all processes and restarts: the bucket is a file.

    Args:
        folder: Where the bucket lies.
        per_minute: The budget, one for all endpoints together (the strictest reading of contract b7).
        account: What shares the budget, e.g. URL and key; only its hash is written.
    """

    def __init__(self, folder: Path, per_minute: int, account: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(account.encode()).hexdigest()[:16]
        self._bucket = SQLiteBucket.init_from_file(
            [Rate(per_minute, _WINDOW_MS)], db_path=str(folder / f"{name}.sqlite"), use_file_lock=True
        )
        # Old entries are cleaned here, not by a thread for each client, which would outlive it.
        self._bucket.leak(self._bucket.now())
        self._limiter = Limiter(SingleBucketFactory(self._bucket, schedule_leak=False))
        self._turn = threading.Lock()

    def wait(self, timeout: float) -> bool:
        """Wait for a place in the budget; False when there was none within `timeout` seconds."""
        # One thread waits at the bucket, the others behind it: the file is not polled by all of them.
        deadline = time.monotonic() + timeout
        if not self._turn.acquire(timeout=timeout):
            return False
        try:
            return bool(self._limiter.try_acquire("request", timeout=max(deadline - time.monotonic(), 0)))
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close the file."""
        self._limiter.close()
