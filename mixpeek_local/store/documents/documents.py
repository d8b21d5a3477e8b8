"""Documents: the features of objects' assets, in the order in which they were stored."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from mixpeek_local.extract.records import Vector
from mixpeek_local.store.database import Database, as_json
from mixpeek_local.store.store import Store

PREFIX = "doc_"
_CHUNK = 500
_FEW_ASSETS = 10_000
_SOURCE = """
    assets.asset_id, assets.namespace, assets.collection_id, assets.url, assets.file_hash,
    assets.metadata AS passthrough, json_extract(assets.file_data, '$.container') AS container,
    object_assets.object_id, objects.bucket_id
"""
_DOCUMENT = f"""
    SELECT features.feature_id, features.rowid AS place, features.modality, features.start_time, features.end_time,
        features.details, features.preview, features.created_at, {_SOURCE}
    FROM features CROSS JOIN assets USING (asset_id) JOIN object_assets USING (asset_id)
        LEFT JOIN objects USING (object_id)
"""  # noqa: S608 - of a constant
_IN_COLLECTIONS = "assets.collection_id IN (SELECT value FROM json_each(:collections))"


class Documents:
    """The documents of collections.

    Args:
        database: The database.
        collection_ids: The collections' ids.
    """

    def __init__(self, database: Database, collection_ids: Sequence[str]) -> None:
        self._database = database
        self._collections = as_json(list(collection_ids))

    def sources(self) -> list[sqlite3.Row]:
        """Their assets, with what all documents of one have in common."""
        query = f"""
            SELECT {_SOURCE}
            FROM object_assets JOIN assets USING (asset_id) LEFT JOIN objects USING (object_id)
            WHERE object_assets.collection_id IN (SELECT value FROM json_each(:collections))
        """  # noqa: S608 - of a constant
        return self._rows(query)

    def after(self, place: int, first: int = _CHUNK, assets: Collection[str] | None = None) -> Iterator[sqlite3.Row]:
        """The documents stored after a place, read in portions; those added meanwhile come last.

        Args:
            place: A row number.
            first: The size of the first portion.
            assets: Only those of these assets, if they are few; a hint, so others may come too.
        """
        if assets is None:
            assets = self._few_assets()
        elif len(assets) > _FEW_ASSETS:
            assets = None  # the caller's filters choose
        portion = first
        while rows := self._portion(place, portion, assets):
            yield from rows
            if len(rows) < portion:
                return
            place, portion = rows[-1]["place"], _CHUNK

    def at(self, places: Sequence[int]) -> dict[int, sqlite3.Row]:
        """The documents with these row numbers, unless they are gone."""
        query = f"""
            {_DOCUMENT} WHERE features.rowid IN (SELECT value FROM json_each(:places)) AND {_IN_COLLECTIONS}
        """  # noqa: S608 - of constants
        return {row["place"]: row for row in self._rows(query, places=as_json(list(places)))}

    def named(self, document_ids: Sequence[str]) -> dict[str, sqlite3.Row]:
        """The documents with these ids, by id."""
        given = [one.removeprefix(PREFIX) for one in document_ids if one.startswith(PREFIX)]
        query = f"""
            {_DOCUMENT} WHERE feature_id IN (SELECT value FROM json_each(:ids)) AND {_IN_COLLECTIONS}
        """  # noqa: S608 - of constants
        return {document_id(row): row for row in self._rows(query, ids=as_json(given))}

    def count(self) -> int:
        """How many there are."""
        query = """
            SELECT count(*) FROM object_assets JOIN features USING (asset_id)
            WHERE object_assets.collection_id IN (SELECT value FROM json_each(:collections))
        """
        return self._rows(query)[0][0]

    def _few_assets(self) -> list[str] | None:
        """The assets, if they are so few that looking up each is faster than reading all features of the file."""
        query = """
            SELECT asset_id FROM object_assets
            WHERE collection_id IN (SELECT value FROM json_each(:collections)) LIMIT :most
        """
        rows = self._rows(query, most=_FEW_ASSETS + 1)
        return [asset_id for (asset_id,) in rows] if len(rows) <= _FEW_ASSETS else None

    def _portion(self, place: int, size: int, assets: Collection[str] | None) -> list[sqlite3.Row]:
        if assets is None:
            query = f"{_DOCUMENT} WHERE {_IN_COLLECTIONS} AND features.rowid > :place ORDER BY 2 LIMIT :size"
            return self._rows(query, place=place, size=size)
        # The index of features by asset has the row numbers, so finding the first ones reads nothing else.
        query = f"""
            {_DOCUMENT} WHERE features.rowid IN (
                SELECT features.rowid FROM features
                WHERE asset_id IN (SELECT value FROM json_each(:assets)) AND features.rowid > :place
                ORDER BY features.rowid LIMIT :size
            ) ORDER BY 2
        """  # noqa: S608 - of a constant
        return self._rows(query, place=place, size=size, assets=as_json(list(assets)))

    def _rows(self, query: str, **given: str | int) -> list[sqlite3.Row]:
        return self._database.connection().execute(query, {"collections": self._collections, **given}).fetchall()


def document_id(row: sqlite3.Row) -> str:
    """The id of the document that a feature is."""
    return f"{PREFIX}{row['feature_id']}"


def vectors_of(database: Database, rows: Sequence[sqlite3.Row]) -> dict[str, dict[str, Vector]]:
    """The named vectors of documents, by the id of the feature; views of what the file holds."""
    query = """
        SELECT feature_id, name, embedding FROM vectors
        WHERE feature_id IN (SELECT value FROM json_each(?)) ORDER BY feature_id, name
    """
    found: dict[str, dict[str, Vector]] = {row["feature_id"]: {} for row in rows}
    for feature_id, name, embedding in database.connection().execute(query, (as_json(list(found)),)):
        found[feature_id][name] = np.frombuffer(embedding, "<f4")
    return found


def delete_documents(store: Store, rows: Sequence[sqlite3.Row]) -> int:
    """Delete documents with their vectors and thumbnails; returns how many there still were."""
    query = "DELETE FROM features WHERE feature_id IN (SELECT value FROM json_each(?)) RETURNING preview"
    with store.database.transaction() as connection:
        deleted = connection.execute(query, (as_json([row["feature_id"] for row in rows]),)).fetchall()
    store.sweep({preview for (preview,) in deleted if preview is not None})
    return len(deleted)
