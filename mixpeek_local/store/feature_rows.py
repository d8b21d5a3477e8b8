"""The rows of an asset's features and vectors; every function works in the caller's transaction."""

import sqlite3
import uuid

from mixpeek_local.extract.records import Feature
from mixpeek_local.store.database import as_json, now


def add(connection: sqlite3.Connection, asset_id: str, feature: Feature, preview: str | None) -> None:
    """Add a feature and its vectors to an asset; the feature gets the metadata of the asset.

    Args:
        connection: In a transaction.
        asset_id: The asset.
        feature: What was extracted.
        preview: The name of its thumbnail.
    """
    feature_id = str(uuid.uuid4())
    connection.execute(
        """
        INSERT INTO features (
            feature_id, asset_id, modality, start_time, end_time, details, metadata, preview, created_at
        )
        SELECT :feature_id, asset_id, :modality, :start_time, :end_time, :details, metadata, :preview, :now
        FROM assets WHERE asset_id = :asset_id
        """,
        {
            "feature_id": feature_id,
            "asset_id": asset_id,
            "modality": feature.modality,
            "start_time": feature.start_time,
            "end_time": feature.end_time,
            "details": as_json(feature.details),
            "preview": preview,
            "now": now(),
        },
    )
    connection.executemany(
        "INSERT INTO vectors (feature_id, name, embedding) VALUES (?, ?, ?)",
        [(feature_id, name, vector.astype("<f4").tobytes()) for name, vector in feature.vectors.items()],
    )


def copy(connection: sqlite3.Connection, source_asset: str, target_asset: str) -> None:
    """Copy the features of an asset to another one, with new ids and the metadata of the target."""
    query = "SELECT feature_id FROM features WHERE asset_id = ? ORDER BY rowid"
    for (source,) in connection.execute(query, (source_asset,)).fetchall():
        feature_id = str(uuid.uuid4())
        connection.execute(
            """
            INSERT INTO features (
                feature_id, asset_id, modality, start_time, end_time, details, metadata, preview, created_at
            )
            SELECT ?, target.asset_id, features.modality, start_time, end_time, details, target.metadata, preview, ?
            FROM features, assets AS target
            WHERE feature_id = ? AND target.asset_id = ?
            """,
            (feature_id, now(), source, target_asset),
        )
        connection.execute(
            """
            INSERT INTO vectors (feature_id, name, embedding)
            SELECT ?, name, embedding FROM vectors WHERE feature_id = ?
            """,
            (feature_id, source),
        )


def remove_all(connection: sqlite3.Connection, asset_id: str) -> set[str]:
    """Delete an asset's features and vectors; returns the names of their thumbnails."""
    query = "SELECT DISTINCT preview FROM features WHERE asset_id = ? AND preview IS NOT NULL"
    names = {name for (name,) in connection.execute(query, (asset_id,))}
    connection.execute("DELETE FROM features WHERE asset_id = ?", (asset_id,))
    return names
