"""Queries of the warehouse, several on one open file."""

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from mixpeek_assets import clock
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.rows import (
    DayCost,
    DayProgress,
    DueTask,
    ExampleFeature,
    Needed,
    OpenTasks,
    Outcome,
    ProblemRow,
    Progress,
    SampledEmbedding,
    StatusRow,
    TaskCount,
    TaskDurations,
    VectorKind,
    Violation,
    Waiting,
)
from mixpeek_assets.warehouse.schema import (
    TABLE,
    TableName,
    data_versions_query,
    partition_counts_query,
)
from mixpeek_assets.warehouse.selection import SubmissionRules


@dataclass(frozen=True)
class Reader:
    """The open file and its queries, all on one snapshot.

    Attributes:
        connection: The open file.
        api: The API in use; tasks of another are not counted. None is any.
        collection: The only collection that is seen; None: all.
    """

    connection: duckdb.DuckDBPyConnection
    api: str | None = None
    collection: str | None = None

    def status(self) -> list[StatusRow]:
        """Where the videos of each partition and collection are."""
        return SQL.fetch(self.connection, StatusRow, "status")

    def problems(self, limit: int) -> list[ProblemRow]:
        """What went wrong, the newest first."""
        return SQL.fetch(self.connection, ProblemRow, "problems", limit=limit)

    def waiting(self) -> list[Waiting]:
        """What waits for something other than time."""
        return SQL.fetch(self.connection, Waiting, "waiting", api=self.api, today=_today())

    def table_counts(self) -> dict[TableName, int]:
        """How many rows each table has."""
        (counts,) = SQL.fetch(self.connection, dict[TableName, int], "table_counts")
        return counts

    def open_tasks(self) -> OpenTasks:
        """How many tasks are open, and when the next is due."""
        (answer,) = SQL.fetch(self.connection, OpenTasks, "open_tasks", api=self.api)
        return answer

    def tasks_due(self, now: datetime, limit: int, deadline: timedelta = timedelta(hours=24)) -> list[DueTask]:
        """Return the open tasks to poll now, the longest-waiting first.

        Args:
            now: The current time.
            limit: How many at most.
            deadline: For tasks without one of their own (an early version recorded none).
        """
        return SQL.fetch(self.connection, DueTask, "tasks_due", api=self.api, now=now, limit=limit, deadline=deadline)

    def task_counts(self, partitions: Sequence[date]) -> list[TaskCount]:
        """How many tasks of some partitions are in each state."""
        return SQL.fetch(self.connection, TaskCount, "task_counts", partitions=list(partitions))

    def costs(self, days: Sequence[date] | None = None) -> list[DayCost]:
        """What the tasks of some days have cost, where that is known; None is of all."""
        return SQL.fetch(self.connection, DayCost, "costs", days=None if days is None else list(days))

    def day_progress(self, days: Sequence[date]) -> dict[date, DayProgress]:
        """How far the videos of each of some days are."""
        rows = SQL.fetch(self.connection, DayProgress, "day_progress", partitions=list(days))
        return {day: DayProgress() for day in days} | {row.partition_date: row for row in rows if row.partition_date}

    def whole_progress(self) -> DayProgress:
        """How far the videos of all days are."""
        (progress,) = SQL.fetch(self.connection, DayProgress, "whole_progress")
        return progress

    def violations(
        self, query: str, partitions: Sequence[date] | None, *, planned_at: datetime, table: TableName | None, most: int
    ) -> list[Violation]:
        """Return what a check's query finds.

        Args:
            query: It returns partition_date, video, state and reason of each row that breaks the check.
            partitions: The days to check; None is all days, for the queries that know it.
            planned_at: What the tables got after this moment is not expected to be landed.
            table: The table that the rejects are of; None is any.
            most: How many rows are returned, of each day where days are given; each carries the number of all.
        """
        days = None if partitions is None else list(partitions)
        asked = {"partitions": days, "planned_at": planned_at, "table": table}
        bound = {name: value for name, value in asked.items() if f"${name}" in query}
        limited = f"WITH broken AS ({query.strip().removesuffix(';')}) {SQL.text('violations')}"
        found = self.connection.execute(limited, {**bound, "most": most, "by_day": days is not None}).fetchall()
        return [Violation(*row) for row in found]

    def partitions_to_land(self) -> list[date]:
        """The partitions, up to today, with a settled task whose results are not landed."""
        return SQL.values(self.connection, "partitions_to_land", api=self.api, today=_today())

    def partitions_to_submit(self, rules: SubmissionRules) -> list[date]:
        """The partitions with videos that need a submission."""
        return SQL.values(self.connection, "partitions_to_submit", api=self.api, **asdict(rules))

    def new_partitions(self, videos: Path, today: date) -> list[date]:
        """The partitions, up to today, of a manifest's videos that are not in `videos` yet."""
        return SQL.values(self.connection, "new_partitions", manifest=str(videos), today=today)

    def manifest_partitions(self, videos: Path) -> list[date]:
        """The partitions of a manifest's videos that are in `videos`."""
        return SQL.values(self.connection, "manifest_partitions", manifest=str(videos))

    def outcomes(self, videos: Path) -> list[Outcome]:
        """How each video of a manifest fared."""
        return SQL.fetch(self.connection, Outcome, "outcomes", manifest=str(videos))

    def progress(self, videos: Path) -> Progress:
        """How far the videos of a manifest are."""
        (answer,) = SQL.fetch(self.connection, Progress, "progress", manifest=str(videos))
        return answer

    def needed(self, rules: SubmissionRules, partitions: Sequence[date] | None, *, refetch: bool) -> list[Needed]:
        """What is known to be needed in some partitions; None is all."""
        chosen = None if partitions is None else list(partitions)
        return SQL.fetch(
            self.connection,
            Needed,
            "plan",
            api=self.api,
            partitions=chosen,
            refetch=refetch,
            **asdict(rules),
        )

    def needed_submissions(
        self, videos: Path, rules: SubmissionRules, partitions: Sequence[date] | None
    ) -> list[Needed]:
        """The submissions of a manifest's videos that are not in `videos` yet; None is of all partitions."""
        return SQL.fetch(
            self.connection,
            Needed,
            "plan_manifest",
            manifest=str(videos),
            today=_today(),
            partitions=None if partitions is None else list(partitions),
            collections=rules.collections,
            videos=rules.videos,
        )

    def data_versions(self, table: TableName, days: Sequence[date]) -> dict[date, str]:
        """A text for each day that has rows in a table, which changes when they do."""
        query = self.connection.execute(data_versions_query(TABLE[table]), {"partitions": list(days)})
        return dict(query.fetchall())

    def vector_kinds(self) -> list[VectorKind]:
        """The named vectors, of all days."""
        return SQL.fetch(self.connection, VectorKind, "vector_kinds")

    def vectors_by_day(self) -> dict[date, int]:
        """How many vectors each day has that has some."""
        return dict(SQL.run(self.connection, "vectors_by_day").fetchall())

    def collections(self, days: Sequence[date]) -> list[str]:
        """The collections of the videos of some days."""
        return SQL.values(self.connection, "collections", days=list(days))

    def first_day(self) -> date | None:
        """The first day that has a video; None while there is none."""
        (answer,) = SQL.values(self.connection, "first_day")
        return answer

    def newest_days(self, most: int) -> list[date]:
        """Return the newest days that have a video."""
        return SQL.values(self.connection, "newest_days", today=_today(), most=most)

    def features_per_asset(self) -> float | None:
        """How many features landed assets have on average; None while none is landed."""
        (answer,) = SQL.values(self.connection, "features_per_asset")
        return answer

    def example_search(self) -> ExampleFeature | None:
        """A feature from which to show a similarity search; None while there is no vector."""
        return next(iter(SQL.fetch(self.connection, ExampleFeature, "example_search")), None)

    def previews(self, table: TableName, days: Sequence[date], rows: int = 5) -> dict[date, list[dict[str, Any]]]:
        """Return a few rows of each day, as a person reads them; a day without rows is left out."""
        return self._by_day(f"preview_{table}", days, rows=rows)

    def embedding_counts(self, days: Sequence[date], rows: int = 12) -> dict[date, list[dict[str, Any]]]:
        """Return how many vectors of each name, modality and dimension each day has: the most frequent."""
        return self._by_day("embedding_counts", days, rows=rows)

    def task_durations(self, days: Sequence[date], bounds: Sequence[float]) -> list[TaskDurations]:
        """How long the tasks of each day took, and how many of them up to each bound, in seconds."""
        return SQL.fetch(self.connection, TaskDurations, "task_durations", days=list(days), bounds=list(bounds))

    def embedding_samples(self, days: Sequence[date], rows: int) -> Generator[tuple[date, list[SampledEmbedding]]]:
        """Yield a few embeddings of each day, always the same ones, of the named vector with the most.

        One day is in memory at a time; a day without embeddings is left out. Another query ends the answer.
        """
        fetched = SQL.run(self.connection, "embedding_samples", days=list(days), rows=rows)
        for day, sample in groupby(iter(fetched.fetchone, None), key=itemgetter(0)):
            yield day, [SampledEmbedding(*row[1:]) for row in sample]

    def _by_day(self, query: str, days: Sequence[date], rows: int) -> dict[date, list[dict[str, Any]]]:
        found: dict[date, list[dict[str, Any]]] = {}
        for row in SQL.fetch(self.connection, dict[str, Any], query, days=list(days), rows=rows):
            found.setdefault(row.pop("partition_date"), []).append(row)
        return found

    def partition_counts(self, table: TableName, partitions: Sequence[date]) -> dict[date, int]:
        """Return how many rows each of some partitions has; one without rows is left out."""
        query = self.connection.execute(partition_counts_query(TABLE[table]), {"partitions": list(partitions)})
        return dict(query.fetchall())


def _today() -> date:
    return clock.now().date()
