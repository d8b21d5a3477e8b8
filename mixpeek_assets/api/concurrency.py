"""Many calls at once, a bounded number of them in flight."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from mixpeek_assets.api.errors import AccessDeniedError, MixpeekError

Item = TypeVar("Item")
Reply = TypeVar("Reply")


def in_flight(
    call: Callable[[Item], Reply], items: Iterable[Item], concurrency: int
) -> Iterator[tuple[Item, Reply | MixpeekError]]:
    """Yield each item with its reply, or with the error that is its own, as they come.

    `items` is read only as fast as calls end, so it may be long, and may be made while calls run.

    Raises:
        AccessDeniedError: every other call would fail alike, so no more are made.
    """
    remaining = iter(items)
    pending: dict[Future[Reply], Item] = {}
    with ThreadPoolExecutor(concurrency, thread_name_prefix="mixpeek") as pool:
        try:
            while True:
                while len(pending) < concurrency and (item := next(remaining, _END)) is not _END:
                    pending[pool.submit(call, item)] = item  # pyright: ignore[reportArgumentType]
                if not pending:
                    return
                ended, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in ended:
                    item, error = pending.pop(future), future.exception()
                    if isinstance(error, MixpeekError) and not isinstance(error, AccessDeniedError):
                        yield item, error
                    else:
                        yield item, future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_END = object()
