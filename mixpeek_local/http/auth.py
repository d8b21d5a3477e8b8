"""Authentication by the key."""

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from mixpeek_local.http import signed_links
from mixpeek_local.http.replies import error

OPEN_PATHS = frozenset({"/", "/health", "/healthcheck", "/openapi.json"})
OPEN_FOLDERS = ("/page/", *signed_links.OPEN)
_CATALOGUE = "/v1/collections/features"
"""What can be extracted (style `documents`); unlike the other open paths it is Mixpeek's, so faults may meet it."""


class BearerAuth:
    """Lets a request pass that has the key, or a signed path, or that asks for something without secrets."""

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        self._app = app
        self._expected = f"Bearer {api_key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, or pass the request on (contract b1)."""
        if scope["type"] != "http" or _is_open(scope["path"]) or self._authorised(scope):
            await self._app(scope, receive, send)
            return
        await error(401, "give the API key as 'Authorization: Bearer <key>'")(scope, receive, send)

    def _authorised(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._expected)


def _is_open(path: str) -> bool:
    is_catalogue = path == _CATALOGUE or path.startswith(f"{_CATALOGUE}/extractors")
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS) or is_catalogue
