"""The local API's memory: it outlives the server. Assets, features and vectors here, the queue in `tasks`."""

import hashlib
import json
import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mixpeek_assets.local_api import tasks
from mixpeek_assets.local_api.database import Database, now
from mixpeek_assets.local_api.extract.records import Extraction, Feature, Vector
from mixpeek_assets.local_api.extract.settings import ExtractionSettings
from mixpeek_assets.local_api.tasks import Job, Tasks

UpdateMode = Literal["replace", "append"]
DuplicateAnswer = Literal["copy", "skip", "error"]
"""What a video gets whose content is known: a copy of the features, SKIPPED, or an error that names the asset."""


@dataclass(frozen=True)
class Submission:
    """A video as a caller sent it (contract b2)."""

    url: str
    collection: str
    metadata: dict[str, Any]
    settings: ExtractionSettings
    skip_duplicate: bool = True


class Store:
    """All that one server knows: one SQLite file, and the thumbnails beside it."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.tasks = Tasks(self.database)
        self.previews = path.with_name("previews")
        self.previews.mkdir(exist_ok=True)

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def ingest(self, submission: Submission) -> str:
        """Create an asset and queue its video; returns the task id."""
        asset_id = str(uuid.uuid4())
        with self.database.transaction() as connection:
            task_id = _queue(connection, asset_id, submission.collection, submission, mode="new")
            connection.execute(
                """
                INSERT INTO assets (asset_id, task_id, collection_id, url, metadata, created_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                (asset_id, task_id, submission.collection, submission.url, json.dumps(submission.metadata), now()),
            )
        return task_id

    def update(self, asset_id: str, mode: UpdateMode, submission: Submission) -> str | None:
        """Queue a video for an asset that exists (contract b2, `asset_update`); None when it does not."""
        with self.database.transaction() as connection:
            asset = connection.execute("SELECT collection_id FROM assets WHERE asset_id = ?", (asset_id,)).fetchone()
            if asset is None:
                return None
            task_id = _queue(connection, asset_id, asset["collection_id"], submission, mode=mode)
            connection.execute(
                "UPDATE assets SET task_id = ?, url = ?, metadata = json_patch(metadata, ?) WHERE asset_id = ?",
                (task_id, submission.url, json.dumps(submission.metadata), asset_id),
            )
        return task_id

    def asset(self, asset_id: str) -> sqlite3.Row | None:
        """One asset, with the status of its latest task."""
        query = """
            SELECT assets.*, tasks.status, tasks.error, tasks.updated_at
            FROM assets JOIN tasks USING (task_id)
            WHERE assets.asset_id = ?
        """
        return self.database.connection().execute(query, (asset_id,)).fetchone()

    def features(self, asset_id: str) -> list[sqlite3.Row]:
        """An asset's features, by time."""
        query = f"{_FEATURE} WHERE asset_id = ? ORDER BY start_time, features.rowid"
        return self.database.connection().execute(query, (asset_id,)).fetchall()

    def feature(self, feature_id: str) -> sqlite3.Row | None:
        """One feature."""
        return self.database.connection().execute(f"{_FEATURE} WHERE feature_id = ?", (feature_id,)).fetchone()

    def vectors(self, feature_id: str) -> dict[str, Vector]:
        """A feature's named vectors."""
        query = "SELECT name, embedding FROM vectors WHERE feature_id = ? ORDER BY name"
        rows = self.database.connection().execute(query, (feature_id,))
        return {name: np.frombuffer(embedding, "<f4") for name, embedding in rows}

    def finish(self, job: Job, extraction: Extraction, *, file_hash: str, version: str) -> None:
        """End a task with what was extracted, all or nothing."""
        previews = [self._keep_preview(feature) for feature in extraction.features]
        with self.database.transaction() as connection:
            tasks.advance(connection, job, "DONE")
            _make_room(connection, job)
            for feature, preview in zip(extraction.features, previews, strict=True):
                feature_id = _add_feature(connection, job.asset_id, feature, preview)
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

    def finish_as_duplicate(self, job: Job, answer: DuplicateAnswer, *, file_hash: str, version: str) -> str | None:
        """End a task whose content another asset has (contract b8); returns that asset's id, or None without one."""
        with self.database.transaction() as connection:
            original = _original(connection, job, file_hash, version)
            if original is None:
                return None
            asset_id = original["asset_id"]
            if answer == "error":
                tasks.advance(connection, job, "FAILED", f"duplicate: asset {asset_id} has the same content")
            elif answer == "skip":
                tasks.advance(connection, job, "SKIPPED")
                if job.mode == "new":
                    connection.execute("UPDATE tasks SET asset_id = ? WHERE task_id = ?", (asset_id, job.task_id))
                    connection.execute("DELETE FROM assets WHERE asset_id = ?", (job.asset_id,))
            else:
                tasks.advance(connection, job, "DONE")
                _make_room(connection, job)
                _copy_features(connection, asset_id, job.asset_id)
                _describe(
                    connection,
                    job,
                    modality=original["modality"],
                    file_hash=file_hash,
                    file_data=original["file_data"],
                    version=version,
                    duplicate_of=original["duplicate_of"] or asset_id,
                )
        return asset_id

    def _keep_preview(self, feature: Feature) -> str | None:
        """Write a thumbnail under a name that its content gives; returns the name."""
        if feature.preview is None:
            return None
        path = self.previews / f"{hashlib.sha256(feature.preview).hexdigest()[:32]}.jpg"
        if not path.exists():
            whole = path.with_suffix(f".{uuid.uuid4().hex}")
            whole.write_bytes(feature.preview)
            whole.replace(path)
        return path.name


_FEATURE = """
    SELECT features.*, assets.collection_id, assets.metadata FROM features JOIN assets USING (asset_id)
"""


def _queue(connection: sqlite3.Connection, asset_id: str, collection: str, submission: Submission, mode: str) -> str:
    return tasks.add(
        connection,
        asset_id=asset_id,
        collection_id=collection,
        url=submission.url,
        settings=submission.settings,
        skip_duplicate=submission.skip_duplicate,
        mode=mode,
    )


def _original(connection: sqlite3.Connection, job: Job, file_hash: str, version: str) -> sqlite3.Row | None:
    query = """
        SELECT assets.* FROM assets JOIN tasks USING (task_id)
        WHERE file_hash = ? AND assets.settings = ? AND version = ? AND status = 'DONE' AND assets.asset_id <> ?
        ORDER BY duplicate_of IS NOT NULL, assets.created_at
        LIMIT 1
    """
    return connection.execute(query, (file_hash, job.settings.to_json(), version, job.asset_id)).fetchone()


def _make_room(connection: sqlite3.Connection, job: Job) -> None:
    if job.mode == "replace":
        connection.execute("DELETE FROM features WHERE asset_id = ?", (job.asset_id,))


def _add_feature(connection: sqlite3.Connection, asset_id: str, feature: Feature, preview: str | None) -> str:
    feature_id = str(uuid.uuid4())
    details = json.dumps(feature.details)
    connection.execute(
        """
        INSERT INTO features (feature_id, asset_id, modality, start_time, end_time, details, preview, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (feature_id, asset_id, feature.modality, feature.start_time, feature.end_time, details, preview, now()),
    )
    return feature_id


def _copy_features(connection: sqlite3.Connection, source_id: str, target_id: str) -> None:
    query = "SELECT feature_id FROM features WHERE asset_id = ? ORDER BY rowid"
    for (source,) in connection.execute(query, (source_id,)).fetchall():
        feature_id = str(uuid.uuid4())
        connection.execute(
            """
            INSERT INTO features (feature_id, asset_id, modality, start_time, end_time, details, preview, created_at)
            SELECT ?, ?, modality, start_time, end_time, details, preview, ? FROM features WHERE feature_id = ?
            """,
            (feature_id, target_id, now(), source),
        )
        connection.execute(
            """
            INSERT INTO vectors (feature_id, name, embedding)
            SELECT ?, name, embedding FROM vectors WHERE feature_id = ?
            """,
            (feature_id, source),
        )


def _describe(connection: sqlite3.Connection, job: Job, **columns: str | None) -> None:
    # An asset that holds two files' features is no source of copies: NULL equals nothing.
    values = {**columns, "settings": None if job.mode == "append" else job.settings.to_json()}
    connection.execute(
        """
        UPDATE assets
        SET modality = :modality, file_hash = :file_hash, file_data = :file_data, settings = :settings,
            version = :version, duplicate_of = :duplicate_of
        WHERE asset_id = :asset_id
        """,
        {**values, "asset_id": job.asset_id},
    )
