"""Calls of the style `documents`: every path below `/v1`, most of them with a namespace."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from mixpeek_assets.api.errors import NotFoundError
from mixpeek_assets.api.transport import Call, Transport
from mixpeek_assets.strict_json import JsonObject


@dataclass(frozen=True)
class Calls:
    """Sends calls, each with the namespace where it takes one.

    Attributes:
        transport: Where they go.
        namespace: Its name or id.
    """

    transport: Transport
    namespace: str

    def get(
        self,
        path: str,
        object_id: str | None = None,
        *,
        ids: Mapping[str, str] | None = None,
        query: str = "",
        category: str = "data",
        namespaced: bool = True,
    ) -> JsonObject:
        """Read something; raises as `Transport.send`."""
        return self.transport.send(
            Call(
                "GET",
                path,
                object_id,
                ids or {},
                query=query,
                headers=self._headers(namespaced),
                category=category,
            )
        )

    def post(
        self,
        path: str,
        body: JsonObject,
        object_id: str | None = None,
        *,
        ids: Mapping[str, str] | None = None,
        query: str = "",
        category: str = "data",
        namespaced: bool = True,
        submits: bool = False,
        reads_failures: bool = False,
    ) -> JsonObject:
        """Send something that may be sent again, unless it `submits`; raises as `Transport.send`."""
        return self.transport.send(
            Call(
                "POST",
                path,
                object_id,
                ids or {},
                query=query,
                body=body,
                submits=submits,
                by_id=True,
                reads_failures=reads_failures,
                headers=self._headers(namespaced),
                category=category,
            )
        )

    def delete(
        self, path: str, object_id: str, *, ids: Mapping[str, str] | None = None, body: JsonObject | None = None
    ) -> None:
        """Delete something; what is gone already is no error."""
        call = Call(
            "DELETE",
            path,
            object_id,
            ids or {},
            body=body,
            by_id=True,
            has_reply=False,
            headers=self._headers(namespaced=True),
            category="data",
        )
        with suppress(NotFoundError):
            self.transport.send(call)

    def _headers(self, namespaced: bool) -> Mapping[str, str]:
        return {"X-Namespace": self.namespace} if namespaced else {}
