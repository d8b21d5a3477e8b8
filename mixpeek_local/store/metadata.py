"""Changes to the metadata of assets and features."""

from typing import Any

from mixpeek_local.store.database import as_json, now
from mixpeek_local.store.store import Store


def change_asset(store: Store, asset_id: str, metadata: dict[str, Any], *, merge: bool, propagate: bool) -> bool:
    """Change an asset's metadata; False if there is no such asset.

    Args:
        store: The store.
        asset_id: The asset.
        metadata: The new metadata.
        merge: Change the named fields and keep the rest; null removes one (RFC 7396). Otherwise replace everything.
        propagate: Do the same to the asset's features.
    """
    given = {"metadata": as_json(metadata), "merge": merge, "asset_id": asset_id, "now": now()}
    with store.database.transaction() as connection:
        changed = connection.execute(
            """
            UPDATE assets
            SET metadata = iif(:merge, json_patch(metadata, :metadata), :metadata), metadata_changed_at = :now
            WHERE asset_id = :asset_id
            """,
            given,
        )
        if changed.rowcount and propagate:
            connection.execute(
                """
                UPDATE features SET metadata = iif(:merge, json_patch(metadata, :metadata), :metadata)
                WHERE asset_id = :asset_id
                """,
                given,
            )
    return bool(changed.rowcount)


def change_feature(store: Store, feature_id: str, metadata: dict[str, Any]) -> bool:
    """Replace a feature's metadata; False if there is no such feature."""
    query = "UPDATE features SET metadata = ? WHERE feature_id = ?"
    with store.database.transaction() as connection:
        return bool(connection.execute(query, (as_json(metadata), feature_id)).rowcount)
