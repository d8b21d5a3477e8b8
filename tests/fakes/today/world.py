"""What the scripted Mixpeek of today knows, and the knobs that a test turns."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

CREATED = "2026-10-24T09:30:00.125000Z"
"""When everything was created: the same in every run, so that tables can be compared."""

TERMINAL = {"COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED"}


@dataclass
class Video:
    """What becomes of a video, by its URL.

    Attributes:
        documents: How many there are, or the fields of each beside the usual ones or instead of them.
        vectors: By the name of the index or its output: of every document, or of each; made up where None.
        refused: The error type with which no object is made of it.
        error: Why a batch fails with it.
        error_type: transient, permanent or resource.
        unlisted: A failure that `failed_objects`, which is bounded, leaves out.
        partial: The output that its documents lack, such as `transcription_embedding`.
        statuses: Of its batch, one at each read, the last for ever; of a batch of several videos, the longest.
        hydration_incomplete: In so many first reads of each document the last vector is missing, and uncertain.
        segments_dropped: How many segments of it are lost.
        credits: What it costs; nothing when it fails.
    """

    documents: int | list[dict[str, Any]] = 1
    vectors: dict[str, Any] | list[dict[str, Any]] | None = None
    refused: str | None = None
    error: str | None = None
    error_type: str = "permanent"
    unlisted: bool = False
    partial: str | None = None
    statuses: list[str] = field(default_factory=lambda: ["COMPLETED"])
    hydration_incomplete: int = 0
    segments_dropped: int = 0
    credits: int = 50


@dataclass
class Namespace:
    """A namespace, and the extractors that it holds."""

    namespace_id: str
    name: str
    extractors: list[dict[str, Any]]
    reads: int = 0


@dataclass
class Bucket:
    """A bucket of objects."""

    bucket_id: str
    namespace_id: str
    name: str
    schema: dict[str, Any]


@dataclass
class Stored:
    """An object."""

    object_id: str
    bucket_id: str
    url: str
    blobs: list[dict[str, Any]]
    fields: dict[str, Any]
    status: str = "PENDING"
    error: str | None = None

    @property
    def video_key(self) -> str:
        """What the caller calls it: its own field, or the URL."""
        return str(self.fields.get("video_key") or self.url)


@dataclass
class Collection:
    """A collection, and the one extractor that makes its documents."""

    collection_id: str
    namespace_id: str
    name: str
    source: dict[str, Any]
    extractor: dict[str, Any]
    indexes: list[dict[str, Any]]


@dataclass
class Document:
    """A document: `fields` as they are listed, and its vectors by the names of their indexes."""

    document_id: str
    collection_id: str
    object_id: str
    video_key: str
    url: str
    fields: dict[str, Any]
    vectors: dict[str, Any]
    unhydrated_reads: int = 0


@dataclass
class Batch:
    """A batch: a draft, then work, then over."""

    batch_id: str
    bucket_id: str
    namespace_id: str
    object_ids: list[str]
    collection_ids: list[str]
    dedup_strategy: str
    name: str | None
    metadata: dict[str, Any] | None
    status: str = "DRAFT"
    task_id: str | None = None
    statuses: list[str] = field(default_factory=list)
    skipped: dict[str, list[str]] = field(default_factory=dict)
    """By collection, the objects that had documents there already."""

    generations: dict[str, int] = field(default_factory=dict)
    """By object, how often its video was worked on before."""

    final_reads: int = 0
    published: bool = False
    written: int = 0
    failed: list[dict[str, Any]] = field(default_factory=list)
    failed_count: int = 0
    partial: list[dict[str, Any]] = field(default_factory=list)
    segments_dropped: int = 0
    credits: int = 0
    error: str | None = None

    @property
    def in_flight(self) -> bool:
        """Whether it is worked on."""
        return self.task_id is not None and self.status not in TERMINAL


class World:
    """What is known, in memory.

    Attributes:
        videos: What becomes of each video, by its URL; a `Video()` where nothing is said.
        processed: How often each video was really worked on, by its video_key: in a batch that was submitted, and not
            skipped because it had documents.
        credits: What is left to spend; at 0, objects and submissions are refused.
        rate_limits: What `/v1/me` says of them, by category.
        resolvable_after: In so many reads of a completed batch, its documents cannot be found yet.
        namespace_ready_after: In so many reads, a namespace is not ready yet.
        filters_ignored: Lists of documents pay no heed to filters.
        filter_paths: The fields by which a list of documents can be filtered: other filters find nothing; None for all.
        empty_reads: So many lists of documents are empty.
        refuse_second_batch: A batch is refused while another one of its collection is worked on, unless forced.
        reader_only: So many writes are refused, as the writer is not there yet; `math.inf` for all.
        delete_cascades: To delete an object deletes its documents.
        dimensions: Of the multimodal vectors and of the others.
    """

    def __init__(self) -> None:
        self.videos: dict[str, Video] = {}
        self.processed: Counter[str] = Counter()
        self.credits = 1_000_000
        self.rate_limits: dict[str, int] | None = dict.fromkeys(
            ("metadata", "data", "search", "upload", "compute"), 100_000
        )
        self.resolvable_after = 0
        self.namespace_ready_after = 0
        self.filters_ignored = False
        self.filter_paths: set[str] | None = None
        self.empty_reads = 0
        self.refuse_second_batch = False
        self.reader_only = 0.0
        self.delete_cascades = False
        self.dimensions: tuple[int, int] = (4, 3)

        self.namespaces: dict[str, Namespace] = {}
        self.buckets: dict[str, Bucket] = {}
        self.objects: dict[str, Stored] = {}
        self.collections: dict[str, Collection] = {}
        self.batches: dict[str, Batch] = {}
        self.documents: dict[str, Document] = {}
        """Those that can be found."""

        self._numbers = {prefix: count(1) for prefix in ("ns", "bkt", "obj", "btch", "col", "task")}

    def new_id(self, prefix: str) -> str:
        """Return the next id of a kind."""
        return f"{prefix}_{next(self._numbers[prefix]):06}"

    def video(self, url: str) -> Video:
        """Return what becomes of a video."""
        return self.videos.get(url) or Video()

    def truth(self) -> dict[str, list[Document]]:
        """Return the documents that can be found, by video_key, in the order of their making."""
        found: dict[str, list[Document]] = {}
        for document in list(self.documents.values()):
            found.setdefault(document.video_key, []).append(document)
        return found

    def draft_expires(self) -> None:
        """Cancel every draft, as the API's reaper does after half an hour."""
        for batch in list(self.batches.values()):
            if batch.status == "DRAFT":
                batch.status = "CANCELED"


def hashed_id(prefix: str, *parts: object) -> str:
    """Return an id that says the same of the same."""
    return f"{prefix}_{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"
