"""Namespaces (contract b1): lists and searches look into the one that X-Namespace names.

Ids are unique across namespaces, so reads by id need no header: not all clients of the reference send it with every
call.
"""

from typing import Annotated

from fastapi import Depends, Header

from mixpeek_local.store.store import DEFAULT_NAMESPACE


def _namespace(x_namespace: Annotated[str | None, Header(max_length=256)] = None) -> str:
    return (x_namespace or "").strip() or DEFAULT_NAMESPACE


NamespaceAsked = Annotated[str, Depends(_namespace)]
