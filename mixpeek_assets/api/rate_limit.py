"""One rate limit for all processes that use the same key (contract b7)."""

import hashlib
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from mixpeek_assets.api.errors import RateLimitStoreError
from mixpeek_assets.api.rate_limit_store import Bucket
from mixpeek_assets.lock import LockTimeoutError, exclusive


class RateLimit(Protocol):
    """Decides when the next request may leave.

    Attributes:
        per_minute: How many may leave in a minute; 0 is any number.
    """

    per_minute: int

    def wait(self, timeout: float) -> bool:
        """Wait until the limit allows a request; False if it does not within `timeout` seconds."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


class NoLimit:
    """No limit, as for the local API."""

    per_minute = 0

    def wait(self, timeout: float) -> bool:
        """Let every request leave at once."""
        return True

    def close(self) -> None:
        """Do nothing."""


class SharedLimit:
    """At most `per_minute` requests in any minute, over all processes and restarts; first come, first served.

    Args:
        folder: Where the count is stored.
        per_minute: The limit, one for all endpoints together (the strictest reading of contract b7).
        account: Identifies who shares the limit, e.g. URL and key; only its hash is stored.
        window: The length of the "minute".
    """

    def __init__(self, folder: Path, per_minute: int, account: str, window: timedelta = timedelta(minutes=1)) -> None:
        self._file = folder / f"{hashlib.sha256(account.encode()).hexdigest()[:16]}.sqlite"
        self._bucket = Bucket(self._file, per_minute, window)
        self.per_minute = per_minute
        self._turn = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from None

    def wait(self, timeout: float) -> bool:
        """Wait until the limit allows a request; False if it does not within `timeout` seconds.

        Raises:
            RateLimitStoreError: the request count cannot be stored.
        """
        deadline = time.monotonic() + timeout
        # One thread of each process waits in turn, so that a process with many threads is served like any other.
        if not self._turn.acquire(timeout=timeout):
            return False
        try:
            with self._next_in_line(deadline):
                while pause := self._bucket.take():
                    if time.monotonic() + pause > deadline:
                        return False
                    time.sleep(pause)
                return True
        except LockTimeoutError:
            return False
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close the file."""
        self._bucket.close()

    @contextmanager
    def _next_in_line(self, deadline: float) -> Generator[None]:
        # Lock coupling: the next waiter keeps `.line` until it holds `.head`, so that a caller which queues again at
        # once goes to the back. With one lock it would get ahead, because a waiter first has to wake up.
        with ExitStack() as head:
            with exclusive(self._file.with_suffix(".line"), _left(deadline)):
                head.enter_context(exclusive(self._file.with_suffix(".head"), _left(deadline)))
            yield

    def _unusable(self, error: OSError | sqlite3.Error) -> RateLimitStoreError:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        message = f"nothing was sent, because {self._file} cannot be written: {reason}"
        return RateLimitStoreError("the rate limit", message)


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.0)
