"""The collections that a request names, by their ids or names."""

from mixpeek_local.http.documents.envelope import not_found
from mixpeek_local.store.documents.collections import Collection, collection, collections
from mixpeek_local.store.documents.namespaces import Namespace
from mixpeek_local.store.store import Store


def chosen_collection(store: Store, namespace: Namespace, name: str) -> Collection:
    """The collection with this id or name, or a 404."""
    found = collection(store.database, namespace.namespace_id, name)
    if found is None:
        raise not_found("collection", name)
    return found


def chosen_collections(
    store: Store, namespace: Namespace, names: list[str] | None
) -> tuple[list[Collection], list[str]]:
    """The collections with these ids or names, by default all, and the names that none has; 404 if none has any."""
    every = collections(store.database, namespace.namespace_id)
    if not names:
        return every, []
    known = {name: one for one in every for name in (one.name, one.collection_id)}
    chosen = {known[name].collection_id: known[name] for name in names if name in known}
    if not chosen:
        raise not_found("collection", names[0])
    return list(chosen.values()), [name for name in names if name not in known]
