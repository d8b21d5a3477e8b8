"""Which videos are submitted, and which problems are retried."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

RetryWord = Literal["failed", "cancelled", "lost", "rejected", "empty"]
"""The kinds of what can be retried; `empty` is an asset that lists no feature."""


@dataclass(frozen=True)
class VideoSelection:
    """Which videos of its partitions a run is about; None is any.

    Attributes:
        collections: Of these collections.
        videos: With one of these ids, or with one of these texts in their URL.
    """

    collections: list[str] | None = None
    videos: list[str] | None = None


@dataclass(frozen=True)
class SubmissionRules(VideoSelection):
    """Which videos are submitted, besides new ones and those whose submission has an unknown outcome.

    Attributes:
        max_attempts: How often a video is submitted when its task fails.
        extractors: The feature extractor settings that every video should have, as JSON; None leaves videos that were
            submitted with others as they are.
        refresh: Whether all done videos are submitted, and paid for, again.
        resubmit_failed: Whether all failed videos are submitted again.
        runs: Videos that these runs submitted are not submitted again: a re-executed run must not pay twice.
        limit: How many at most, the earliest first; None is no limit.
    """

    max_attempts: int = 1
    extractors: str | None = None
    refresh: bool = False
    resubmit_failed: bool = False
    runs: list[str] = field(default_factory=list[str])
    limit: int | None = None


@dataclass(frozen=True)
class RetrySelection:
    """Which problems are retried; None is any.

    Attributes:
        partitions: Of these days.
        collections: Of these collections.
        video: Of a video with this id, or with this in its URL.
        reason: A `RetryWord`, or a part of the reason.
        pay_again: Whether a lost task is submitted again rather than polled.
    """

    partitions: list[date] | None = None
    collections: list[str] | None = None
    video: str | None = None
    reason: str | None = None
    pay_again: bool = False
