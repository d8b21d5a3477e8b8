"""Processes that end when those they serve end, however these end."""

import os
import threading
import time
from collections.abc import Callable

_LOOK_SECONDS = 0.3


def when(condition: Callable[[], bool], then: Callable[[], None]) -> None:
    """Call `then` once, from a thread of its own, as soon as `condition` holds."""

    def watch() -> None:
        while not condition():
            time.sleep(_LOOK_SECONDS)
        then()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def end_with_parent(parent_pid: int) -> None:
    """End this process at once when its parent is gone; an orphan gets another parent (POSIX)."""
    when(lambda: os.getppid() != parent_pid, lambda: os._exit(0))
