"""What a step says: its plan, how far it is every ten seconds, and a summary."""

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from mixpeek_assets.api.figures import Figures
from mixpeek_assets.api.port import MixpeekClient
from mixpeek_assets.labels import counted, duration, size

Say = Callable[[str], object]
"""Takes a sentence, e.g. `print` or a logger's `info`; called by a thread of its own while the step works."""

EVERY = 10.0
"""Seconds between two lines."""


def say_nothing(_: str) -> None:
    """Keep silent."""


class Progress:
    """How far a step is. One thread counts, another may read.

    Args:
        client: Whose work it is.
        noun: What is worked through, in the singular.
        total: How many.
    """

    def __init__(self, client: MixpeekClient, noun: str, total: int) -> None:
        self._client, self._noun, self._total = client, noun, total
        self._done = self._failed = 0
        self._began, self._before = time.monotonic(), client.figures
        self._last_done, self._last_figures = 0, self._before

    def count(self, *, failed: bool = False) -> None:
        """Count an answer."""
        self._done += 1
        self._failed += failed

    def line(self) -> str:
        """Return how far it is; the share of waiting is that since the last line."""
        figures = self._client.figures
        waiting, new = _waiting(figures - self._last_figures), self._done - self._last_done
        self._last_done, self._last_figures = self._done, figures
        if self._done == self._total:
            return f"{self._counted()}, the last replies are being loaded"
        if not new:
            return ", ".join([self._counted(), "no answer since the last line", *waiting])
        each = (time.monotonic() - self._began) / self._done
        left = f"about {duration((self._total - self._done) * each)} left"
        return ", ".join([self._counted(), f"{60 / each:,.0f} a minute", *waiting, left])

    def summary(self) -> str:
        """Return what was done."""
        figures = self._client.figures - self._before
        done = [
            counted(sum(figures.requests.values()), "request"),
            counted(figures.retries, "retry", "retries"),
            f"{counted(figures.rate_limited, 'time')} rate limited",
            size(figures.bytes),
            *_waiting(figures),
        ]
        return f"{self._counted()} in {duration(time.monotonic() - self._began)}: {', '.join(done)}"

    def _counted(self) -> str:
        total = counted(self._total, self._noun)
        done = total if self._done == self._total else f"{self._done:,} of {total}"
        return f"{done} ({self._failed:,} failed)" if self._failed else done


@contextmanager
def progress(say: Say, client: MixpeekClient, noun: str, verb: str, total: int, requests: int) -> Generator[Progress]:
    """Say the plan, how far the work in the block is, and at its end (also by an error) what was done.

    A thread says the lines in between, because a line is needed most when no answer comes.

    Args:
        say: Takes the sentences.
        client: Whose work it is.
        noun: What is worked through, in the singular.
        verb: What is done with it.
        total: How many there are; with none, one line says so.
        requests: How many requests it takes at least.
    """
    work, ended = Progress(client, noun, total), threading.Event()
    if not total:
        say(f"no {noun} to {verb}")
        yield work
        return
    say(f"{counted(total, noun)} to {verb}, {_pace(total, requests, client.per_minute)}")

    def say_lines() -> None:
        while not ended.wait(EVERY):
            say(work.line())

    try:
        with ThreadPoolExecutor(1, thread_name_prefix="mixpeek-progress") as thread:
            saying = thread.submit(say_lines)
            try:
                yield work
            finally:
                ended.set()
        saying.result()  # raises what `say` raised
    finally:
        say(work.summary())


def _pace(total: int, requests: int, per_minute: int) -> str:
    # Where a request is about one thing, their number need not be said, and is known.
    taken = "" if requests == total else f"{counted(requests, 'request')} or more, "
    if not per_minute:
        return f"{taken}no rate limit"
    about = "at least" if taken else "about"
    return f"{taken}{about} {duration(60 * requests / per_minute)} at {counted(per_minute, 'request')} a minute"


def _waiting(figures: Figures) -> list[str]:
    """Return the share of waiting, if there is any."""
    percent = round(100 * figures.limit_share)
    return [f"waiting for the rate limit {percent} % of the time"] if percent else []
