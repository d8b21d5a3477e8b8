"""Collections: what is extracted from the objects of buckets."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Self

import orjson

from mixpeek_local.store.database import Database, as_json, now
from mixpeek_local.store.documents.ids import NameTakenError, new_id

_COLLECTION = """
    SELECT collections.*, (
        SELECT count(*) FROM object_assets JOIN features USING (asset_id)
        WHERE object_assets.collection_id = collections.collection_id
    ) AS document_count
    FROM collections WHERE namespace_id = :namespace_id
"""


@dataclass(frozen=True)
class Collection:
    """A collection.

    Attributes:
        collection_id: Its id; the assets that it makes have it as their collection.
        namespace_id: Its namespace.
        name: Its name.
        bucket_ids: Where its objects come from.
        extractor: `feature_extractor` as it was sent, with defaults.
        passthrough: Names of an object's fields that its documents have too.
        created_at: When it was created.
        document_count: How many documents it has.
    """

    collection_id: str
    namespace_id: str
    name: str
    bucket_ids: list[str]
    extractor: dict[str, Any]
    passthrough: list[str]
    created_at: str
    document_count: int = 0

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row."""
        parsed = {name: orjson.loads(row[name]) for name in ("bucket_ids", "extractor", "passthrough")}
        return cls(**(dict(row) | parsed))

    @property
    def extractor_name(self) -> str:
        """The name of the extractor."""
        return self.extractor["feature_extractor_name"]

    @property
    def extractor_version(self) -> str:
        """The version of the extractor."""
        return self.extractor["version"]

    def feature_uri(self, vector: str) -> str:
        """The address of one of its named vectors."""
        return f"mixpeek://{self.extractor_name}@{self.extractor_version}/{vector}"


def create_collection(
    database: Database,
    namespace_id: str,
    name: str,
    bucket_ids: list[str],
    extractor: dict[str, Any],
    passthrough: list[str],
) -> Collection:
    """Create a collection.

    Raises:
        NameTakenError: The namespace has one with this name.
    """
    collection = Collection(new_id("col"), namespace_id, name, bucket_ids, extractor, passthrough, now())
    with database.transaction() as connection:
        query = "SELECT collection_id FROM collections WHERE namespace_id = ? AND name = ?"
        known = connection.execute(query, (namespace_id, name)).fetchone()
        if known:
            raise NameTakenError("collection", name, known[0])
        connection.execute(
            "INSERT INTO collections VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                collection.collection_id,
                namespace_id,
                name,
                as_json(bucket_ids),
                as_json(extractor),
                as_json(passthrough),
                collection.created_at,
            ),
        )
    return collection


def collection(database: Database, namespace_id: str, id_or_name: str) -> Collection | None:
    """The namespace's collection with this id or name."""
    query = f"{_COLLECTION} AND :given IN (collection_id, name) ORDER BY collection_id <> :given LIMIT 1"
    row = database.connection().execute(query, {"namespace_id": namespace_id, "given": id_or_name}).fetchone()
    return Collection.of(row) if row else None


def collections(database: Database, namespace_id: str) -> list[Collection]:
    """The namespace's collections, oldest first."""
    rows = database.connection().execute(f"{_COLLECTION} ORDER BY collections.rowid", {"namespace_id": namespace_id})
    return [Collection.of(row) for row in rows]
