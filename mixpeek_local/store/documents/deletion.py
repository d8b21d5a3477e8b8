"""Deleting collections, buckets and namespaces with all they hold. A task says so, done when its id is returned."""

import sqlite3

from mixpeek_local.store.database import Database
from mixpeek_local.store.documents.buckets import Bucket
from mixpeek_local.store.documents.collections import Collection
from mixpeek_local.store.documents.ids import new_id
from mixpeek_local.store.documents.namespaces import Namespace
from mixpeek_local.store.removal import add_deletion, delete_assets
from mixpeek_local.store.store import Store

_OF_COLLECTION = "SELECT asset_id FROM object_assets WHERE collection_id = ?"
_OF_BUCKET = "SELECT asset_id FROM object_assets JOIN objects USING (object_id) WHERE bucket_id = ?"
_OF_NAMESPACE = "SELECT asset_id FROM assets WHERE namespace = ?"
_UNDER_WAY = """
    SELECT 1 FROM batches JOIN batch_items USING (batch_id) JOIN tasks ON tasks.task_id = batch_items.task_id
    WHERE namespace_id = ? AND status NOT IN ('DONE', 'FAILED', 'SKIPPED', 'CANCELLED') LIMIT 1
"""


def delete_collection(store: Store, collection: Collection) -> None:
    """Delete a collection with its documents, and cancel what is under way for it."""
    _delete(store, _OF_COLLECTION, "DELETE FROM collections WHERE collection_id = ?", collection.collection_id)


def delete_bucket(store: Store, bucket: Bucket) -> str:
    """Delete a bucket with its objects, their documents and its batches; returns the id of a task."""
    return _delete(store, _OF_BUCKET, "DELETE FROM buckets WHERE bucket_id = ?", bucket.bucket_id)


def delete_namespace(store: Store, namespace: Namespace) -> str:
    """Delete a namespace with all that is in it; returns the id of a task."""
    return _delete(store, _OF_NAMESPACE, "DELETE FROM namespaces WHERE namespace_id = ?", namespace.namespace_id)


def is_busy(database: Database, namespace: Namespace) -> bool:
    """Whether a batch of the namespace is under way."""
    return database.connection().execute(_UNDER_WAY, (namespace.namespace_id,)).fetchone() is not None


def deleted_by(database: Database, task_id: str) -> str | None:
    """The id of what a task has deleted; None if it is no task of a deletion of today's style."""
    query = "SELECT collection_id FROM tasks WHERE task_id = ? AND mode = 'delete' AND substr(task_id, 1, 5) = 'task_'"
    row: sqlite3.Row | None = database.connection().execute(query, (task_id,)).fetchone()
    return None if row is None else row["collection_id"]


def _delete(store: Store, assets: str, rest: str, deleted: str) -> str:
    task_id = new_id("task")
    with store.database.transaction() as connection:
        previews = delete_assets(connection, [asset_id for (asset_id,) in connection.execute(assets, (deleted,))])
        connection.execute(rest, (deleted,))  # cascades
        add_deletion(connection, task_id, deleted)
    store.sweep(previews)
    return task_id
