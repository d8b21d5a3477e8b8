"""Namespaces: everything else is in one. One that has expired is gone."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import orjson

from mixpeek_local.store.database import Database, as_json, now
from mixpeek_local.store.documents.ids import NameTakenError, new_id

_LIVING = "SELECT * FROM namespaces WHERE coalesce(expires_at, '9') > :now"


@dataclass(frozen=True)
class Namespace:
    """A namespace; `extractors` are its feature_extractors as they were sent."""

    namespace_id: str
    name: str
    extractors: list[dict[str, Any]]
    payload_indexes: list[dict[str, Any]]
    ttl_seconds: int | None
    created_at: str
    expires_at: str | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row."""
        lists = {name: orjson.loads(row[name]) for name in ("extractors", "payload_indexes")}
        return cls(**(dict(row) | lists))


def create_namespace(
    database: Database,
    name: str,
    extractors: list[dict[str, Any]],
    payload_indexes: list[dict[str, Any]],
    ttl_seconds: int | None = None,
) -> Namespace:
    """Create a namespace.

    Raises:
        NameTakenError: There is one with this name.
    """
    ends = None
    if ttl_seconds is not None:
        ends = (datetime.now(UTC) + timedelta(seconds=ttl_seconds)).isoformat(timespec="microseconds")
    namespace = Namespace(new_id("ns"), name, extractors, payload_indexes, ttl_seconds, now(), ends)
    with database.transaction() as connection:
        connection.execute("DELETE FROM namespaces WHERE name = ? AND expires_at <= ?", (name, now()))
        known = connection.execute("SELECT namespace_id FROM namespaces WHERE name = ?", (name,)).fetchone()
        if known:
            raise NameTakenError("namespace", name, known[0])
        connection.execute(
            "INSERT INTO namespaces VALUES (:namespace_id, :name, :extractors, :payload_indexes, :ttl, :at, :ends)",
            {
                "namespace_id": namespace.namespace_id,
                "name": name,
                "extractors": as_json(extractors),
                "payload_indexes": as_json(payload_indexes),
                "ttl": ttl_seconds,
                "at": namespace.created_at,
                "ends": ends,
            },
        )
    return namespace


def namespace(database: Database, id_or_name: str) -> Namespace | None:
    """The namespace with this id or name."""
    query = f"{_LIVING} AND :given IN (namespace_id, name) ORDER BY namespace_id <> :given LIMIT 1"
    row = database.connection().execute(query, {"given": id_or_name, "now": now()}).fetchone()
    return Namespace.of(row) if row else None


def namespaces(database: Database) -> list[Namespace]:
    """All namespaces, oldest first."""
    rows = database.connection().execute(f"{_LIVING} ORDER BY rowid", {"now": now()})
    return [Namespace.of(row) for row in rows]
