"""One request and its reply, with access to their connection."""

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
        """Make one from a response."""
        return cls(response.status_code, response.headers, bytes(response.body))

    async def send(self, send: Send) -> None:
        """Send all of it."""
        await self.begin(send, len(self.body))
        await send({"type": "http.response.body", "body": self.body})

    async def begin(self, send: Send, size: int) -> None:
        """Send the status and headers, and announce `size` bytes."""
        self.headers["content-length"] = str(size)
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers.raw})


@dataclass(frozen=True)
class Exchange:
    """A request that has no reply yet."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send

    async def work(self) -> Reply:
        """Run the application, and return its reply unsent."""
        reply = Reply()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status, reply.headers = message["status"], MutableHeaders(scope=message)
            else:
                reply.body += message.get("body", b"")

        await self.app(self.scope, self.receive, keep)
        return reply

    async def drain(self) -> None:
        """Receive the whole request, and drop it."""
        while (await self.receive()).get("more_body", False):
            pass

    async def is_gone_within(self, seconds: float) -> bool:
        """Wait; return True as soon as the caller disconnects."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (await self.receive())["type"] != "http.disconnect":
                    pass  # a body that nobody reads
                return True
        return False

    async def reset(self) -> None:
        """Reset the connection (RST), as a crashed server or a firewall does."""
        transport = self._transport()
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
        await self.is_gone_within(_FAREWELL_SECONDS)  # until uvicorn has noticed, or it would complain

    async def hang_up(self) -> None:
        """Close the connection after what was sent so far (FIN)."""
        self._transport().close()
        if not await self.is_gone_within(_FAREWELL_SECONDS):
            await self.reset()  # the caller does not even read what was sent

    def _transport(self) -> Any:
        # ASGI cannot break a connection. uvicorn's `send` is a method of its request cycle, with either parser.
        transport = getattr(getattr(self.send, "__self__", None), "transport", None)
        if not hasattr(transport, "abort"):
            raise TypeError("connections cannot be broken: this version of uvicorn hides its transport")
        return transport
