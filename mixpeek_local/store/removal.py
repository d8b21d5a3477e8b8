"""Cancelling tasks, and deleting assets and features with everything they have."""

import sqlite3
import uuid
from collections.abc import Iterable

from mixpeek_local.store import feature_rows
from mixpeek_local.store.database import now
from mixpeek_local.store.store import ENDED, Store


def cancel(store: Store, task_id: str) -> sqlite3.Row | None:
    """Cancel a task for good, unless it has ended; returns the task as it was before, or None if there is none.

    The task loses its worker: the result no longer counts, and the supervisor ends the worker.
    """
    with store.database.transaction() as connection:
        before = connection.execute("SELECT * FROM tasks WHERE task_id = ?", (task_id,)).fetchone()
        if before is not None and before["status"] not in ENDED:
            connection.execute(
                "UPDATE tasks SET status = 'CANCELLED', claim = NULL, updated_at = ? WHERE task_id = ?",
                (now(), task_id),
            )
    return before


def delete_asset(store: Store, asset_id: str) -> bool:
    """Delete an asset, its features, vectors and thumbnails, and cancel its tasks; False if there is no such asset."""
    with store.database.transaction() as connection:
        if connection.execute("SELECT 1 FROM assets WHERE asset_id = ?", (asset_id,)).fetchone() is None:
            return False
        previews = delete_assets(connection, [asset_id])
    store.sweep(previews)
    return True


def delete_feature(store: Store, feature_id: str) -> bool:
    """Delete a feature with its vectors and its thumbnail; False if there is no such feature."""
    with store.database.transaction() as connection:
        query = "DELETE FROM features WHERE feature_id = ? RETURNING preview"
        deleted = connection.execute(query, (feature_id,)).fetchone()
    if deleted is not None and deleted["preview"] is not None:
        store.sweep({deleted["preview"]})
    return deleted is not None


def delete_collection(store: Store, namespace: str, collection: str) -> str | None:
    """Delete all assets of a collection; returns the id of a task for it, or None if there is no such collection.

    In the reference a task does this (S18.5); here the task is done before its id is returned.
    """
    with store.database.transaction() as connection:
        query = "SELECT asset_id FROM assets WHERE namespace = ? AND collection_id = ?"
        assets = [asset_id for (asset_id,) in connection.execute(query, (namespace, collection))]
        query = "DELETE FROM made_collections WHERE namespace = ? AND name = ? RETURNING name"
        if not [*connection.execute(query, (namespace, collection)).fetchall(), *assets]:
            return None
        previews = delete_assets(connection, assets)
        task_id = str(uuid.uuid4())
        add_deletion(connection, task_id, collection)
    store.sweep(previews)
    return task_id


def delete_assets(connection: sqlite3.Connection, asset_ids: Iterable[str]) -> set[str]:
    """Delete assets with all they have, in the caller's transaction; returns the thumbnails to sweep after it."""
    previews: set[str] = set()
    for asset_id in asset_ids:
        connection.execute(
            """
            UPDATE tasks SET status = 'CANCELLED', claim = NULL, updated_at = ?
            WHERE asset_id = ? AND status NOT IN ('DONE', 'FAILED', 'SKIPPED', 'CANCELLED')
            """,
            (now(), asset_id),
        )
        previews |= feature_rows.remove_all(connection, asset_id)
        connection.execute("DELETE FROM assets WHERE asset_id = ?", (asset_id,))
    return previews


def add_deletion(connection: sqlite3.Connection, task_id: str, deleted: str) -> None:
    """Add a task that is done: the deletion of what is called `deleted`."""
    connection.execute(
        """
        INSERT INTO tasks (
            task_id, asset_id, collection_id, url, settings, skip_duplicate, mode, status, progress,
            created_at, updated_at
        )
        VALUES (:task_id, '', :deleted, '', '{}', 0, 'delete', 'DONE', 1, :now, :now)
        """,
        {"task_id": task_id, "deleted": deleted, "now": now()},
    )
