"""Namespaces and collections of the earlier eras, created by name; others come to be with their first asset."""

from typing import Any

import orjson

from mixpeek_local.store.database import Database, as_json, now


def make_namespace(database: Database, name: str, vectors: list[str], payload_indexes: list[Any] | None) -> None:
    """Remember a namespace."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO made_namespaces VALUES (?, ?, ?, ?)",
            (name, as_json(vectors), None if payload_indexes is None else as_json(payload_indexes), now()),
        )


def made_namespace(database: Database, name: str) -> dict[str, Any] | None:
    """What a namespace was created for; None if it came to be with an asset."""
    query = "SELECT vectors, payload_indexes FROM made_namespaces WHERE name = ?"
    row = database.connection().execute(query, (name,)).fetchone()
    return row and {name: orjson.loads(row[name] or b"null") for name in ("vectors", "payload_indexes")}


def make_collection(database: Database, namespace: str, name: str, metadata: dict[str, Any]) -> None:
    """Remember a collection."""
    moment = now()
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO made_collections VALUES (?, ?, ?, ?, ?)", (namespace, name, as_json(metadata), moment, moment)
        )


def change_collection(
    database: Database, namespace: str, name: str, new_name: str, metadata: dict[str, Any] | None
) -> None:
    """Give a collection another name and, if there are any, other metadata."""
    given = {
        "namespace": namespace,
        "name": name,
        "new": new_name,
        "metadata": None if metadata is None else as_json(metadata),
        "now": now(),
    }
    with database.transaction() as connection:
        connection.execute(
            """
            INSERT INTO made_collections VALUES (:namespace, :name, coalesce(:metadata, '{}'), :now, :now)
            ON CONFLICT DO UPDATE SET metadata = coalesce(:metadata, metadata), updated_at = :now
            """,
            given,
        )
        connection.execute(
            "UPDATE made_collections SET name = :new WHERE namespace = :namespace AND name = :name", given
        )
        connection.execute(
            """
            UPDATE tasks SET collection_id = :new
            WHERE asset_id IN (SELECT asset_id FROM assets WHERE namespace = :namespace AND collection_id = :name)
            """,
            given,
        )
        connection.execute(
            "UPDATE assets SET collection_id = :new WHERE namespace = :namespace AND collection_id = :name", given
        )
