"""The namespace that X-Namespace names, by id or name; most routes of the style `documents` need one."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.datastructures import Headers
from starlette.types import Scope

from mixpeek_local.http.documents.envelope import RefusedError, bad_request
from mixpeek_local.store.database import Database
from mixpeek_local.store.documents.namespaces import Namespace, namespace


def _asked(request: Request, x_namespace: Annotated[str | None, Header(max_length=256)] = None) -> Namespace:
    given = (x_namespace or "").strip()
    if not given:
        raise bad_request("name a namespace, by its id or name, in the header X-Namespace")
    found = namespace(request.app.state.database, given)
    if found is None:
        raise RefusedError(404, f"there is no namespace {given!r}: create it with POST /v1/namespaces")
    return found


DocumentsNamespace = Annotated[Namespace, Depends(_asked)]
"""The namespace of a request: 400 without the header, 404 with one that names none."""


def names_a_namespace(database: Database) -> Callable[[Scope], bool]:
    """Whether a request's X-Namespace names a namespace of this style."""

    def names_one(scope: Scope) -> bool:
        given = Headers(scope=scope).get("x-namespace", "").strip()
        return bool(given) and namespace(database, given) is not None

    return names_one
