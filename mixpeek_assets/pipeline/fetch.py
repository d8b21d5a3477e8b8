"""Fetching assets and vectors: ask for what is missing, write each reply to disk at once, load in batches."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Literal, TypeVar

import orjson

from mixpeek_assets import clock
from mixpeek_assets.api.concurrency import map_concurrently
from mixpeek_assets.api.errors import (
    ABORTS_RUN,
    AccessDeniedError,
    MixpeekError,
    NotFoundError,
    NotYetVisibleError,
    PermanentError,
)
from mixpeek_assets.api.port import AssetReply, FeatureReply, MixpeekClient, Problem, Wanted
from mixpeek_assets.api.units import Verb
from mixpeek_assets.pipeline.figures import StepFigures, StepMeter
from mixpeek_assets.pipeline.progress import Progress, Say, progress, say_nothing
from mixpeek_assets.pipeline.spools import Spools
from mixpeek_assets.strict_json import read_json
from mixpeek_assets.warehouse.landing_lines import AssetLine, FeatureLine
from mixpeek_assets.warehouse.rows import AssetToFetch, FeatureToFetch
from mixpeek_assets.warehouse.selection import VideoSelection
from mixpeek_assets.warehouse.warehouse import Warehouse
from mixpeek_assets.warehouse.worklist import WorkList

Item = TypeVar("Item", AssetToFetch, FeatureToFetch)
Line = AssetLine | FeatureLine
Reply = AssetReply | FeatureReply | MixpeekError

_VISIBLE_WITHIN = timedelta(minutes=10)
"""Grace period after a task ends in which its results may return 404."""

_ATTEMPTS = 3
"""How many times a run asks for such a result."""

_VERBS: Mapping[str, Verb] = {"assets": "fetch asset", "vectors": "fetch vectors"}
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
    lines = _Lines(run_id)

    def read(assets: Sequence[AssetToFetch]) -> Iterator[tuple[AssetToFetch, Reply]]:
        by_id = {asset.asset_id: asset for asset in assets}
        for asked, reply in client.fetch_assets([wanted(asset) for asset in assets]):
            yield by_id[asked.asset_id], reply

    step = _Step(client, warehouse, "assets", run_id, say)
    work_list = warehouse.assets_to_fetch(partitions, refresh=refresh, chosen=chosen)
    return step.run(work_list, client.units.assets_per_fetch, read, lines.of_asset, lines.of_its_feature)


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
    lines = _Lines(run_id)

    def read(features: Sequence[FeatureToFetch]) -> Iterator[tuple[FeatureToFetch, Reply]]:
        for feature in features:
            try:
                yield feature, client.fetch_feature(feature.feature_id, wanted(feature), feature.collection_id)
            except ABORTS_RUN:
                raise
            except MixpeekError as error:
                yield feature, error

    step = _Step(client, warehouse, "vectors", run_id, say)
    work_list = warehouse.features_to_fetch(partitions, refresh=refresh, chosen=chosen)
    return step.run(work_list, 1, read, lines.of_feature, lines.of_feature)


def wanted(item: AssetToFetch | FeatureToFetch) -> Wanted:
    """Return what the client needs to find an asset, or a feature of it."""
    extractors = read_json(item.extractors) if item.extractors else None
    return Wanted(item.asset_id, item.video_id, item.collection, extractors)


@dataclass(frozen=True)
class _Lines:
    """Writes replies as lines of landing files."""

    run_id: str

    def of_asset(self, asset: AssetToFetch, reply: Reply | Problem) -> AssetLine:
        """Return the line of an asset, or of why there is none."""
        found = isinstance(reply, AssetReply)
        return AssetLine(
            asset_id=asset.asset_id,
            video_id=asset.video_id,
            partition_date=asset.partition_date,
            run_id=self.run_id,
            fetched_at=clock.now(),
            asset=reply.asset if found else None,
            features=reply.features if found else [],
            problems=reply.problems if found else [reply],
        )

    def of_its_feature(self, asset: AssetToFetch, reply: FeatureReply) -> FeatureLine:
        """Return the line of a feature that came with its asset."""
        row = reply.feature
        return self._feature(asset, row["feature_id"], row["modality"], reply)

    def of_feature(self, feature: FeatureToFetch, reply: Reply | Problem) -> FeatureLine:
        """Return the line of a feature, or of why there is none."""
        return self._feature(feature, feature.feature_id, feature.modality, reply)

    def _feature(
        self, item: AssetToFetch | FeatureToFetch, feature_id: str, modality: str | None, reply: Reply | Problem
    ) -> FeatureLine:
        line = FeatureLine(
            feature_id=feature_id,
            asset_id=item.asset_id,
            video_id=item.video_id,
            modality=modality,
            partition_date=item.partition_date,
            run_id=self.run_id,
            fetched_at=clock.now(),
        )
        if not isinstance(reply, FeatureReply):
            return replace(line, problems=[reply])
        return replace(
            line,
            feature=reply.feature,
            dense={**reply.dense, **reply.as_sent},
            sparse=reply.sparse,
            vectors=len(reply.dense) + len(reply.sparse),
            problems=reply.problems,
        )


def _once_visible(
    read: Callable[[Sequence[Item]], Iterator[tuple[Item, Reply]]], items: Sequence[Item]
) -> Iterator[tuple[Item, Reply]]:
    """Read results of tasks, those several times that are not visible right after their task has ended.

    Such a result is a `NotYetVisibleError` at last, and the next run asks again.
    """
    hidden: list[tuple[Item, NotFoundError]] = []
    for attempt in range(1, _ATTEMPTS + 1):
        hidden = []
        for item, reply in read(items):
            if isinstance(reply, NotFoundError) and _is_new(item):
                hidden.append((item, reply))
            else:
                yield item, reply
        if not hidden:
            return
        items = [item for item, _ in hidden]
        if attempt < _ATTEMPTS:
            time.sleep(random.uniform(0, min(0.5 * 2**attempt, 4)))  # noqa: S311 - not for secrets
    for item, error in hidden:
        yield item, NotYetVisibleError(error.endpoint, error.message, error.object_id, error.status)


def _is_new(item: AssetToFetch | FeatureToFetch) -> bool:
    return item.settled_at is not None and abs(clock.now() - item.settled_at) <= _VISIBLE_WITHIN


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
        work_list: AbstractContextManager[WorkList[Item]],
        each: int,
        read: Callable[[Sequence[Item]], Iterator[tuple[Item, Reply]]],
        line_of: Callable[[Item, Any], Line],
        line_of_part: Callable[[Item, FeatureReply], Line],
    ) -> FetchResult:
        """Fetch what a work list holds.

        Args:
            work_list: What is wanted.
            each: How many of it one call of `read` takes.
            read: Reads some of it: each item's own reply or error is the last of it.
            line_of: Writes an item's own reply, or the reason why there is none.
            line_of_part: Writes what came before it.
        """
        meter, noun = StepMeter(self.client, self.warehouse), _NOUNS[self.table]
        # First load what a dead run fetched, so that it is not fetched again.
        loaded = self.warehouse.load_pending(self.run_id)
        with ExitStack() as opened:
            wanted = opened.enter_context(work_list)
            requests = self.client.units.requests(_VERBS[self.table], len(wanted))
            work = opened.enter_context(progress(self.say, self.client, noun, "fetch", len(wanted), requests))
            result = FetchResult(wanted.read_at)
            if wanted:
                with Spools(self.warehouse, self.run_id) as spools:
                    keep = _Keep(spools, self.table, line_of, line_of_part)

                    def fetch(group: Sequence[Item]) -> list[tuple[Item, bool | MixpeekError]]:
                        return list(keep.all(_once_visible(read, group)))

                    self._fetch(wanted, each, fetch, spools, work, result)
                loaded += spools.loaded
        result.figures = meter.figures(loaded)
        return result

    def _fetch(
        self,
        wanted: WorkList[Item],
        each: int,
        fetch: Callable[[Sequence[Item]], list[tuple[Item, bool | MixpeekError]]],
        spools: Spools,
        work: Progress,
        result: FetchResult,
    ) -> None:
        done, last_load_at = 0, len(wanted) - _LAST * self.client.concurrency
        with closing(map_concurrently(fetch, _groups(wanted, each), self.client.threads)) as answers:
            for _, group in answers:
                if isinstance(group, MixpeekError):  # never: each item's error is in its group's answer
                    raise group
                for item, answer in group:
                    done += 1
                    if done == last_load_at:
                        spools.rotate()
                    result.add(item.partition_date, answer)
                    work.count(failed=bool(answer))


@dataclass(frozen=True)
class _Keep:
    """Stores replies in the thread that got them, so that none is dropped."""

    spools: Spools
    table: Literal["assets", "vectors"]
    line_of: Callable[[Any, Reply | Problem], Line]
    line_of_part: Callable[[Any, FeatureReply], Line]

    def all(self, replies: Iterator[tuple[Item, Reply]]) -> Iterator[tuple[Item, bool | MixpeekError]]:
        """Store replies; yield each item at its last one, with whether it was rejected, or the error.

        Raises:
            AccessDeniedError: it is about all.
        """
        for item, reply in replies:
            if isinstance(reply, AccessDeniedError):
                raise reply
            if isinstance(reply, PermanentError):
                self._reject(item, f"{reply.status}: {reply.message}" if reply.status else reply.message)
                yield item, True
            elif isinstance(reply, MixpeekError):
                yield item, reply
            elif self.table == "assets" and isinstance(reply, FeatureReply):
                # Where it cannot be stored, its asset cannot either, and says so.
                with suppress(orjson.JSONEncodeError):
                    self.spools.append("vectors", self.line_of_part(item, reply))
            else:
                yield item, not self._stored(item, reply)

    def _stored(self, item: AssetToFetch | FeatureToFetch, reply: Reply) -> bool:
        try:
            self.spools.append(self.table, self.line_of(item, reply))
        except orjson.JSONEncodeError as error:  # JSON that can be parsed may be nested too deeply to be written
            self._reject(item, f"cannot be stored: {error}")
            return False
        return True

    def _reject(self, item: AssetToFetch | FeatureToFetch, reason: str) -> None:
        object_id = item.asset_id if isinstance(item, AssetToFetch) else item.feature_id
        self.spools.append(self.table, self.line_of(item, Problem(object_id, reason, "")))


def _groups(wanted: Iterable[Item], each: int) -> Iterator[list[Item]]:
    remaining = iter(wanted)
    while group := list(islice(remaining, each)):
        yield group
