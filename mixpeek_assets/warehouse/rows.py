"""The records that queries return, one a row; the fields are the columns of the query in `sql/`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Verb = Literal["submit", "poll", "fetch asset", "fetch vectors"]
"""What a request to the API does."""


@dataclass(frozen=True, slots=True)
class VideoToSubmit:
    """A video that needs a submission: why, as which attempt, and how.

    Attributes:
        asset_id: What an interrupted submission has got already.
        task_id: Likewise.
        extractors: The settings that an interrupted submission has begun with.
        is_interrupted: Whether its submission goes on, where it stopped, as the same attempt.
    """

    video_id: str
    collection: str
    url: str
    metadata: str | None
    partition_date: date
    attempt: int
    why: str
    skip_duplicate: bool | None
    replaces: str | None
    asset_id: str | None = None
    task_id: str | None = None
    extractors: str | None = None
    is_interrupted: bool = False


@dataclass(frozen=True, slots=True)
class DueTask:
    """An open task whose status is due to be read."""

    video_id: str
    attempt: int
    task_id: str
    polls: int
    submitted_at: datetime | None
    give_up_at: datetime | None
    status: str | None
    partition_date: date
    collection: str
    asset_id: str | None = None


@dataclass(frozen=True, slots=True)
class AssetToFetch:
    """An asset to fetch, what its video was submitted as, and when its task was seen to have ended."""

    asset_id: str
    video_id: str
    partition_date: date
    settled_at: datetime | None
    collection: str = ""
    extractors: str | None = None


@dataclass(frozen=True, slots=True)
class FeatureToFetch:
    """A feature to fetch with its vectors, and when its task was seen to have ended."""

    feature_id: str
    asset_id: str
    video_id: str
    modality: str | None
    partition_date: date
    settled_at: datetime | None
    collection: str = ""
    extractors: str | None = None
    collection_id: str | None = None


@dataclass(frozen=True, slots=True)
class Needed:
    """What is known to be needed, of one verb, partition, reason and collection.

    Attributes:
        items: How many videos to submit, assets or features to fetch, or submissions whose task is polled.
        tasks: How many tasks they are in, where they are polled.
    """

    verb: Verb
    partition_date: date
    why: str
    collection: str | None
    items: int
    tasks: int


@dataclass(frozen=True, slots=True)
class DayCost:
    """What the tasks of a day have cost; None: the API did not tell."""

    partition_date: date
    credits: float | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """How many tasks are open, and when the next is due."""

    tasks: int
    next_poll_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Tasks of another API, or videos of a partition that has not begun."""

    kind: Literal["api", "partition"]
    name: str
    tasks: int


@dataclass(frozen=True, slots=True)
class TaskCount:
    """How many tasks of a partition are in a state."""

    partition_date: date
    state: str
    tasks: int


@dataclass(frozen=True, slots=True)
class DayProgress:
    """How far the videos of a day, or of all days, are."""

    partition_date: date | None = None
    videos: int = 0
    submitted: int = 0
    settled: int = 0
    landed: int = 0
    open: int = 0
    to_land: int = 0
    failed: int = 0
    open_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """What breaks a check, and how many rows of its day do."""

    partition_date: date | None
    video: str | None
    state: str
    reason: str | None
    total: int


@dataclass(frozen=True, slots=True)
class StatusRow:
    """Where the videos of one partition and collection are."""

    partition_date: date
    collection: str
    videos: int
    unsubmitted: int
    pending: int
    to_land: int
    landed: int
    failed: int
    lost: int
    features: int
    vectors: int
    rejects: int


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """Something that went wrong, how often for the same reason, and an example."""

    kind: str
    reason: str
    times: int
    partition_date: date
    about: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a video of a manifest fared."""

    name: str
    collection: str
    state: str
    whole: bool
    features: int
    vectors: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How many videos of a manifest are submitted, processed and landed."""

    submitted: int
    processed: int
    landed: int


@dataclass(frozen=True, slots=True)
class TaskDurations:
    """How many seconds the tasks of a day took; the histogram has how many took up to each bound."""

    partition_date: date
    tasks: int
    least: float
    median: float
    most_of_them: float
    most: float
    histogram: dict[float, int]


@dataclass(frozen=True, slots=True)
class SampledEmbedding:
    """An embedding of a sample, of a named vector of which the day has so many."""

    vector_name: str
    dimensions: int
    vectors: int
    modality: str | None
    url: str | None
    preview_url: str | None
    embedding: list[float]


@dataclass(frozen=True, slots=True)
class ExampleFeature:
    """A feature from which to show a similarity search."""

    feature_id: str
    vector_name: str
    modality: str
    start_time: float
    name: str


@dataclass(frozen=True, slots=True)
class RetryCandidate:
    """Something that went wrong and can be tried again, and the verb that tries it."""

    kind: str
    verb: Verb
    object_id: str
    video_id: str
    reason: str
    partition_date: date
    collection: str
    url: str


@dataclass(frozen=True, slots=True)
class VectorKind:
    """The vectors of one name and dimension; None: they are sparse."""

    vector_name: str
    dimensions: int | None
    vectors: int
