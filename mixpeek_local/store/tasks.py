"""The queue of tasks, with their workers and results."""

import sqlite3
import time
import uuid
from dataclasses import dataclass

from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.store.database import Database, now

MAX_ATTEMPTS = 3
"""A task that was being processed in this many deaths of the server or a worker is assumed to cause them."""

UNDER_WAY = ("DOWNLOADING", "PROCESSING")
"""The statuses in which a worker has the task."""


@dataclass(frozen=True)
class Job:
    """A task that a worker has claimed; `mode` says how to write into the asset (contract b2, `asset_update`)."""

    task_id: str
    asset_id: str
    collection_id: str
    url: str
    settings: ExtractionSettings
    skip_duplicate: bool
    mode: str
    claim: str


class ClaimLostError(Exception):
    """The task was taken from this worker, so its result no longer counts."""


class Tasks:
    """The tasks in the database. A task under way belongs to one worker, named by its `claim`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, task_id: str) -> sqlite3.Row | None:
        """One task."""
        query = "SELECT * FROM tasks WHERE task_id = ?"
        return self._database.connection().execute(query, (task_id,)).fetchone()

    def waiting(self) -> bool:
        """Whether a task is queued; unlike a claim, this takes no lock."""
        query = "SELECT 1 FROM tasks WHERE status = 'QUEUED' LIMIT 1"
        return self._database.connection().execute(query).fetchone() is not None

    def claim(self, claim: str) -> Job | None:
        """Take the oldest queued task, if there is one; no two workers get the same one."""
        if not self.waiting():
            return None
        with self._database.transaction() as connection:
            row = connection.execute(
                """
                UPDATE tasks
                SET status = 'DOWNLOADING', claim = ?, claimed_at = ?, attempts = attempts + 1, updated_at = ?
                WHERE rowid = (SELECT min(rowid) FROM tasks WHERE status = 'QUEUED')
                RETURNING task_id, asset_id, collection_id, url, settings, skip_duplicate, mode, claim
                """,
                (claim, time.time(), now()),
            ).fetchone()
        if row is None:
            return None
        typed = {
            "settings": ExtractionSettings.from_json(row["settings"]),
            "skip_duplicate": bool(row["skip_duplicate"]),
        }
        return Job(**(dict(row) | typed))

    def processing(self, job: Job) -> None:
        """Record that the video is on this machine and processing begins."""
        with self._database.transaction() as connection:
            advance(connection, job, "PROCESSING")

    def fail(self, job: Job, reason: str) -> None:
        """Fail a task, with a reason for its owner."""
        with self._database.transaction() as connection:
            advance(connection, job, "FAILED", reason)

    def progress(self, job: Job, share: float) -> None:
        """Record the share of a task that is done, 0 to 1; it never decreases.

        Raises:
            ClaimLostError: The task is no longer this worker's.
        """
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE tasks SET progress = max(progress, ?) WHERE task_id = ? AND claim = ?",
                (min(max(share, 0.0), 1.0), job.task_id, job.claim),
            )
            _require_one(changed, job)

    def bury(self, claim: str, reason: str) -> None:
        """Requeue the task of a worker that died; fail it after too many deaths.

        Args:
            claim: The worker's.
            reason: Why the task failed, if it is assumed to be the cause.
        """
        with self._database.transaction() as connection:
            connection.execute(
                """
                UPDATE tasks SET status = 'FAILED', error = ?, claim = NULL, updated_at = ?
                WHERE claim = ? AND status IN ('DOWNLOADING', 'PROCESSING') AND attempts >= ?
                """,
                (f"{reason}, {MAX_ATTEMPTS} times", now(), claim, MAX_ATTEMPTS),
            )
            self._requeue(connection, claim)

    def end(self, claim: str, task_id: str, reason: str) -> None:
        """Fail the task that a worker was killed for; a task that it took at that moment is requeued."""
        with self._database.transaction() as connection:
            connection.execute(
                """
                UPDATE tasks SET status = 'FAILED', error = ?, claim = NULL, updated_at = ?
                WHERE claim = ? AND task_id = ? AND status IN ('DOWNLOADING', 'PROCESSING')
                """,
                (reason, now(), claim, task_id),
            )
            self._requeue(connection, claim, forgiven=1)

    def recover(self) -> None:
        """Requeue the tasks of a server that died; fail those with too many deaths."""
        with self._database.transaction() as connection:
            connection.execute(
                """
                UPDATE tasks SET status = 'FAILED', error = ?, claim = NULL, updated_at = ?
                WHERE status IN ('DOWNLOADING', 'PROCESSING') AND attempts >= ?
                """,
                (f"the server died {MAX_ATTEMPTS} times while it processed this video", now(), MAX_ATTEMPTS),
            )
            self._requeue(connection)

    def put_back(self) -> None:
        """Requeue all running tasks, because the server ends on purpose; this counts against no task."""
        with self._database.transaction() as connection:
            self._requeue(connection, forgiven=1)

    @staticmethod
    def _requeue(connection: sqlite3.Connection, claim: str | None = None, forgiven: int = 0) -> None:
        connection.execute(
            """
            UPDATE tasks
            SET status = 'QUEUED', progress = 0, claim = NULL, attempts = attempts - :forgiven, updated_at = :now
            WHERE claim = coalesce(:claim, claim) AND status IN ('DOWNLOADING', 'PROCESSING')
            """,
            {"claim": claim, "forgiven": forgiven, "now": now()},
        )


def add(
    connection: sqlite3.Connection,
    *,
    asset_id: str,
    collection_id: str,
    url: str,
    settings: ExtractionSettings,
    skip_duplicate: bool,
    mode: str,
) -> str:
    """Queue a task in the caller's transaction; returns its id."""
    task_id, moment = str(uuid.uuid4()), now()
    connection.execute(
        """
        INSERT INTO tasks (
            task_id, asset_id, collection_id, url, settings, skip_duplicate, mode, status, created_at, updated_at
        )
        VALUES (?, ?, ?, ?, ?, ?, ?, 'QUEUED', ?, ?)
        """,
        (task_id, asset_id, collection_id, url, settings.to_json(), skip_duplicate, mode, moment, moment),
    )
    return task_id


def advance(connection: sqlite3.Connection, job: Job, status: str, error: str | None = None) -> None:
    """Advance a claimed task in the caller's transaction.

    Raises:
        ClaimLostError: The task is no longer this worker's.
    """
    changed = connection.execute(
        """
        UPDATE tasks
        SET status = :status, error = :error, progress = iif(:status = 'DONE', 1, progress), updated_at = :now
        WHERE task_id = :task_id AND claim = :claim
        """,
        {"status": status, "error": error, "now": now(), "task_id": job.task_id, "claim": job.claim},
    )
    _require_one(changed, job)


def _require_one(changed: sqlite3.Cursor, job: Job) -> None:
    if changed.rowcount != 1:
        raise ClaimLostError(f"task {job.task_id} was taken from this worker")
