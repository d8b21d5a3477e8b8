"""One request and its reply, with the connection at hand on which both travel."""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FAREWELL_SECONDS = 60
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 seconds


@dataclass
class Reply:
    """A whole reply."""

    status: int = 200
    headers: MutableHeaders = field(default_factory=MutableHeaders)
    body: bytes = b""

    @classmethod
    def of(cls, response: Response) -> Self:
        """Make one of a response."""
        return cls(response.status_code, response.headers, bytes(response.body))

    async def send(self, send: Send) -> None:
        """Say it all."""
        await self.begin(send, len(self.body))
        await send({"type": "http.response.body", "body": self.body})

    async def begin(self, send: Send, size: int) -> None:
        """Say the status and the headers, and promise so many bytes."""
        self.headers["content-length"] = str(size)
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers.raw})


@dataclass(frozen=True)
class Exchange:
    """A request that is to be answered, or not."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send

    async def work(self) -> Reply:
        """Let the application do the work, and keep its reply."""
        reply = Reply()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status, reply.headers = message["status"], MutableHeaders(scope=message)
            else:
                reply.body += message.get("body", b"")

        await self.app(self.scope, self.receive, keep)
        return reply

    async def hear(self) -> None:
        """Let all of the request arrive, and drop it."""
        while (await self.receive()).get("more_body", False):
            pass

    async def is_gone_within(self, seconds: float) -> bool:
        """Wait, but no longer than the caller does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (await self.receive())["type"] != "http.disconnect":
                    pass  # a body that nobody reads
                return True
        return False

    async def reset(self) -> None:
        """End the connection at once, as a crashed server or a firewall does (RST)."""
        transport = self._transport()
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
        await self.is_gone_within(_FAREWELL_SECONDS)  # uvicorn must have seen it, or it would complain

    async def hang_up(self) -> None:
        """End the connection after what was said so far (FIN)."""
        self._transport().close()
        if not await self.is_gone_within(_FAREWELL_SECONDS):
            await self.reset()  # it does not even read what was said

    def _transport(self) -> Any:
        # ASGI has no word for breaking off. uvicorn's `send` is a method of its request cycle, of either parser.
        transport = getattr(getattr(self.send, "__self__", None), "transport", None)
        if not hasattr(transport, "abort"):
            raise TypeError("this server cannot break connections off: uvicorn's send is not what it was")
        return transport
