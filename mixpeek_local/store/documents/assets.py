"""The assets whose features are an object's documents in a collection."""

import sqlite3


def link(connection: sqlite3.Connection, asset_id: str, object_id: str, collection_id: str) -> None:
    """Record whose asset it is, in the caller's transaction."""
    connection.execute("INSERT INTO object_assets VALUES (?, ?, ?)", (asset_id, object_id, collection_id))


def is_of_an_object(connection: sqlite3.Connection, asset_id: str) -> bool:
    """Whether an asset was made for an object, and not by an ingestion of the guide's style."""
    return connection.execute("SELECT 1 FROM object_assets WHERE asset_id = ?", (asset_id,)).fetchone() is not None


def latest_asset(connection: sqlite3.Connection, object_id: str, collection_id: str) -> sqlite3.Row | None:
    """The latest asset of an object in a collection; `has_documents` says whether it is done and has any."""
    query = """
        SELECT assets.*, tasks.status = 'DONE'
            AND EXISTS (SELECT 1 FROM features WHERE features.asset_id = assets.asset_id) AS has_documents
        FROM object_assets JOIN assets USING (asset_id) JOIN tasks USING (task_id)
        WHERE object_id = ? AND object_assets.collection_id = ?
        ORDER BY assets.rowid DESC LIMIT 1
    """
    return connection.execute(query, (object_id, collection_id)).fetchone()


def known_seconds(connection: sqlite3.Connection, object_id: str) -> float:
    """The length of an object's video; 0 until it was processed once."""
    query = """
        SELECT max(json_extract(assets.file_data, '$.duration'))
        FROM object_assets JOIN assets USING (asset_id) WHERE object_id = ?
    """
    return connection.execute(query, (object_id,)).fetchone()[0] or 0.0
