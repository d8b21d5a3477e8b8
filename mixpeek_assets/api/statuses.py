"""The statuses of tasks, in every version of the API (contract b3; today's contract, section 5)."""

from collections.abc import Mapping

from mixpeek_assets.api.port import TaskState

_STATES: Mapping[str, TaskState] = {
    "DONE": "done",
    "COMPLETED": "done",
    "COMPLETED_WITH_ERRORS": "done",
    "FAILED": "failed",
    "SKIPPED": "skipped",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
}
"""The terminal ones; any other is open."""

_UNDER_WAY = (
    *("INITIALIZING", "QUEUED", "PENDING", "DOWNLOADING", "CONVERTING", "PROCESSING", "UPLOADING", "IN_PROGRESS"),
    # A batch that is interrupted is taken up again by the server, or ends at our deadline.
    *("UNKNOWN", "DRAFT", "ACTIVE", "ARCHIVED", "SUSPENDED", "DEACTIVATED", "INTERRUPTED"),
)


def state_of(status: str) -> TaskState:
    """Map a status of any version, in any letter case, to our state; an unknown one is open."""
    return _STATES.get(status.strip().upper(), "open")


def is_known(status: str) -> bool:
    """Say whether any version of the API lists a status."""
    return status.strip().upper() in (*_STATES, *_UNDER_WAY)
