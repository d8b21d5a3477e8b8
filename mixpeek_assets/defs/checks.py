"""Asset checks, computed in SQL: of each day, with each run over it; and standing, over all days."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.defs import markdown
from mixpeek_assets.defs.texts import as_text
from mixpeek_assets.labels import counted, duration
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import DayProgress, Violation
from mixpeek_assets.warehouse.schema import TABLE, TableName, duplicates_query, misplaced_query

_MOST_SHOWN = 20
_ANY_TIME = datetime.max.replace(tzinfo=UTC)

WHAT_TO_DO = {
    "failed": "fix the reason, then run the job {retry_job} (may be billed again)",
    "cancelled": "run the job {retry_job} (may be billed again)",
    "lost": "`mixpeek-assets retry --reason lost` polls it again",
    "rejected": "`mixpeek-assets retry --reason rejected` fetches it again; fix a row of the manifest there",
    "open": "wait: the sensor task_status_sensor polls it until it ends",
    "submitting": "wait, or materialize `tasks`: a submission that has died is found and sent again",
    "not submitted": "materialize `tasks` for this day",
    "to land": "wait for the next landing, or materialize `vectors` for this day",
    "missing": "materialize `vectors` for this day: it is fetched again",
    "empty": "`mixpeek-assets retry --reason empty` submits it again (the API may bill it)",
    "overdue": "turn on the sensor task_status_sensor, and look at its last ticks",
    "mixed": "compare only vectors of one dimension: the views vectors_<name> leave it out",
    "zero": "no search finds it: nothing can be done but to leave it out",
}
"""For each state, what a person does about it; wrong data, which has none here, is a bug to report."""

_A_BUG = "wrong data in the warehouse: please report it"

Level = Literal["block", "error", "warn"]


@dataclass(frozen=True)
class Check:
    """A check, whose queries return the rows that break it.

    Attributes:
        name: Its name on the asset.
        table: The table whose asset it is on.
        level: Wrong data (`block`) fails the step; missing data is an error, and what a user may want a warning.
        description: What it demands.
        queries: Each returns partition_date, video, state and reason of the rows that break it.
        rejects_of: The table whose rejects are meant, where rejects are.
        every_day: Whether it is over all days, and not of one.
        of: What is counted in its sentence.
    """

    name: str
    table: TableName
    level: Level
    description: str
    queries: tuple[str, ...]
    rejects_of: TableName | None = None
    every_day: bool = False
    of: str = "row"

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        """How the UI shows that it failed."""
        return dg.AssetCheckSeverity.WARN if self.level == "warn" else dg.AssetCheckSeverity.ERROR


def _queries(*names: str) -> tuple[str, ...]:
    return tuple(SQL.text(f"check_{name}") for name in names)


def _sound(name: TableName, also: str = "", *queries: str) -> Check:
    table = TABLE[name]
    return Check(
        "sound",
        name,
        "block",
        f"Each ({', '.join(table.key)}) occurs once, and every row is in its video's partition{also}.",
        (misplaced_query(table), duplicates_query(table), *_queries(*queries)),
    )


DAY_CHECKS: tuple[Check, ...] = (
    _sound("videos"),
    Check("usable", "videos", "warn", "Every row of the manifest names a video.", _queries("rejects"), "videos"),
    _sound("tasks"),
    Check(
        "succeeded",
        "tasks",
        "warn",
        "No video's last task failed, was cancelled or was lost.",
        _queries("failed_tasks"),
        of="video",
    ),
    _sound("assets"),
    Check(
        "complete",
        "assets",
        "error",
        "Every settled task's asset is landed or in `rejects`.",
        _queries("settled_without_asset"),
    ),
    Check(
        "whole",
        "assets",
        "warn",
        "No asset is in `rejects`, and every asset lists a feature.",
        _queries("rejects", "assets_without_features"),
        "assets",
    ),
    _sound(
        "features",
        ", has its asset, and every feature that an asset lists is landed or in `rejects`",
        "listed_not_landed",
        "features_without_asset",
    ),
    _sound(
        "vectors",
        ", has its feature, is finite and has `dimensions` values",
        "vectors_without_feature",
        "unsound_vectors",
    ),
    Check(
        "complete",
        "vectors",
        "error",
        "Every feature has vectors, or a row in `rejects` with the reason.",
        _queries("features_without_vectors"),
    ),
    Check(
        "whole",
        "vectors",
        "warn",
        "No feature or vector is in `rejects`, no embedding is all zero, and each named vector has one dimension per"
        " modality.",
        _queries("rejects", "zero_vectors", "mixed_dimensions"),
        "vectors",
    ),
    Check("landed", "vectors", "warn", "Every video of the day is landed.", _queries("not_landed"), of="video"),
)

STANDING_CHECKS: tuple[Check, ...] = (
    Check(
        "tasks_succeeded",
        "tasks",
        "warn",
        "Of all days: no video's last task failed, was cancelled or was lost.",
        _queries("failed_tasks"),
        every_day=True,
        of="video",
    ),
    Check(
        "polled_in_time",
        "tasks",
        "error",
        "Of all days: no open task's status is due to be read for more than ten minutes.",
        _queries("overdue_polls"),
        every_day=True,
        of="open task",
    ),
    Check(
        "all_landed",
        "vectors",
        "warn",
        "Of all days: every video is landed.",
        _queries("not_landed"),
        every_day=True,
        of="video",
    ),
    Check(
        "none_rejected", "vectors", "warn", "Of all days: nothing is in `rejects`.", _queries("rejects"), every_day=True
    ),
    Check(
        "no_orphans",
        "vectors",
        "error",
        "Of all days: every vector has its feature, and every feature its asset.",
        _queries("vectors_without_feature", "features_without_asset"),
        every_day=True,
    ),
)
DAY_SUCCEEDED = next(check for check in DAY_CHECKS if check.name == "succeeded")
DAY_LANDED = next(check for check in DAY_CHECKS if check.name == "landed")
CHEAP_CHECKS: tuple[Check, ...] = STANDING_CHECKS[:3]
"""Those that read `tasks` alone: what a submission and a tick of the sensor may change."""


def evaluate(
    reader: Reader,
    checks: Sequence[Check],
    key_of: Callable[[TableName], dg.AssetKey],
    days: Sequence[date],
    planned_at: datetime | None = None,
) -> list[dg.AssetCheckEvaluation]:
    """Run checks on an open file.

    Args:
        reader: The open file.
        checks: The checks; those of a day are evaluated for each of the days.
        key_of: Gives the asset of a table.
        days: The days.
        planned_at: What the tables got after this moment is not expected to be landed; None: all of it is.
    """
    evaluations: list[dg.AssetCheckEvaluation] = []
    progress = reader.day_progress(days)
    whole = reader.whole_progress() if any(check.every_day for check in checks) else DayProgress()
    for check in checks:
        found = _violations(reader, check, None if check.every_day else days, planned_at or _ANY_TIME)
        if check.every_day:
            evaluations.append(_evaluation(check, key_of(check.table), found, whole, None))
            continue
        for day in days:
            own = [[row for row in rows if row.partition_date == day] for rows in found]
            evaluations.append(_evaluation(check, key_of(check.table), own, progress[day], day))
    return evaluations


def is_wrong_data(evaluation: dg.AssetCheckEvaluation) -> bool:
    """Say whether an evaluation found wrong data, over which its step fails."""
    return not evaluation.passed and evaluation.check_name == "sound"


def _violations(
    reader: Reader, check: Check, days: Sequence[date] | None, planned_at: datetime
) -> list[list[Violation]]:
    """Return what each query of a check finds."""
    return [
        reader.violations(query, days, planned_at=planned_at, table=check.rejects_of, most=_MOST_SHOWN)
        for query in check.queries
    ]


def _evaluation(
    check: Check, key: dg.AssetKey, by_query: Sequence[Sequence[Violation]], progress: DayProgress, day: date | None
) -> dg.AssetCheckEvaluation:
    # Each row carries the number of all that its query found.
    failing = sum(rows[0].total for rows in by_query if rows)
    found = [violation for rows in by_query for violation in rows]
    metadata: dict[str, Any] = {"failing_rows": failing}
    if found:
        metadata["which"] = dg.MetadataValue.table([_record(violation, key) for violation in found[:_MOST_SHOWN]])
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=check.name,
        passed=not found,
        metadata=metadata,
        severity=check.severity,
        description=_sentence(check, found, failing, progress),
        partition=None if day is None else day.isoformat(),
    )


def _sentence(check: Check, found: Sequence[Violation], failing: int, progress: DayProgress) -> str:
    """Say in a line how the check went: how many rows break it, of how many, and the first of them."""
    if check.name in ("landed", "all_landed"):
        return how_far(progress)
    if not found:
        return f"0 of {counted(progress.videos, 'video')} failed" if check.of == "video" else "0 rows break it"
    first = markdown.plain(as_text(": ".join(part for part in (found[0].video, found[0].reason) if part)))
    what = f"{failing:,} of {progress.videos:,} failed" if check.of == "video" else counted(failing, check.of)
    return f"{what}: {first}"


def how_far(progress: DayProgress) -> str:
    """Say how many of some videos are landed, and what the others wait for."""
    if not progress.videos:
        return "0 videos"
    unsubmitted = progress.videos - progress.landed - progress.open - progress.to_land - progress.failed
    parts = [f"{progress.landed:,} of {progress.videos:,} landed"]
    if progress.open:
        since = progress.open_since and clock.now() - progress.open_since
        parts.append(
            f"{progress.open:,} open" + (f", the oldest for {duration(since.total_seconds())}" if since else "")
        )
    for count, state in ((progress.to_land, "to land"), (unsubmitted, "not submitted"), (progress.failed, "failed")):
        if count:
            parts.append(f"{count:,} {state}")
    return "; ".join(parts)


def _record(violation: Violation, key: dg.AssetKey) -> dg.TableRecord:
    retry_job = "_".join([*key.path[:-1], "retry_failed"])
    return dg.TableRecord(
        {
            "video": as_text(violation.video or ""),
            "day": str(violation.partition_date or ""),
            "state": violation.state,
            "reason": as_text(violation.reason or ""),
            "what to do": WHAT_TO_DO.get(violation.state, _A_BUG).format(retry_job=retry_job),
        }
    )
