"""Fetching assets and vectors: ask for what is missing, write each reply to disk at once, load in batches."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar

import orjson
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from mixpeek_assets import clock
from mixpeek_assets.api.client import MixpeekClient
from mixpeek_assets.api.concurrency import map_concurrently
from mixpeek_assets.api.errors import AccessDeniedError, MixpeekError, NotFoundError, NotYetVisibleError, PermanentError
from mixpeek_assets.api.records import JsonObject, Problem
from mixpeek_assets.pipeline.figures import StepFigures, StepMeter
from mixpeek_assets.pipeline.progress import Progress, Say, progress, say_nothing
from mixpeek_assets.warehouse.landing_lines import AssetLine, FeatureLine
from mixpeek_assets.warehouse.rows import AssetToFetch, FeatureToFetch
from mixpeek_assets.warehouse.selection import VideoSelection
from mixpeek_assets.warehouse.spool import Spool
from mixpeek_assets.warehouse.warehouse import Warehouse
from mixpeek_assets.warehouse.worklist import WorkList

Wanted = TypeVar("Wanted", AssetToFetch, FeatureToFetch)
Reply = TypeVar("Reply")

_VISIBLE_WITHIN = timedelta(minutes=10)
"""Grace period after a task ends in which its results may return 404."""

_ATTEMPTS = 3
"""How many times a run asks for such a result."""

_NOUNS = {"assets": "asset", "vectors": "feature"}
"""What is fetched for a table."""

_LAST = 20
"""The last load starts this many replies (per request in flight) before the end, so that little is left then."""


@dataclass
class FetchResult:
    """What a run fetched.

    Attributes:
        planned_at: When it asked the warehouse what is missing, by DuckDB's clock; None: it asked nothing.
        fetched: Replies received, whole or in part.
        rejected: Objects that the server refuses to return; they are in `rejects`.
        unfinished: Calls that may succeed later; nothing is recorded for them.
        incomplete: The partitions that they are of.
        figures: What it took.
    """

    planned_at: datetime | None = None
    fetched: int = 0
    rejected: int = 0
    unfinished: list[MixpeekError] = field(default_factory=list[MixpeekError])
    incomplete: set[date] = field(default_factory=set[date])
    figures: StepFigures = field(default_factory=StepFigures)

    def add(self, day: date, answer: bool | MixpeekError) -> None:
        """Count an answer of a partition: whether it was rejected, or the error."""
        if isinstance(answer, MixpeekError):
            self.unfinished.append(answer)
            self.incomplete.add(day)
        else:
            self.rejected += answer
            self.fetched += not answer


def fetch_assets(
    client: MixpeekClient,
    warehouse: Warehouse,
    partitions: Sequence[date],
    *,
    run_id: str,
    refresh: bool = False,
    chosen: VideoSelection | None = None,
    say: Say = say_nothing,
) -> FetchResult:
    """Fetch the assets of settled tasks that are not landed, with their features; with `refresh`, all.

    `say` takes the sentences of `progress`.

    Raises:
        MixpeekError: one of `ABORTS_RUN`; earlier replies are landed.
    """

    def fetch(asset: AssetToFetch) -> AssetLine:
        reply = _once_visible(client.get_asset, asset.asset_id, asset.settled_at)
        return line(asset, reply.asset, reply.features, reply.problems)

    def reject(asset: AssetToFetch, reason: str) -> AssetLine:
        return line(asset, None, [], [Problem(asset.asset_id, reason, "")])

    def line(
        asset: AssetToFetch, sent: JsonObject | None, features: Sequence[JsonObject], problems: Sequence[Problem]
    ) -> AssetLine:
        return AssetLine(
            asset_id=asset.asset_id,
            video_id=asset.video_id,
            partition_date=asset.partition_date,
            run_id=run_id,
            fetched_at=clock.now(),
            asset=sent,
            features=features,
            problems=problems,
        )

    step = _Step(client, warehouse, "assets", run_id, say)
    return step.run(warehouse.assets_to_fetch(partitions, refresh=refresh, chosen=chosen), fetch, reject)


def fetch_vectors(
    client: MixpeekClient,
    warehouse: Warehouse,
    partitions: Sequence[date],
    *,
    run_id: str,
    refresh: bool = False,
    chosen: VideoSelection | None = None,
    say: Say = say_nothing,
) -> FetchResult:
    """Fetch the features that have no vectors yet, with their vectors; with `refresh`, all.

    `say` takes the sentences of `progress`.

    Raises:
        MixpeekError: one of `ABORTS_RUN`; earlier replies are landed.
    """

    def fetch(feature: FeatureToFetch) -> FeatureLine:
        reply = _once_visible(client.get_feature, feature.feature_id, feature.settled_at)
        return replace(
            empty(feature),
            feature=reply.feature,
            dense={**reply.dense, **reply.as_sent},
            sparse=reply.sparse,
            vectors=len(reply.dense) + len(reply.sparse),
            problems=reply.problems,
        )

    def reject(feature: FeatureToFetch, reason: str) -> FeatureLine:
        return replace(empty(feature), problems=[Problem(feature.feature_id, reason, "")])

    def empty(feature: FeatureToFetch) -> FeatureLine:
        return FeatureLine(
            feature_id=feature.feature_id,
            asset_id=feature.asset_id,
            video_id=feature.video_id,
            modality=feature.modality,
            partition_date=feature.partition_date,
            run_id=run_id,
            fetched_at=clock.now(),
        )

    step = _Step(client, warehouse, "vectors", run_id, say)
    return step.run(warehouse.features_to_fetch(partitions, refresh=refresh, chosen=chosen), fetch, reject)


def _once_visible(read: Callable[[str], Reply], object_id: str, settled_at: datetime | None) -> Reply:
    """Read a result of a task, which may not be visible right after the task ends.

    Raises:
        NotYetVisibleError: 404, several times; the next run asks again.
        MixpeekError: any other failure, and a 404 after the grace period.
    """
    if settled_at is None or abs(clock.now() - settled_at) > _VISIBLE_WITHIN:
        return read(object_id)
    retrying = Retrying(
        retry=retry_if_exception_type(NotFoundError),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.5, max=4),
        reraise=True,
    )
    try:
        return retrying(read, object_id)
    except NotFoundError as error:
        raise NotYetVisibleError(error.endpoint, error.message, error.object_id, error.status) from None


@dataclass(frozen=True)
class _Step:
    """Fetches what is wanted, for one of the tables."""

    client: MixpeekClient
    warehouse: Warehouse
    table: Literal["assets", "vectors"]
    run_id: str
    say: Say

    def run(
        self,
        work_list: AbstractContextManager[WorkList[Wanted]],
        fetch: Callable[[Wanted], AssetLine | FeatureLine],
        reject: Callable[[Wanted, str], AssetLine | FeatureLine],
    ) -> FetchResult:
        meter, noun = StepMeter(self.client, self.warehouse), _NOUNS[self.table]
        # First load what a dead run fetched, so that it is not fetched again.
        loaded = self.warehouse.load_pending(self.run_id)
        with work_list as wanted, progress(self.say, self.client, noun, "fetch", len(wanted)) as work:
            result = FetchResult(wanted.read_at)
            if wanted:
                with self.warehouse.spool(self.table, self.run_id) as spool:
                    self._fetch(wanted, fetch, reject, spool, work, result)
                loaded += spool.loaded
        result.figures = meter.figures(loaded)
        return result

    def _fetch(
        self,
        wanted: WorkList[Wanted],
        fetch: Callable[[Wanted], AssetLine | FeatureLine],
        reject: Callable[[Wanted, str], AssetLine | FeatureLine],
        spool: Spool,
        work: Progress,
        result: FetchResult,
    ) -> None:
        def fetch_and_keep(item: Wanted) -> bool:
            """Store the reply in the thread that got it, so that none is dropped; return whether it was rejected."""
            try:
                line, rejected = fetch(item), False
            except AccessDeniedError:
                raise
            except PermanentError as error:
                reason = f"{error.status}: {error.message}" if error.status else error.message
                line, rejected = reject(item, reason), True
            try:
                spool.append(line)
            except orjson.JSONEncodeError as error:  # JSON that can be parsed may be nested too deeply to be written
                spool.append(reject(item, f"cannot be stored: {error}"))
                rejected = True
            return rejected

        last_load_at = len(wanted) - _LAST * self.client.concurrency
        with closing(map_concurrently(fetch_and_keep, wanted, self.client.threads)) as answers:
            for place, (item, answer) in enumerate(answers):
                if place == last_load_at:
                    spool.rotate()
                result.add(item.partition_date, answer)
                work.count(failed=bool(answer))
