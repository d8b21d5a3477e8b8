"""Links to pictures and videos that work without the key, because an <img> and a <video> cannot send one.

A path below `OPEN` has a signature by the key. So nobody can guess one, not even who has the same picture, and could
compute the name of its file.
"""

import hmac
from contextvars import ContextVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = ("/previews/", "/media/")

_SIGNATURE_BYTES = 16


class SignedLinks:
    """Signs and checks links of one server.

    Args:
        api_key: The server's key.
        address: The server's address, as the request names it: a tunnel may have changed the port.
    """

    def __init__(self, api_key: str, address: str) -> None:
        self._key = api_key.encode()
        self._address = address

    def url(self, folder: str, *parts: str) -> str:
        """The address of something in a folder."""
        return "/".join((self._address, folder, self._signature(folder, *parts), *parts))

    def is_signed(self, signature: str, folder: str, *parts: str) -> bool:
        """Whether a signature is that of a path."""
        return hmac.compare_digest(signature.encode(), self._signature(folder, *parts).encode())

    def _signature(self, *parts: str) -> str:
        digest = hmac.digest(self._key, "/".join(parts).encode(), "sha256")
        return digest[:_SIGNATURE_BYTES].hex()


_links: ContextVar[SignedLinks] = ContextVar("links")


def links() -> SignedLinks:
    """The links of the request that is being answered."""
    return _links.get()


class Signing:
    """Makes `links` those of each request."""

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        self._app = app
        self._api_key = api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            _links.set(SignedLinks(self._api_key, f"http://{Headers(scope=scope).get('host')}"))
        await self._app(scope, receive, send)
