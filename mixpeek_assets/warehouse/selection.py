"""Which videos are submitted, and which of what went wrong is tried again."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class SubmissionRules:
    """Which videos are submitted, beside those that never were and those whose submission's outcome is unknown.

    Attributes:
        max_attempts: How often a video is submitted when its task fails.
        extractors: The feature extractor settings that every video should have, as JSON; None leaves videos that were
            submitted with others as they are.
        refresh: Whether all that are done are submitted again, and paid for again.
        resubmit_failed: Whether all that failed are.
        runs: What these runs have submitted is neither refreshed nor resubmitted: a re-executed run must not pay twice.
    """

    max_attempts: int = 1
    extractors: str | None = None
    refresh: bool = False
    resubmit_failed: bool = False
    runs: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class RetrySelection:
    """Which of what went wrong is tried again; None is any.

    Attributes:
        partitions: Of these days.
        collections: Of these collections.
        video: Of a video with this id, or with this in its URL.
        reason: `failed`, `cancelled`, `lost`, `rejected`, `empty` (an asset without features), or a part of the reason.
        pay_again: Whether a lost task is submitted again rather than polled.
    """

    partitions: list[date] | None = None
    collections: list[str] | None = None
    video: str | None = None
    reason: str | None = None
    pay_again: bool = False
