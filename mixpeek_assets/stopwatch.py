"""How long threads spend in something, together."""

import threading
import time
from types import TracebackType


class Stopwatch:
    """Sums the seconds that threads spend in its `with` blocks, and counts those that are still inside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._sum = 0.0

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            self._sum -= time.monotonic()

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._lock:
            self._inside -= 1
            self._sum += time.monotonic()

    @property
    def seconds(self) -> float:
        """The sum so far."""
        with self._lock:
            return self._sum + self._inside * time.monotonic()
