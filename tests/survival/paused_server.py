"""A scripted Mixpeek that keeps a request waiting for its answer, so that a test can do something meanwhile."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.mixpeek import Request, ScriptedMixpeek

_LONGEST = 300


class Paused:
    """Requests that wait."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._came, self._go_on = threading.Event(), threading.Event()

    def wait(self) -> None:
        """Wait until there is one."""
        assert self._came.wait(_LONGEST), "no such request came"

    def pause(self, request: Request) -> None:
        """Have it be one."""
        self.requests.append(request)
        self._came.set()
        self._go_on.wait(_LONGEST)

    def resume(self) -> None:
        """Let them all be answered, and those that come after."""
        self._go_on.set()


@contextmanager
def paused(mixpeek: ScriptedMixpeek, pattern: str) -> Iterator[Paused]:
    """Have requests whose "METHOD /path" matches wait until they are let go, at the latest at the end."""
    waiting = Paused()

    def hold(request: Request) -> None:
        if re.search(pattern, f"{request.method} {request.path}"):
            waiting.pause(request)

    mixpeek.on_request = hold
    try:
        yield waiting
    finally:
        waiting.resume()
        mixpeek.on_request = None
