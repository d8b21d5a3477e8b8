"""The port: what the pipeline asks of Mixpeek, whichever style of its API answers.

The pipeline knows submissions, tasks, assets, features, vectors and search. An adapter knows the paths and bodies of
one style, the steps in between, and what of each step must be kept before the next begins.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, Self

import orjson

from mixpeek_assets.api.errors import MixpeekError
from mixpeek_assets.api.figures import Figures
from mixpeek_assets.api.units import Units
from mixpeek_assets.labels import money
from mixpeek_assets.strict_json import JsonObject

Style = Literal["assets", "documents"]
"""Which style of the API a server speaks: that of the guide, or that of today."""

TaskState = Literal["open", "done", "failed", "skipped", "cancelled", "lost"]


@dataclass(frozen=True, kw_only=True)
class Video:
    """A video to submit, and what earlier steps of the same submission have given.

    Attributes:
        video_id: Ours.
        revision: Which submission of the video this is, from 1.
        url: Where it is.
        collection: Name or id.
        metadata: Any object; the API returns it with the asset.
        extractors: The settings that it is to be extracted with; None: the API's own.
        skip_duplicate: Sent when not None, where the style has it. True makes a second submission safe (contract b8).
        replaces: The asset whose content the video replaces, where the style can replace it.
        asset_id: Known already, from a submission that was interrupted.
        task_id: Likewise.
    """

    video_id: str
    url: str
    collection: str
    revision: int = 1
    metadata: JsonObject | None = None
    extractors: list[JsonObject] | None = None
    skip_duplicate: bool | None = None
    replaces: str | None = None
    asset_id: str | None = None
    task_id: str | None = None


class Ledger(Protocol):
    """Keeps each step of a submission, for good, before the adapter takes the next one."""

    def registered(self, video: Video, asset_id: str) -> None:
        """The API knows the video under this id; nothing is processed or paid yet."""
        ...

    def drafted(self, video: Video, task_id: str) -> None:
        """The video is in a task that is not started yet."""
        ...

    def accepted(self, video: Video, task_id: str) -> None:
        """The API works on it."""
        ...

    def refused(self, video: Video, reason: str, repeats: str | None = None) -> None:
        """The API does not take this video; `repeats` is the asset that has its content already."""
        ...


@dataclass(frozen=True)
class Polled:
    """A submission whose task is polled."""

    collection: str
    asset_id: str | None = None


@dataclass(frozen=True)
class TaskReply:
    """A task's status, for one of its submissions.

    Attributes:
        status: As the API sent it.
        error: Why it failed, or what of it is missing although it is done.
        credits: What the submission has cost, where the API tells it: its part of what its task cost.
        cost_usd: The same in dollars.
    """

    task_id: str
    status: str
    state: TaskState
    asset_id: str | None
    error: Any
    credits: float | None = None
    cost_usd: float | None = None


@dataclass(frozen=True)
class Wanted:
    """An asset to fetch, with what the API needs to find its parts."""

    asset_id: str
    video_id: str
    collection: str
    extractors: list[JsonObject] | None = None


@dataclass(frozen=True)
class Problem:
    """A reply, or a part of one, that cannot be landed."""

    object_id: str | None
    reason: str
    excerpt: str


@dataclass(frozen=True)
class AssetReply:
    """An asset with its features, as rows of the tables `assets` and `features`."""

    asset: JsonObject
    features: list[JsonObject]
    problems: list[Problem]


@dataclass(frozen=True)
class SparseVector:
    """A sparse vector: the value at each index."""

    indices: list[int]
    values: list[float]


@dataclass(frozen=True)
class FeatureReply:
    """A feature with its named vectors.

    Attributes:
        feature: As a row of the table `features`.
        dense: Embeddings.
        as_sent: An embedding's original JSON, where known: formatting the numbers takes longer than parsing them.
        sparse: Sparse vectors.
        problems: The parts that cannot be landed.
    """

    feature: JsonObject
    dense: dict[str, list[float]] = field(default_factory=dict[str, Any])
    as_sent: dict[str, orjson.Fragment] = field(default_factory=dict[str, Any])
    sparse: dict[str, SparseVector] = field(default_factory=dict[str, Any])
    problems: list[Problem] = field(default_factory=list[Any])


@dataclass(frozen=True)
class FoundFeature:
    """A feature that a search found.

    Attributes:
        score: How well it matches; higher is better, None if the reply has no score.
        feature: As a row of the table `features`.
    """

    feature_id: str
    score: float | None
    feature: JsonObject


@dataclass(frozen=True)
class SearchReply:
    """Search results, best first.

    Attributes:
        found: The nearest that there are, however far they are.
        floors: By modality, where the API tells: a feature with a lower score is nothing like the words.
    """

    found: list[FoundFeature] = field(default_factory=list[Any])
    problems: list[Problem] = field(default_factory=list[Any])
    floors: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Account:
    """What the API says of the key's account.

    Attributes:
        name: The organization.
        credit_balance: What is left; None: not told.
        tier: The plan.
        per_minute: Requests a minute by category.
    """

    name: str
    credit_balance: float | None = None
    tier: str | None = None
    per_minute: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Preparation:
    """What a submission would make on the account's side first, and what it is estimated to cost.

    Attributes:
        makes: What would be made, each in a few words.
        credits: None: there is no estimate.
        cost_usd: The same in dollars.
        why_unknown: Why there is none, in a sentence.
    """

    makes: list[str] = field(default_factory=list[str])
    credits: float | None = None
    cost_usd: float | None = None
    why_unknown: str = "the API gives no estimate"

    def sentences(self) -> list[str]:
        """Say it to a person."""
        made = [f"Made on the account's side first: {', '.join(self.makes)}."] if self.makes else []
        if cost := money(self.credits, self.cost_usd):
            return [*made, f"Estimated cost: {cost}. The API does not know yet how long the videos are."]
        return [*made, f"The cost is not known: {self.why_unknown}."]


class MixpeekClient(Protocol):
    """A client of one server. Threads may share it.

    Attributes:
        style: The style that it speaks; for people.
        concurrency: How many requests are in flight at most.
        threads: How many threads keep that many in flight, since each also parses and stores its reply.
        skew: How far the API's clock was ahead of ours at its last reply.
        units: How many videos `submit` takes at once, how many assets `fetch_assets` does, and in how many requests.
        resumes: Whether a submission that was interrupted goes on where it stopped, by reading what became of it.
            Otherwise the video is submitted again, as another attempt.
    """

    style: Style
    concurrency: int
    threads: int
    skew: timedelta
    units: Units
    resumes: bool

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: Any) -> None: ...

    @property
    def figures(self) -> Figures:
        """What the client did so far."""
        ...

    @property
    def per_minute(self) -> int:
        """How many requests our own rate limit allows in a minute; 0 is no limit."""
        ...

    def close(self) -> None:
        """Close the connections and the rate limit."""
        ...

    def time(self) -> datetime:
        """Return the time by the API's clock, from its last reply; before the first reply, by ours."""
        ...

    def probe(self) -> None:
        """Check that the API answers and accepts the key, free of charge.

        Raises:
            MixpeekError: it does not.
        """
        ...

    def submit(self, videos: Sequence[Video], ledger: Ledger) -> None:
        """Ask for videos to be processed.

        Raises:
            SubmissionOutcomeUnknownError: the API may have accepted them.
            MixpeekError: the API did not accept those of which the ledger knows nothing.
        """
        ...

    def read_task(self, task_id: str, submissions: Sequence[Polled]) -> list[TaskReply]:
        """Read a task's status once, and return what it says of each of its submissions."""
        ...

    def fetch_assets(
        self, wanted: Sequence[Wanted]
    ) -> Iterator[tuple[Wanted, AssetReply | FeatureReply | MixpeekError]]:
        """Read assets with the lists of their features, and the features' vectors where they come with them.

        An asset's own reply, or the error of its call, is the last of it.

        Raises:
            MixpeekError: one of `ABORTS_RUN`.
        """
        ...

    def fetch_feature(self, feature_id: str, wanted: Wanted, collection_id: str | None) -> FeatureReply:
        """Read a feature with its named vectors."""
        ...

    def discard(self, wanted: Wanted) -> None:
        """Delete an asset, with its features, that a newer one of the same video has superseded."""
        ...

    def search(
        self, words: str, collections: Sequence[str], *, index: str, modality: str | None, limit: int
    ) -> SearchReply:
        """Find the features nearest to some words, nearest first."""
        ...

    def account(self) -> Account | None:
        """Read what the API says of the key's account; None where the style has no such thing."""
        ...

    def prepare(self, videos: Mapping[str, int], extractors: list[JsonObject] | None) -> Preparation:
        """Say what a submission would make first, and cost, without making it.

        Args:
            videos: How many there are, by collection.
            extractors: The settings that they would be extracted with.
        """
        ...
