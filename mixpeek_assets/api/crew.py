"""How many threads are worth having: as many as wait for a server, and no more than the interpreter serves.

Python runs one thread at a time. Where a server answers at once, threads beyond the first few only hand that turn to
each other, which doubled the CPU of each call (1.0 ms with 32 threads, 0.6 ms with one; two cores). Where it takes its
time, the interpreter is idle for the most part, and all of them work.
"""

import threading
import time

_LOOK_EVERY = 0.1
_TOO_BUSY, _IDLE = 0.9, 0.6
"""The share of a core that all use together: above the first, half of them rest; below the other, a third more work."""


class Crew:
    """Threads with places from 0 on, of which the last ones rest while there is no use for them.

    Args:
        size: How many there are.

    Attributes:
        working: How many may work.
        is_dismissed: Whether the work is over.
    """

    def __init__(self, size: int) -> None:
        self.working = self._size = size
        self.is_dismissed = False
        self._changed = threading.Condition()
        self._since, self._busy = time.monotonic(), 0.0

    def has_work_for(self, place: int) -> bool:
        """Wait while the thread of this place is to rest; False once the work is over."""
        if place >= self.working:
            with self._changed:
                self._changed.wait_for(lambda: place < self.working or self.is_dismissed)
        return not self.is_dismissed

    def count(self, seconds: float) -> None:
        """Count the CPU that a call took, and now and then see how many threads it is worth having."""
        with self._changed:
            self._busy += seconds
            passed = time.monotonic() - self._since
            if passed < _LOOK_EVERY:
                return
            share = self._busy / passed
            self._since, self._busy = time.monotonic(), 0.0
            if share > _TOO_BUSY:
                self.working = max(self.working // 2, 1)
            elif share < _IDLE and self.working < self._size:
                self.working = min(self.working * 4 // 3 + 1, self._size)
                self._changed.notify_all()

    def dismiss(self) -> None:
        """Have every thread stop after its call."""
        with self._changed:
            self.is_dismissed = True
            self._changed.notify_all()
