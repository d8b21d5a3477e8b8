"""Many calls at once, a bounded number of them in flight."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from mixpeek_assets.api.errors import STOPS_ALL, MixpeekError

Item = TypeVar("Item")
Reply = TypeVar("Reply")


def in_flight(
    call: Callable[[Item], Reply], items: Iterable[Item], concurrency: int
) -> Generator[tuple[Item, Reply | MixpeekError], None, None]:
    """Yield each item with its reply, or with the error that is its own, as they come.

    `items` is read only as fast as calls end, so it may be long, and may be made while calls run.

    Raises:
        MixpeekError: one of `STOPS_ALL`, once the calls in flight have ended; no more are begun.
    """
    remaining = iter(items)
    pending: dict[Future[Reply], Item] = {}
    stop: MixpeekError | None = None
    with ThreadPoolExecutor(concurrency, thread_name_prefix="mixpeek") as pool:
        try:
            while True:
                while stop is None and len(pending) < concurrency:
                    item = next(remaining, _END)
                    if isinstance(item, _End):
                        break
                    pending[pool.submit(call, item)] = item
                if not pending:
                    break
                ended, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in ended:
                    item, error = pending.pop(future), future.exception()
                    if isinstance(error, STOPS_ALL):
                        stop = stop or error
                    else:
                        yield item, error if isinstance(error, MixpeekError) else future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    if stop is not None:
        raise stop


class _End:
    """Stands behind the last item."""


_END = _End()
