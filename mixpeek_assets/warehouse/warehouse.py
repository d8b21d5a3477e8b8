"""The warehouse as the pipeline sees it: keep replies, load them, query what is missing."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from mixpeek_assets.lock import LockTimeoutError
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.database import Database
from mixpeek_assets.warehouse.disk import disk_errors
from mixpeek_assets.warehouse.errors import WarehouseBusyError
from mixpeek_assets.warehouse.file_store import FileStore
from mixpeek_assets.warehouse.landing_files import Kind
from mixpeek_assets.warehouse.loading import Loaded, load_pending
from mixpeek_assets.warehouse.one_collection import looking_at
from mixpeek_assets.warehouse.publishing import LAG, Publisher, When, opened
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import AssetToFetch, FeatureToFetch, RetryCandidate, VideoToSubmit
from mixpeek_assets.warehouse.selection import RetrySelection, SubmissionRules, VideoSelection
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.spool import Spool
from mixpeek_assets.warehouse.vector_rows import VectorRows, kept_vector_rows
from mixpeek_assets.warehouse.worklist import WorkList, work_list

Record = TypeVar("Record")


class Warehouse:
    """A store, and beside it this machine's landing folder, where replies wait to be loaded.

    Args:
        site: Where they are: a DuckDB file, or a cluster's lake.
        timeout: Seconds to wait while another program holds the store.
        api: The API in use, as `tasks.api` records it; tasks of another are neither polled nor fetched.
            None is any.
        on_wait: Called with each sentence about a long wait, which is also logged.
        collection: The only collection that is seen and worked on, where the store holds several; None is all.
        lag: Seconds by which the published copy of a file may lag behind; 0: nothing is published. A lake needs none.

    Attributes:
        publisher: It makes the copy of a file that people read; None: they read the store itself.
    """

    def __init__(
        self,
        site: Site,
        timeout: float = 1800,
        api: str | None = None,
        on_wait: Callable[[str], object] | None = None,
        *,
        collection: str | None = None,
        lag: float = LAG,
    ) -> None:
        self.site = site
        self.database = Database(site, timeout, on_wait)
        file = site.store.path if isinstance(site.store, FileStore) else None
        self.publisher = Publisher(file, timeout, lag) if file and lag > 0 else None
        self.collection = collection
        self.landing_folder = site.landing_folder
        self.api = api

    @property
    def name(self) -> str:
        """What messages call it: the path of a file, the address of a lake."""
        return self.database.store.name

    @property
    def kind(self) -> str:
        """What it is, in words."""
        return self.database.store.kind

    def exists(self) -> bool:
        """Say whether there is one: the first landing makes it."""
        return self.database.store.exists()

    @property
    def published_file(self) -> Path | None:
        """The copy that people open, where there is one."""
        return self.publisher.path if self.publisher and self.publisher.path.is_file() else None

    @property
    def readable_name(self) -> str:
        """What people open: the published file, where there is one, or the store itself."""
        return str(self.published_file or self.name)

    @contextmanager
    def reader(self) -> Generator[Reader]:
        """Open the store for several queries on one snapshot. Do not block while it is open."""
        with self._seen() as connection:
            yield Reader(connection, self.api, self.collection)

    @contextmanager
    def _seen(self) -> Generator[duckdb.DuckDBPyConnection]:
        with self.database.connection(read_only=True) as connection, looking_at(connection, self.collection):
            yield connection

    @contextmanager
    def published(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Open what people read, which delays no landing however long it is open: a lake, or the published file.

        A file is brought up to date first, where that is worth its cost. Where nothing is published (yet), the
        warehouse itself is opened.

        Raises:
            WarehouseError: it cannot be used.
        """
        file = self.published_file
        if file is not None:
            self.publish("at the end")
        with opened(file) if file else self.database.connection(read_only=True) as connection:
            yield connection

    def publish(self, when: When = "now and then") -> None:
        """Publish the warehouse if people read a copy of it, it has changed, and that is worth its cost."""
        if self.publisher is not None:
            self.publisher.publish(when)

    def load_pending(self, run_id: str | None = None) -> Loaded:
        """Load all landing files, whichever process wrote them; count the rows of one run, or of all."""
        loaded = load_pending(self.database, self.landing_folder, run_id)
        if loaded.files:
            self.publish()
        return loaded

    def spool(self, kind: Kind, run_id: str | None = None) -> Spool:
        """Open a spool for replies of one kind, and of one run, whose rows it counts."""
        return Spool(self.load_pending, self.landing_folder, kind, run_id)

    @contextmanager
    def partitions_locked(self, work: str, partitions: Sequence[date]) -> Generator[None]:
        """Hold an exclusive lock on these partitions for this work; a dead process releases it.

        Raises:
            WarehouseBusyError: another run held it for longer than the timeout.
            DiskError: the landing folder cannot be written.
        """
        with ExitStack() as stack:
            # Always in the same order, so that two runs over several partitions cannot deadlock.
            for partition in sorted(partitions):
                self._lock(stack, f"{work}-{partition}", f"works on partition {partition}")
            yield

    @contextmanager
    def sink_locked(self, name: str) -> Generator[None]:
        """Hold the lock under which one run at a time writes a sink; a dead process releases it.

        Raises:
            WarehouseBusyError: another run held it for longer than the timeout.
            DiskError: the landing folder cannot be written.
        """
        with ExitStack() as stack:
            self._lock(stack, f"sink-{name}", f"writes {name}")
            yield

    def _lock(self, stack: ExitStack, name: str, does: str) -> None:
        with disk_errors(self.landing_folder):
            try:
                stack.enter_context(self.site.locks.exclusive(name, self.database.timeout, self.database.report_wait))
            except LockTimeoutError as error:
                raise WarehouseBusyError(f"another run {does}: {error}") from None

    def upsert_videos(
        self,
        videos: Path,
        *,
        source: str,
        problems: Sequence[Mapping[str, str]],
        partitions: Sequence[date],
        now: datetime,
        run_id: str,
    ) -> int:
        """Add the videos that belong to these partitions; return how many are new.

        Args:
            videos: A Parquet file: video_id, collection, url, metadata, source, added_at; one row a video.
            source: The manifest that they come from.
            problems: Its unusable rows (`object_id`, `reason`, `excerpt`); they replace its earlier ones in `rejects`.
            partitions: The partitions whose videos are added.
            now: The current time.
            run_id: The run that adds them.
        """
        with self.database.transaction() as connection:
            SQL.run(
                connection,
                "reject_manifest_rows",
                source=source,
                problems=list(problems) or None,
                now=now,
                run_id=run_id,
            )
            (added,) = SQL.values(
                connection,
                "upsert_videos",
                manifest=str(videos),
                partitions=list(partitions),
                now=now,
                run_id=run_id,
            )
            return added

    @contextmanager
    def videos_to_submit(
        self, rules: SubmissionRules, partitions: Sequence[date], *, resumes: bool = False
    ) -> Generator[WorkList[VideoToSubmit]]:
        """The videos of some partitions that need a submission; with `resumes`, the interrupted ones too."""
        with self._work_list(VideoToSubmit, "videos_to_submit", partitions, resumes=resumes, **asdict(rules)) as videos:
            yield videos

    @contextmanager
    def assets_to_fetch(
        self, partitions: Sequence[date], *, refresh: bool, chosen: VideoSelection | None = None
    ) -> Generator[WorkList[AssetToFetch]]:
        """The assets of some partitions that are not landed, or with `refresh` all."""
        with self._work_list(
            AssetToFetch, "assets_to_fetch", partitions, refresh=refresh, **asdict(chosen or VideoSelection())
        ) as assets:
            yield assets

    @contextmanager
    def features_to_fetch(
        self, partitions: Sequence[date], *, refresh: bool, chosen: VideoSelection | None = None
    ) -> Generator[WorkList[FeatureToFetch]]:
        """The features of some partitions without vectors, or with `refresh` all."""
        with self._work_list(
            FeatureToFetch, "features_to_fetch", partitions, refresh=refresh, **asdict(chosen or VideoSelection())
        ) as features:
            yield features

    @contextmanager
    def assets_to_discard(self, partitions: Sequence[date]) -> Generator[WorkList[AssetToFetch]]:
        """The assets of some partitions that a newer submission of their video has superseded."""
        with self._work_list(AssetToFetch, "assets_to_discard", partitions) as assets:
            yield assets

    def forget_discarded(self, assets: Sequence[str]) -> None:
        """Forget the requests to discard these assets."""
        with self.database.transaction() as connection:
            SQL.run(connection, "forget_discarded", assets=list(assets))

    @contextmanager
    def _work_list(
        self, record: Callable[..., Record], query: str, partitions: Sequence[date], **parameters: Any
    ) -> Generator[WorkList[Record]]:
        # The file is closed before the work begins, which may take hours.
        with ExitStack() as stack:
            with self._seen() as connection:
                bound = {"api": self.api, "partitions": list(partitions), **parameters}
                rows = stack.enter_context(work_list(connection, record, query, **bound))
            yield rows

    @contextmanager
    def vector_rows(self, day: date) -> Generator[VectorRows]:
        """The vectors of a day with their moments, kept on disk while they are sent somewhere."""
        with ExitStack() as stack:
            with self._seen() as connection:
                rows = stack.enter_context(kept_vector_rows(connection, day))
            yield rows

    def mark_lost(self, partitions: Sequence[date], *, resumes: bool = False) -> None:
        """Mark submissions of dead processes as lost, unless they go on. The caller holds the partitions' lock."""
        with self.database.transaction() as connection:
            SQL.run(connection, "mark_lost", partitions=list(partitions), resumes=resumes, api=self.api)

    def insert_intents(self, videos: Sequence[VideoToSubmit], run_id: str, extractors: str | None = None) -> None:
        """Commit the intent to submit these videos."""
        intents = [
            {
                "video_id": video.video_id,
                "attempt": video.attempt,
                "partition_date": video.partition_date,
                "why": video.why,
            }
            for video in videos
        ]
        with self.database.transaction() as connection:
            SQL.run(connection, "insert_intents", intents=intents, extractors=extractors, api=self.api, run_id=run_id)

    def retry(
        self, selection: RetrySelection, *, dry_run: bool, deadline: timedelta = timedelta(hours=24)
    ) -> list[RetryCandidate]:
        """Make the next runs retry the selected problems, and return them.

        Args:
            selection: Which problems.
            dry_run: Only return them.
            deadline: How long a lost task is polled again.
        """
        if self.collection is not None:
            asked = selection.collections or [self.collection]
            selection = replace(selection, collections=[one for one in asked if one == self.collection])
        with self.database.transaction() as connection:
            candidates = SQL.fetch(connection, RetryCandidate, "retry_candidates", **asdict(selection))
            if not dry_run:
                SQL.run(connection, "retry_apply", deadline=deadline)
            return candidates
