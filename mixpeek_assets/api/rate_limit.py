"""One rate limit for all processes that use the same key (contract b7)."""

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from mixpeek_assets.api.errors import RateLimitStoreDownError, RateLimitStoreError
from mixpeek_assets.api.rate_limit_store import FileBucket
from mixpeek_assets.errors import UserError
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


class Bucket(Protocol):
    """Counts the requests of the last window."""

    def take(self) -> float:
        """Let a request leave now, and return 0; or return the seconds until one may.

        Raises:
            OSError, sqlite3.Error, UserError: the count cannot be read or stored.
        """
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


Line = Callable[[float], AbstractContextManager[None]]
"""Where callers wait in turn for at most so many seconds, and then raise a LockTimeoutError."""


class SharedLimit:
    """At most `per_minute` requests in any minute, over all processes and restarts; first come, first served.

    Args:
        per_minute: The limit, one for all endpoints together (the strictest reading of contract b7).
        bucket: Counts the requests of all who share the limit.
        line: Where they all wait in turn.
        place: Where the count is stored, for messages.
    """

    def __init__(self, per_minute: int, bucket: Bucket, line: Line, place: object) -> None:
        self.per_minute = per_minute
        self._bucket, self._line, self._place = bucket, line, place
        self._turn = threading.Lock()

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
            with self._line(max(deadline - time.monotonic(), 0.0)):
                while pause := self._bucket.take():
                    if time.monotonic() + pause > deadline:
                        return False
                    time.sleep(pause)
                return True
        except LockTimeoutError:
            return False
        except UserError as error:
            kind = RateLimitStoreDownError if error.retryable else RateLimitStoreError
            raise kind("the rate limit", f"nothing was sent, because {error}") from None
        except (OSError, sqlite3.Error) as error:
            raise _unusable(self._place, error) from None
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close the count."""
        self._bucket.close()


def limit_in_folder(
    folder: Path, per_minute: int, account: str, window: timedelta = timedelta(minutes=1)
) -> SharedLimit:
    """Return the limit that all processes share which use a folder.

    Args:
        folder: Where the count is stored.
        per_minute: The limit.
        account: Identifies who shares the limit, e.g. URL and key; only its hash is stored.
        window: The length of the "minute".

    Raises:
        RateLimitStoreError: the folder cannot be made.
    """
    file = folder / f"{hashlib.sha256(account.encode()).hexdigest()[:16]}.sqlite"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(file, error) from None
    return SharedLimit(per_minute, FileBucket(file, per_minute, window), _hand_over_hand(file), file)


def _hand_over_hand(file: Path) -> Line:
    """Return a line of two lock files.

    The next waiter keeps `.line` until it holds `.head`, so that a caller which queues again at once goes to the back.
    With one lock it would get ahead, because a waiter first has to wake up.
    """

    @contextmanager
    def wait(timeout: float) -> Generator[None]:
        deadline = time.monotonic() + timeout
        with ExitStack() as head:
            with exclusive(file.with_suffix(".line"), timeout):
                head.enter_context(exclusive(file.with_suffix(".head"), max(deadline - time.monotonic(), 0.0)))
            yield

    return wait


def _unusable(place: object, error: OSError | sqlite3.Error) -> RateLimitStoreError:
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    hint = "free some space there, or set MIXPEEK_DATA_DIR to a folder that you may write"
    return RateLimitStoreError(
        "the rate limit", f"nothing was sent, because {place} cannot be written: {reason}; {hint}"
    )
