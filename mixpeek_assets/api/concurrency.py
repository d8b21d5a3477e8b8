"""Many calls at once, a bounded number of them in flight."""

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import TypeVar

from mixpeek_assets.api.errors import STOPS_ALL, MixpeekError

Item = TypeVar("Item")
Reply = TypeVar("Reply")


def in_flight(
    call: Callable[[Item], Reply], items: Iterable[Item], concurrency: int
) -> Generator[tuple[Item, Reply | MixpeekError], None, None]:
    """Yield each item with its reply, or with the error that is its own, as they come.

    Each thread draws its next item itself, so that no call waits for another's end, nor for whoever takes the answers;
    but no more than 2 * `concurrency` items are drawn whose answers are not taken: `items` may be long, and made while
    calls run.

    Raises:
        MixpeekError: one of `STOPS_ALL`, once the calls in flight have ended; no more are begun.
    """
    remaining, drawing, stopping = iter(items), threading.Lock(), threading.Event()
    answers: Queue[tuple[Item, Reply | MixpeekError] | _Ended] = Queue(concurrency)

    def work() -> None:
        bug: BaseException | None = None
        try:
            while True:
                with drawing:
                    if stopping.is_set():
                        return
                    item = next(remaining, _NO_MORE)
                if isinstance(item, _NoMore):
                    return
                try:
                    answer = call(item)
                except MixpeekError as error:
                    answer = error
                    if isinstance(error, STOPS_ALL):
                        stopping.set()
                answers.put((item, answer))
        except BaseException as error:  # raised where the answers are taken
            stopping.set()
            bug = error
        finally:
            answers.put(_Ended(bug))

    working, stop = concurrency, None
    with ThreadPoolExecutor(concurrency, thread_name_prefix="mixpeek") as pool:
        for _ in range(concurrency):
            pool.submit(work)
        try:
            while working:
                answered = answers.get()
                if isinstance(answered, _Ended):
                    working -= 1
                    if answered.bug is not None:
                        raise answered.bug
                elif isinstance(answered[1], STOPS_ALL):
                    stop = stop or answered[1]
                else:
                    yield answered
        finally:
            stopping.set()
            while working:
                working -= isinstance(answers.get(), _Ended)
    if stop is not None:
        raise stop


class _Ended:
    """A thread's last word."""

    def __init__(self, bug: BaseException | None) -> None:
        self.bug = bug


class _NoMore:
    """Stands behind the last item."""


_NO_MORE = _NoMore()
