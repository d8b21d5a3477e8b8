"""What batches have used."""

from mixpeek_local.store.database import Database


def seconds_processed(database: Database, since: str) -> tuple[float, int]:
    """The seconds of video that batches processed since a moment, and of how many objects."""
    query = """
        SELECT coalesce(sum(json_extract(assets.file_data, '$.duration')), 0.0), count(*)
        FROM batch_items JOIN tasks USING (task_id) JOIN assets USING (asset_id)
        WHERE tasks.status = 'DONE' AND tasks.updated_at >= ?
    """
    seconds, objects = database.connection().execute(query, (since,)).fetchone()
    return seconds, objects
