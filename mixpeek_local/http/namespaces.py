"""Namespaces (contract b1): lists and searches look into the one that X-Namespace names.

Ids are unique across all, so what is asked for by its id is found without the header too: of the reference's own
clients, not all send it with every call.
"""

from typing import Annotated

from fastapi import Depends, Header

from mixpeek_local.store.store import DEFAULT_NAMESPACE


def _namespace(x_namespace: Annotated[str | None, Header(max_length=256)] = None) -> str:
    return (x_namespace or "").strip() or DEFAULT_NAMESPACE


NamespaceAsked = Annotated[str, Depends(_namespace)]
