"""The local API's store, which outlives the server: assets, features and vectors here, the queue in `tasks`."""

import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mixpeek_local.extract.records import Extraction, Vector
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.store import feature_rows, previews, tasks
from mixpeek_local.store.database import Database, as_json, now
from mixpeek_local.store.documents.assets import is_of_an_object
from mixpeek_local.store.tasks import ClaimLostError, Job, Tasks

DEFAULT_NAMESPACE = "default"

ENDED = ("DONE", "FAILED", "SKIPPED", "CANCELLED")
"""The final statuses of tasks (contract b3)."""

ASSET = """
    SELECT assets.*, tasks.status, tasks.error,
        max(tasks.updated_at, coalesce(assets.metadata_changed_at, '')) AS updated_at,
        (
            SELECT preview FROM features
            WHERE features.asset_id = assets.asset_id AND preview IS NOT NULL
            ORDER BY start_time LIMIT 1
        ) AS preview
    FROM assets JOIN tasks USING (task_id)
"""
"""An asset, with the status of its latest task and its first thumbnail; append a WHERE."""

FEATURE = """
    SELECT features.*, features.rowid AS place, assets.namespace, assets.collection_id, assets.url
    FROM features JOIN assets USING (asset_id)
"""
"""A feature, with its row number and what it shares with its asset; append a WHERE."""

UpdateMode = Literal["replace", "append"]
DuplicateAnswer = Literal["copy", "skip", "error"]
"""What becomes of a video whose content is known: a copy of the features, SKIPPED, or an error that names the asset."""


@dataclass(frozen=True)
class Submission:
    """A video as a caller sent it (contract b2)."""

    url: str
    collection: str
    metadata: dict[str, Any]
    settings: ExtractionSettings
    skip_duplicate: bool = True
    namespace: str = DEFAULT_NAMESPACE


class Store:
    """The state of one server: a SQLite file, and the thumbnails beside it."""

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
        with self.database.transaction() as connection:
            return add_asset(connection, submission)[1]

    def update(self, asset_id: str, mode: UpdateMode, submission: Submission) -> str | None:
        """Queue a video for an existing asset (contract b2, `asset_update`); None if there is no such asset."""
        with self.database.transaction() as connection:
            return renew_asset(connection, asset_id, mode, submission)

    def asset(self, asset_id: str) -> sqlite3.Row | None:
        """One asset."""
        return self.database.connection().execute(f"{ASSET} WHERE assets.asset_id = ?", (asset_id,)).fetchone()

    def features(self, asset_id: str) -> list[sqlite3.Row]:
        """An asset's features, by time."""
        query = f"{FEATURE} WHERE asset_id = ? ORDER BY start_time, features.rowid"
        return self.database.connection().execute(query, (asset_id,)).fetchall()

    def feature(self, feature_id: str) -> sqlite3.Row | None:
        """One feature."""
        return self.database.connection().execute(f"{FEATURE} WHERE feature_id = ?", (feature_id,)).fetchone()

    def vectors(self, feature_id: str) -> dict[str, Vector]:
        """A feature's named vectors."""
        query = "SELECT name, embedding FROM vectors WHERE feature_id = ? ORDER BY name"
        rows = self.database.connection().execute(query, (feature_id,))
        return {name: np.frombuffer(embedding, "<f4") for name, embedding in rows}

    def finish(self, job: Job, extraction: Extraction, *, file_hash: str, version: str) -> None:
        """End a task with an extraction, all or nothing."""
        names = [previews.keep(self.previews, feature.preview) for feature in extraction.features]
        try:
            replaced = self._keep(job, extraction, names, file_hash=file_hash, version=version)
        except ClaimLostError:
            self.sweep({name for name in names if name})
            raise
        self.sweep(replaced)

    def _keep(
        self, job: Job, extraction: Extraction, names: list[str | None], *, file_hash: str, version: str
    ) -> set[str]:
        """Write an extraction; returns the thumbnails of what it replaces."""
        with self.database.transaction() as connection:
            tasks.advance(connection, job, "DONE")
            replaced = _make_room(connection, job)
            for feature, name in zip(extraction.features, names, strict=True):
                previews.keep(self.previews, feature.preview)  # a sweep may have removed it meanwhile
                feature_rows.add(connection, job.asset_id, feature, name)
            _describe(
                connection,
                job,
                modality=extraction.modality,
                file_hash=file_hash,
                file_data=as_json(extraction.file_data),
                version=version,
                duplicate_of=None,
            )
        return replaced

    def finish_as_duplicate(self, job: Job, answer: DuplicateAnswer, *, file_hash: str, version: str) -> str | None:
        """End a task whose content another asset has (contract b8); returns its id, or None if there is none."""
        replaced: set[str] = set()
        with self.database.transaction() as connection:
            original = _original(connection, job, file_hash, version)
            if original is None:
                return None
            asset_id = original["asset_id"]
            if is_of_an_object(connection, job.asset_id):
                answer = "copy"  # an object has its own documents, whatever the guide's style answers
            if answer == "error":
                tasks.advance(connection, job, "FAILED", f"duplicate: asset {asset_id} has the same content")
            elif answer == "skip":
                tasks.advance(connection, job, "SKIPPED")
                if job.mode == "new":
                    connection.execute("UPDATE tasks SET asset_id = ? WHERE task_id = ?", (asset_id, job.task_id))
                    connection.execute("DELETE FROM assets WHERE asset_id = ?", (job.asset_id,))
            else:
                tasks.advance(connection, job, "DONE")
                replaced = _make_room(connection, job)
                feature_rows.copy(connection, asset_id, job.asset_id)
                _describe(
                    connection,
                    job,
                    modality=original["modality"],
                    file_hash=file_hash,
                    file_data=original["file_data"],
                    version=version,
                    duplicate_of=original["duplicate_of"] or asset_id,
                )
        self.sweep(replaced)
        return asset_id

    def sweep(self, names: set[str]) -> None:
        """Delete those of these thumbnails that no feature uses."""
        if names:
            with self.database.transaction() as connection:
                previews.sweep(connection, self.previews, names)


def add_asset(connection: sqlite3.Connection, submission: Submission) -> tuple[str, str]:
    """Create an asset and queue its video in the caller's transaction; returns the ids of both asset and task."""
    asset_id = str(uuid.uuid4())
    task_id = _queue(connection, asset_id, submission.collection, submission, mode="new")
    connection.execute(
        """
        INSERT INTO assets (asset_id, task_id, namespace, collection_id, url, metadata, created_at)
        VALUES (:asset_id, :task_id, :namespace, :collection, :url, :metadata, :now)
        """,
        {
            "asset_id": asset_id,
            "task_id": task_id,
            "namespace": submission.namespace,
            "collection": submission.collection,
            "url": submission.url,
            "metadata": as_json(submission.metadata),
            "now": now(),
        },
    )
    return asset_id, task_id


def renew_asset(connection: sqlite3.Connection, asset_id: str, mode: UpdateMode, submission: Submission) -> str | None:
    """Queue a video for an existing asset in the caller's transaction; None if there is no such asset."""
    asset = connection.execute("SELECT collection_id FROM assets WHERE asset_id = ?", (asset_id,)).fetchone()
    if asset is None:
        return None
    task_id = _queue(connection, asset_id, asset["collection_id"], submission, mode=mode)
    connection.execute(
        "UPDATE assets SET task_id = ?, url = ?, metadata = json_patch(metadata, ?) WHERE asset_id = ?",
        (task_id, submission.url, as_json(submission.metadata), asset_id),
    )
    return task_id


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
            AND namespace = (SELECT namespace FROM assets WHERE asset_id = ?)
        ORDER BY duplicate_of IS NOT NULL, assets.created_at
        LIMIT 1
    """
    return connection.execute(
        query, (file_hash, job.settings.to_json(), version, job.asset_id, job.asset_id)
    ).fetchone()


def _make_room(connection: sqlite3.Connection, job: Job) -> set[str]:
    """Delete what the task replaces; returns its thumbnails."""
    return feature_rows.remove_all(connection, job.asset_id) if job.mode == "replace" else set()


def _describe(connection: sqlite3.Connection, job: Job, **columns: str | None) -> None:
    # An asset with the features of two files is not a source of copies: NULL equals nothing.
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
