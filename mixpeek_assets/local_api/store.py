"""The local API's memory: it outlives the server. Assets, features and vectors here, the queue in `tasks`."""

import json
import sqlite3
import uuid
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mixpeek_assets.local_api import tasks
from mixpeek_assets.local_api.database import Database, now
from mixpeek_assets.local_api.extract import Extraction
from mixpeek_assets.local_api.extract.records import Vector
from mixpeek_assets.local_api.tasks import Job, Tasks

UpdateMode = Literal["replace", "append"]


class Store:
    """All that one server knows, in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self.tasks = Tasks(self._database)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def ingest(
        self, *, url: str, collection: str, metadata: dict[str, Any], interval_sec: float, skip_duplicate: bool
    ) -> str:
        """Create an asset and queue its video; returns the task id."""
        asset_id = str(uuid.uuid4())
        with self._database.transaction() as connection:
            task_id = tasks.add(
                connection,
                asset_id=asset_id,
                url=url,
                interval_sec=interval_sec,
                skip_duplicate=skip_duplicate,
                mode="new",
            )
            connection.execute(
                """
                INSERT INTO assets (asset_id, task_id, collection_id, url, metadata, created_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                (asset_id, task_id, collection, url, json.dumps(metadata), now()),
            )
        return task_id

    def update(
        self,
        asset_id: str,
        mode: UpdateMode,
        *,
        url: str,
        metadata: dict[str, Any],
        interval_sec: float,
        skip_duplicate: bool,
    ) -> str | None:
        """Queue a video for an asset that exists (contract b2, `asset_update`); None when it does not."""
        with self._database.transaction() as connection:
            task_id = tasks.add(
                connection,
                asset_id=asset_id,
                url=url,
                interval_sec=interval_sec,
                skip_duplicate=skip_duplicate,
                mode=mode,
            )
            changed = connection.execute(
                "UPDATE assets SET task_id = ?, url = ?, metadata = json_patch(metadata, ?) WHERE asset_id = ?",
                (task_id, url, json.dumps(metadata), asset_id),
            )
            if changed.rowcount == 0:
                connection.execute("DELETE FROM tasks WHERE task_id = ?", (task_id,))
                return None
        return task_id

    def asset(self, asset_id: str) -> sqlite3.Row | None:
        """One asset, with the status of its latest task."""
        query = """
            SELECT assets.*, tasks.status, tasks.error, tasks.updated_at
            FROM assets JOIN tasks USING (task_id)
            WHERE assets.asset_id = ?
        """
        return self._database.connection().execute(query, (asset_id,)).fetchone()

    def features(self, asset_id: str) -> list[sqlite3.Row]:
        """An asset's features, by time."""
        query = f"{_FEATURE} WHERE asset_id = ? ORDER BY start_time, features.rowid"
        return self._database.connection().execute(query, (asset_id,)).fetchall()

    def feature(self, feature_id: str) -> sqlite3.Row | None:
        """One feature."""
        return self._database.connection().execute(f"{_FEATURE} WHERE feature_id = ?", (feature_id,)).fetchone()

    def vectors(self, feature_id: str) -> dict[str, Vector]:
        """A feature's named vectors."""
        query = "SELECT name, embedding FROM vectors WHERE feature_id = ? ORDER BY name"
        rows = self._database.connection().execute(query, (feature_id,))
        return {name: np.frombuffer(embedding, "<f4") for name, embedding in rows}

    def finish(self, job: Job, extraction: Extraction, *, file_hash: str, version: str) -> None:
        """End a task with what was extracted, all or nothing."""
        with self._database.transaction() as connection:
            tasks.advance(connection, job, "DONE")
            _make_room(connection, job)
            for feature in extraction.features:
                values = (feature.modality, feature.start_time, feature.end_time, job.interval_sec)
                feature_id = _add_feature(connection, job.asset_id, *values)
                connection.executemany(
                    "INSERT INTO vectors (feature_id, name, embedding) VALUES (?, ?, ?)",
                    [(feature_id, name, vector.astype("<f4").tobytes()) for name, vector in feature.vectors.items()],
                )
            _describe(
                connection,
                job,
                modality=extraction.modality,
                file_hash=file_hash,
                file_data=json.dumps(extraction.file_data),
                version=version,
                duplicate_of=None,
            )

    def finish_as_copy(self, job: Job, *, file_hash: str, version: str) -> bool:
        """End a task with copies of what the same content gave before (contract b8); False when nothing did."""
        with self._database.transaction() as connection:
            original = connection.execute(
                """
                SELECT assets.* FROM assets JOIN tasks USING (task_id)
                WHERE file_hash = ? AND assets.interval_sec = ? AND version = ? AND status = 'DONE'
                    AND assets.asset_id <> ?
                ORDER BY duplicate_of IS NOT NULL, created_at
                LIMIT 1
                """,
                (file_hash, job.interval_sec, version, job.asset_id),
            ).fetchone()
            if original is None:
                return False
            tasks.advance(connection, job, "DONE")
            _make_room(connection, job)
            _copy_features(connection, original["asset_id"], job.asset_id)
            _describe(
                connection,
                job,
                modality=original["modality"],
                file_hash=file_hash,
                file_data=original["file_data"],
                version=version,
                duplicate_of=original["duplicate_of"] or original["asset_id"],
            )
        return True


_FEATURE = """
    SELECT features.*, assets.collection_id, assets.metadata FROM features JOIN assets USING (asset_id)
"""


def _make_room(connection: sqlite3.Connection, job: Job) -> None:
    if job.mode == "replace":
        connection.execute("DELETE FROM features WHERE asset_id = ?", (job.asset_id,))


def _add_feature(
    connection: sqlite3.Connection, asset_id: str, modality: str, start: float, end: float, interval_sec: float
) -> str:
    feature_id = str(uuid.uuid4())
    connection.execute(
        """
        INSERT INTO features (feature_id, asset_id, modality, start_time, end_time, interval_sec, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (feature_id, asset_id, modality, start, end, interval_sec, now()),
    )
    return feature_id


def _copy_features(connection: sqlite3.Connection, source_id: str, target_id: str) -> None:
    query = "SELECT * FROM features WHERE asset_id = ? ORDER BY rowid"
    for row in connection.execute(query, (source_id,)).fetchall():
        values = (row["modality"], row["start_time"], row["end_time"], row["interval_sec"])
        feature_id = _add_feature(connection, target_id, *values)
        connection.execute(
            """
            INSERT INTO vectors (feature_id, name, embedding)
            SELECT ?, name, embedding FROM vectors WHERE feature_id = ?
            """,
            (feature_id, row["feature_id"]),
        )


def _describe(connection: sqlite3.Connection, job: Job, **columns: str | None) -> None:
    # An asset that holds two files' features is no source of copies: NULL equals nothing.
    values = {**columns, "interval_sec": None if job.mode == "append" else job.interval_sec}
    connection.execute(
        """
        UPDATE assets
        SET modality = :modality, file_hash = :file_hash, file_data = :file_data, interval_sec = :interval_sec,
            version = :version, duplicate_of = :duplicate_of
        WHERE asset_id = :asset_id
        """,
        {**values, "asset_id": job.asset_id},
    )
