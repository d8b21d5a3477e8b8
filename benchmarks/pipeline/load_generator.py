"""A plain load generator: shows that the server answers far faster than anything that is measured asks."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import uvloop

_LARGEST = 1 << 20


def generate(url: str, requests: int, concurrency: int = 32) -> int:
    """Ask for so many features over kept connections, look at nothing but the length of each reply, and count them."""
    return uvloop.run(_generate(urlsplit(url).port or 80, iter(range(requests)), concurrency))


async def _generate(port: int, numbers: Iterator[int], concurrency: int) -> int:
    async def ask() -> int:
        answered = 0
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LARGEST)
        for number in numbers:
            writer.write(b"GET /features/feature-%d-0 HTTP/1.1\r\nHost: benchmark\r\n\r\n" % number)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
            await reader.readexactly(int(length))
            answered += 1
        writer.close()
        return answered

    return sum(await asyncio.gather(*(ask() for _ in range(concurrency))))
