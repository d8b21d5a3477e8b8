"""What a client has done: figures that a person can plot."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from mixpeek_assets.stopwatch import Stopwatch


@dataclass(frozen=True)
class Figures:
    """What a client did. Seconds are summed over its threads, and include what is still going on.

    Attributes:
        requests: How many requests were sent, by endpoint, e.g. `GET /features/{id}`.
        retries: How many of them repeat one that failed.
        rate_limited: How many of them were answered 429, and sent again later.
        bytes: Received in the bodies of replies, as they were on the wire.
        limit_seconds: Waiting for the rate limit, ours or the server's.
        api_seconds: From sending requests to the last bytes of their replies, and pausing before retries.
    """

    requests: Mapping[str, int] = field(default_factory=Counter[str])
    retries: int = 0
    rate_limited: int = 0
    bytes: int = 0
    limit_seconds: float = 0.0
    api_seconds: float = 0.0

    def __sub__(self, earlier: "Figures") -> "Figures":
        """Return what was done since `earlier`."""
        return Figures(
            Counter(self.requests) - Counter(earlier.requests),
            self.retries - earlier.retries,
            self.rate_limited - earlier.rate_limited,
            self.bytes - earlier.bytes,
            self.limit_seconds - earlier.limit_seconds,
            self.api_seconds - earlier.api_seconds,
        )

    @property
    def limit_share(self) -> float:
        """Which part of the time in calls was spent waiting for the rate limit, 0 to 1."""
        seconds = self.limit_seconds + self.api_seconds
        return self.limit_seconds / seconds if seconds else 0.0


class Meter:
    """Counts what the threads of a client do, in some microseconds a call.

    Attributes:
        limit: Runs in threads that wait for the rate limit.
        api: Runs in threads that wait for the API.
    """

    def __init__(self) -> None:
        self.limit, self.api = Stopwatch(), Stopwatch()
        self._lock = threading.Lock()
        self._requests = Counter[str]()
        self._retries = self._rate_limited = self._bytes = 0

    def sent(self, endpoint: str) -> None:
        """Count a request."""
        with self._lock:
            self._requests[endpoint] += 1

    def received(self, size: int, *, rate_limited: bool) -> None:
        """Count a reply."""
        with self._lock:
            self._bytes += size
            self._rate_limited += rate_limited

    def pause(self, seconds: float) -> None:
        """Sleep before a retry, and count it."""
        with self._lock:
            self._retries += 1
        with self.api:
            time.sleep(seconds)

    @property
    def figures(self) -> Figures:
        """What was counted so far."""
        limit, api = self.limit.seconds, self.api.seconds
        with self._lock:
            requests = Counter(self._requests)
            return Figures(requests, self._retries, self._rate_limited, self._bytes, limit, api)
