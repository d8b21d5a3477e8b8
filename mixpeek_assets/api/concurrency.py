"""Concurrent calls, with a bounded number in flight."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import TypeVar

from mixpeek_assets.api.errors import ABORTS_RUN, MixpeekError

Item = TypeVar("Item")
Reply = TypeVar("Reply")

AHEAD = 64
"""How many answers may wait for the caller."""

_PAUSE = 0.005
"""Seconds to let answers gather: waking up for each one costs as much as parsing it."""


def map_concurrently(
    call: Callable[[Item], Reply], items: Iterable[Item], concurrency: int
) -> Generator[tuple[Item, Reply | MixpeekError], None, None]:
    """Yield each item with its reply, or with the error of its own call, in the order of arrival.

    Each thread takes its next item itself, so no call waits for another, or for the caller until `AHEAD` answers wait.
    `items` may be long, or a generator that runs while calls are in flight.

    Raises:
        MixpeekError: one of `ABORTS_RUN`, once the calls in flight have ended; no more start.
    """
    remaining, drawing, stop = iter(items), threading.Lock(), threading.Event()
    answers: Queue[tuple[Item, Reply | MixpeekError] | None] = Queue(AHEAD)  # None: a thread has ended

    def drawn() -> Iterator[Item]:
        while True:
            with drawing:
                try:
                    if stop.is_set():
                        return
                    item = next(remaining)
                except StopIteration:
                    return
            yield item

    def work() -> None:
        try:
            for item in drawn():
                try:
                    answer = call(item)
                except MixpeekError as error:
                    answer = error
                    if isinstance(error, ABORTS_RUN):
                        stop.set()
                answers.put((item, answer))
        finally:
            stop.set()
            answers.put(None)

    working, fatal = concurrency, None
    with ThreadPoolExecutor(concurrency, thread_name_prefix="mixpeek") as pool:
        threads = [pool.submit(work) for _ in range(concurrency)]
        try:
            while working:
                if answers.empty():
                    time.sleep(_PAUSE)
                answered = answers.get()
                if answered is None:
                    working -= 1
                elif isinstance(answered[1], ABORTS_RUN):
                    fatal = fatal or answered[1]
                else:
                    yield answered
        finally:
            stop.set()
            while working:
                working -= answers.get() is None
    for thread in threads:
        thread.result()  # raises an unexpected error of a call or of `items`
    if fatal is not None:
        raise fatal
