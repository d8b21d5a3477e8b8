"""Lists of what a namespace holds, in the order in which it was stored."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from mixpeek_local.store.database import Database, as_json
from mixpeek_local.store.store import ASSET, DEFAULT_NAMESPACE, ENDED, FEATURE

EVERYTHING = -1
_IN_COLLECTIONS = """
    assets.namespace = :namespace AND assets.collection_id IN (SELECT value FROM json_each(:collections))
"""
_ACTIVE = """
    FROM tasks JOIN assets USING (asset_id)
    WHERE assets.namespace = :namespace AND status NOT IN (SELECT value FROM json_each(:ended))
"""


class Listing:
    """Reads lists of assets, features, tasks and collections.

    Args:
        database: The database.
        namespace: The namespace to list (contract b1, X-Namespace).
    """

    def __init__(self, database: Database, namespace: str) -> None:
        self._database = database
        self._namespace = namespace

    def assets(self, collections: Sequence[str], limit: int = EVERYTHING, offset: int = 0) -> list[sqlite3.Row]:
        """Assets of these collections."""
        query = f"{ASSET} WHERE {_IN_COLLECTIONS} ORDER BY assets.rowid LIMIT :limit OFFSET :offset"
        return self._rows(query, collections=as_json(collections), limit=limit, offset=offset)

    def count_assets(self, collections: Sequence[str]) -> int:
        """How many assets these collections have."""
        query = f"SELECT count(*) FROM assets WHERE {_IN_COLLECTIONS}"  # noqa: S608 - of constants
        return self._rows(query, collections=as_json(collections))[0][0]

    def features(self, collections: Sequence[str], limit: int = EVERYTHING, after: int = 0) -> list[sqlite3.Row]:
        """Features of these collections whose row numbers come after `after`."""
        query = f"{FEATURE} WHERE {_IN_COLLECTIONS} AND features.rowid > :after ORDER BY features.rowid LIMIT :limit"
        return self._rows(query, collections=as_json(collections), limit=limit, after=after)

    def count_features(self, collections: Sequence[str], up_to: int | None = None) -> int:
        """How many features these collections have, in all or up to a row number."""
        query = f"""
            SELECT count(*) FROM features JOIN assets USING (asset_id)
            WHERE {_IN_COLLECTIONS} AND (:up_to IS NULL OR features.rowid <= :up_to)
        """  # noqa: S608 - of constants
        return self._rows(query, collections=as_json(collections), up_to=up_to)[0][0]

    def feature_before(self, collections: Sequence[str], place: int, distance: int) -> str | None:
        """The id of the feature that comes `distance` before the last one up to `place`."""
        query = f"""
            {FEATURE} WHERE {_IN_COLLECTIONS} AND features.rowid <= :place
            ORDER BY features.rowid DESC LIMIT 1 OFFSET :distance
        """
        rows = self._rows(query, collections=as_json(collections), place=place, distance=distance)
        return rows[0]["feature_id"] if rows else None

    def active_tasks(self, limit: int = EVERYTHING, offset: int = 0) -> list[sqlite3.Row]:
        """Tasks that have not ended."""
        query = f"SELECT tasks.* {_ACTIVE} ORDER BY tasks.rowid LIMIT :limit OFFSET :offset"
        return self._rows(query, ended=as_json(ENDED), limit=limit, offset=offset)

    def count_active_tasks(self) -> int:
        """How many tasks have not ended."""
        return self._rows(f"SELECT count(*) {_ACTIVE}", ended=as_json(ENDED))[0][0]

    def collections(self, collection: str | None = None) -> list[sqlite3.Row]:
        """The collections by name, or one of them, with counts and sizes."""
        query = """
            SELECT
                named.name AS collection_id,
                coalesce(made.metadata, '{}') AS metadata,
                coalesce(made.created_at, min(assets.created_at)) AS created_at,
                max(coalesce(max(tasks.updated_at), ''), coalesce(made.updated_at, '')) AS last_updated,
                count(assets.asset_id) AS count,
                sum((
                    SELECT coalesce(sum(length(embedding)), 0)
                    FROM features JOIN vectors USING (feature_id)
                    WHERE features.asset_id = assets.asset_id
                )) AS size_bytes
            FROM (
                SELECT collection_id AS name FROM assets WHERE namespace = :namespace
                UNION
                SELECT name FROM made_collections WHERE namespace = :namespace
            ) AS named
                LEFT JOIN made_collections AS made ON made.namespace = :namespace AND made.name = named.name
                LEFT JOIN assets ON assets.namespace = :namespace AND assets.collection_id = named.name
                LEFT JOIN tasks USING (task_id)
            WHERE :collection IS NULL OR named.name = :collection
            GROUP BY named.name
            ORDER BY named.name
        """
        return self._rows(query, collection=collection)

    def _rows(self, query: str, **given: Any) -> list[sqlite3.Row]:
        return self._database.connection().execute(query, {"namespace": self._namespace, **given}).fetchall()


def namespaces(database: Database) -> list[str]:
    """The default namespace, and all others that were created or have assets; not those of the style `documents`."""
    rows = database.connection().execute(
        """
        SELECT namespace FROM assets WHERE namespace NOT IN (SELECT namespace_id FROM namespaces)
        UNION SELECT name FROM made_namespaces
        ORDER BY 1
        """
    )
    return [DEFAULT_NAMESPACE, *(name for (name,) in rows if name != DEFAULT_NAMESPACE)]
