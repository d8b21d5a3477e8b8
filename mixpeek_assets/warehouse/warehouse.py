"""The warehouse as the pipeline sees it: spool replies, load them, ask what is missing."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mixpeek_assets.lock import LockTimeoutError, exclusive
from mixpeek_assets.manifest.reader import Manifest
from mixpeek_assets.warehouse import SQL, loading
from mixpeek_assets.warehouse.database import Database
from mixpeek_assets.warehouse.disk import disk_errors
from mixpeek_assets.warehouse.errors import WarehouseBusyError, WarehouseError
from mixpeek_assets.warehouse.landing_files import Kind, LandingFile
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.worklist import WorkList, work_list

FILE_BYTES = 32 << 20
"""When a landing file is closed and loaded while the next is written."""

_ANSWER_BYTES = 2048
"""An answer to a submission, kept with the reason of a refusal, takes less."""


@dataclass(frozen=True)
class SubmissionRules:
    """Which videos are to be submitted, beside those that never were and those whose answer was lost.

    Attributes:
        max_attempts: How often a video is submitted when its task fails.
        extractors: The feature extractor settings that every video is to have, as JSON; None leaves those that were
            submitted with others as they are.
        refresh: Whether all that are done are submitted again, and paid for again.
        resubmit_failed: Whether all that failed are.
        runs: What these runs have submitted is neither refreshed nor resubmitted: a run that is executed again must
            not pay again.
    """

    max_attempts: int = 1
    extractors: str | None = None
    refresh: bool = False
    resubmit_failed: bool = False
    runs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Retry:
    """Which of what went wrong is tried again; None is any.

    Attributes:
        partitions: Of these days.
        collections: Of these collections.
        video: Of a video with this id, or with this in its URL.
        reason: `failed`, `cancelled`, `lost`, `rejected`, `empty` (an asset without features), or a part of the reason.
        pay_again: Whether a lost task is submitted again rather than asked for.
    """

    partitions: list[date] | None = None
    collections: list[str] | None = None
    video: str | None = None
    reason: str | None = None
    pay_again: bool = False


class Warehouse:
    """A DuckDB file and its landing zone.

    Args:
        path: The DuckDB file.
        landing_folder: Where replies wait to be loaded.
        timeout: Seconds to wait while another program holds the file.
        api: The API that is spoken to, as `tasks.api` remembers it: what was submitted to another is neither polled
            nor fetched. None is any.
        on_wait: Called with each sentence about a long wait, which is also logged.
    """

    def __init__(
        self,
        path: Path,
        landing_folder: Path,
        timeout: float = 1800,
        api: str | None = None,
        on_wait: Callable[[str], object] | None = None,
    ) -> None:
        self.database = Database(path, timeout, on_wait)
        self.landing_folder = landing_folder
        self.api = api

    @property
    def path(self) -> Path:
        """The DuckDB file."""
        return self.database.path

    def load_pending(self) -> loading.Loaded:
        """Load all landing files, whoever wrote them."""
        return loading.load_pending(self.database, self.landing_folder)

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run `sql/<query>.sql`, read-only, and return its rows; it may name `$api` and `$today`."""
        with self.reader() as reader:
            return reader.rows(query, **parameters)

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """Open the file for several readings, all of one moment; nothing is to be waited for meanwhile."""
        with self.database.connection(read_only=True) as connection:
            yield Reader(connection, self.api)

    def spool(self, kind: Kind) -> "Spool":
        """Open a spool for replies of one kind."""
        return Spool(self, kind)

    @contextmanager
    def partitions_locked(self, work: str, partitions: Sequence[date]) -> Iterator[None]:
        """Be the only one who does this work on these partitions; a death lets go.

        Raises:
            WarehouseBusyError: another run did it for longer than the time-out.
            DiskError: the landing zone cannot be written.
        """
        folder = self.landing_folder / "locks"
        with ExitStack() as stack:
            with disk_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
                # In one order everywhere, so that two runs over several partitions cannot wait for each other.
                for partition in sorted(partitions):
                    lock = folder / f"{work}-{partition}.lock"
                    try:
                        stack.enter_context(exclusive(lock, self.database.timeout, self.database.report_wait))
                    except LockTimeoutError as error:
                        raise WarehouseBusyError(f"another run works on partition {partition}: {error}") from None
            yield

    def upsert_videos(self, manifest: Manifest, partitions: Sequence[date], now: datetime, run_id: str) -> int:
        """Add the manifest's videos that belong to these partitions; return how many were new.

        Its unusable rows replace those in `rejects` that came from the same manifest.
        """
        with self.database.transaction() as connection:
            SQL.run(
                connection,
                "reject_manifest_rows",
                source=manifest.source,
                problems=manifest.problems or None,
                now=now,
                run_id=run_id,
            )
            return SQL.fetch(
                connection,
                "upsert_videos",
                manifest=str(manifest.videos),
                partitions=list(partitions),
                now=now,
                run_id=run_id,
            )[0]["added"]

    def manifest_partitions(self, manifest: Manifest) -> list[date]:
        """Return the partitions of the videos that a manifest names."""
        return [row["partition_date"] for row in self.rows("manifest_partitions", manifest=str(manifest.videos))]

    def mark_lost(self, partitions: Sequence[date]) -> None:
        """Call submissions lost whose process is gone. The caller holds the partitions' lock."""
        with self.database.transaction() as connection:
            SQL.run(connection, "mark_lost", partitions=list(partitions))

    def needed(self, query: str, rules: SubmissionRules | None = None, **parameters: Any) -> list[dict[str, Any]]:
        """Run `sql/<query>.sql`, which may ask `sql/needed.sql` for what is to be submitted or fetched."""
        bound = {"api": self.api, **asdict(rules or SubmissionRules()), **parameters}
        with self.database.connection(read_only=True) as connection:
            SQL.run(connection, "needed")
            return SQL.fetch(connection, query, **bound)

    @contextmanager
    def work_list(self, query: str, rules: SubmissionRules | None = None, **parameters: Any) -> Iterator[WorkList]:
        """Keep the rows that `needed` would return, which may be more than fit into memory, until the block ends."""
        bound = {"api": self.api, **asdict(rules or SubmissionRules()), **parameters}
        with ExitStack() as stack:
            with self.database.connection(read_only=True) as connection:
                SQL.run(connection, "needed")
                rows = stack.enter_context(work_list(connection, query, **bound))
            yield rows

    def insert_intents(self, intents: list[dict[str, Any]], run_id: str, extractors: str | None = None) -> None:
        """Commit what is about to be submitted."""
        with self.database.transaction() as connection:
            SQL.run(connection, "insert_intents", intents=intents, extractors=extractors, api=self.api, run_id=run_id)

    def retry(self, chosen: Retry, *, dry_run: bool, deadline: timedelta = timedelta(hours=24)) -> list[dict[str, Any]]:
        """Have what went wrong tried again by the next runs, and return what that is.

        Args:
            chosen: Which of it.
            dry_run: Only return it.
            deadline: For how long a task that was lost is asked for again.
        """
        with self.database.transaction() as connection:
            candidates = SQL.fetch(connection, "retry_candidates", **asdict(chosen))
            if not dry_run:
                SQL.run(connection, "retry_apply", deadline=deadline)
            return candidates

    def tasks_due(self, now: datetime, limit: int, deadline: timedelta = timedelta(hours=24)) -> list[dict[str, Any]]:
        """Return the open tasks to poll now, the longest-waiting first.

        Args:
            now: The current time.
            limit: How many at most.
            deadline: When a task that an older mixpeek_assets submitted is to be given up.
        """
        return self.rows("tasks_due", now=now, limit=limit, deadline=deadline)


class Spool:
    """Writes replies to landing files, and loads each while the next is written."""

    def __init__(self, warehouse: Warehouse, kind: Kind) -> None:
        self._warehouse = warehouse
        self._kind: Kind = kind
        self._file = LandingFile(warehouse.landing_folder, kind)
        self._written = deque[LandingFile]()
        self._rotating = threading.Lock()
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="mixpeek-load")
        self._loads: list[Future[loading.Loaded]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Load the rest, even after an exception: what was fetched is kept.

        Raises:
            WarehouseError: it cannot be loaded now, and will be by the next load. An exception that came before it
                has the first word.
        """
        try:
            self._written.append(self._file)
            self._load()
            self._loader.shutdown()
            for load in self._loads:
                load.result()
        except WarehouseError as second:
            if error is None:
                raise
            error.add_note(str(second))

    def append(self, record: dict[str, Any]) -> None:
        """Keep a reply; it is safe once this returns. Threads may share a spool.

        Raises:
            DiskError: it cannot be kept; what was kept before is.
        """
        with self._rotating:
            self._file.append(record)
            if self._file.size > FILE_BYTES:
                self._begin_another()

    def rotate(self, room_for: int = 0) -> None:
        """Have what is kept so far loaded, while more is written.

        Args:
            room_for: How many answers to submissions must fit on the disk, whatever else fills it.

        Raises:
            DiskError: there is no room for them; what is under way still has its own.
        """
        room = room_for * _ANSWER_BYTES
        with self._rotating:
            if self._file.size:
                self._begin_another(room)
            else:
                self._file.reserve(room)

    def _begin_another(self, room: int = 0) -> None:
        following = LandingFile(self._warehouse.landing_folder, self._kind)
        try:
            following.reserve(room)
        except BaseException:
            following.close()
            raise
        self._written.append(self._file)
        self._file = following
        self._load()

    def _load(self) -> None:
        # One waiting load is enough: it will find all that is there.
        self._loads = [load for load in self._loads if not load.done() or load.exception()]
        if len(self._loads) < 2:
            self._loads.append(self._loader.submit(self._load_written))

    def _load_written(self) -> loading.Loaded:
        # Closed only here, as to wait for the disk would keep every thread from writing.
        while self._written:
            self._written.popleft().close()
        return self._warehouse.load_pending()
