"""Many calls at once, a bounded number of them in flight."""

import threading
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import TypeVar

from mixpeek_assets.api.crew import Crew
from mixpeek_assets.api.errors import ABORTS_RUN, MixpeekError

Item = TypeVar("Item")
Reply = TypeVar("Reply")

AHEAD = 64
"""So many answers may wait to be taken."""

_PAUSE = 0.005
"""Seconds in which answers gather: to be woken for each costs as much as to parse one."""


def map_concurrently(
    call: Callable[[Item], Reply], items: Iterable[Item], concurrency: int
) -> Generator[tuple[Item, Reply | MixpeekError], None, None]:
    """Yield each item with its reply, or with the error that is its own, as they come.

    Each thread draws its next item itself, so that no call waits for another's end, nor for whoever takes the answers;
    but only `AHEAD` answers wait to be taken: `items` may be long, and may be made while calls run.

    Raises:
        MixpeekError: one of `ABORTS_RUN`, once the calls in flight have ended; no more are begun.
    """
    remaining, drawing, crew = iter(items), threading.Lock(), Crew(concurrency)
    answers: Queue[tuple[Item, Reply | MixpeekError] | _Ended] = Queue(AHEAD)

    def work(place: int) -> None:
        bug: BaseException | None = None
        try:
            while crew.has_work_for(place):
                with drawing:
                    item = _NO_MORE if crew.is_dismissed else next(remaining, _NO_MORE)
                if isinstance(item, _NoMore):
                    return
                began = time.thread_time()
                try:
                    answer = call(item)
                except MixpeekError as error:
                    answer = error
                    if isinstance(error, ABORTS_RUN):
                        crew.dismiss()
                crew.count(time.thread_time() - began)
                answers.put((item, answer))
        except BaseException as error:  # raised where the answers are taken
            bug = error
        finally:
            crew.dismiss()
            answers.put(_Ended(bug))

    working, stop = concurrency, None
    with ThreadPoolExecutor(concurrency, thread_name_prefix="mixpeek") as pool:
        for place in range(concurrency):
            pool.submit(work, place)
        try:
            while working:
                if answers.empty():
                    time.sleep(_PAUSE)
                answered = answers.get()
                if isinstance(answered, _Ended):
                    working -= 1
                    if answered.bug is not None:
                        raise answered.bug
                elif isinstance(answered[1], ABORTS_RUN):
                    stop = stop or answered[1]
                else:
                    yield answered
        finally:
            crew.dismiss()
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
