"""Errors of API calls; the class says whether a retry can help."""

from dataclasses import dataclass

from mixpeek_assets.errors import UserError
from mixpeek_assets.terminal_safe import brief, terminal_safe

_LONGEST_ID = 500
"""How many characters of an id or URL a message shows."""


@dataclass
class MixpeekError(UserError):
    """A call to the Mixpeek API that failed.

    Attributes:
        endpoint: The method and path template, e.g. `GET /tasks/{task_id}`.
        message: What went wrong, in the server's words if it sent any.
        object_id: The id (or the video's URL) that the call was about.
        status: The HTTP status, or None when no reply was read.
    """

    endpoint: str
    message: str
    object_id: str | None = None
    status: int | None = None

    def __post_init__(self) -> None:
        super().__init__(self.endpoint, self.message, self.object_id, self.status)

    def __str__(self) -> str:
        about = f" for {_shortened(self.object_id)}" if self.object_id else ""
        answered = f" answered {self.status}" if self.status else ""
        hint = f". {self.hint}" if self.hint else ""
        # Ids and messages come from the server, and go to logs and terminals.
        return brief(terminal_safe(f"{self.endpoint}{about}{answered}: {self.message}{hint}"))


def _shortened(object_id: str) -> str:
    return object_id if len(object_id) <= _LONGEST_ID else object_id[: _LONGEST_ID - 1] + "…"


class PermanentError(MixpeekError):
    """The server refused this request; sending it again gets the same answer."""


class UnsendableError(PermanentError):
    """The request cannot be written as JSON, so nothing was sent."""

    hint = "Correct its row in the manifest, then run `mixpeek-assets retry`"


class UnaddressableError(PermanentError):
    """The server gave an id that cannot be part of a URL, so its object cannot be fetched."""


class NotFoundError(PermanentError):
    """404: the server does not know this id."""


class UnreadableReplyError(PermanentError):
    """A complete, well-formed reply that breaks the contract, e.g. a list instead of an object."""


class NameTakenError(PermanentError):
    """409: something has this name, or this key, already."""


class AccessDeniedError(PermanentError):
    """The key, the account, the address or the rate limit store is the problem.

    Every other call would fail in the same way, so the run stops.
    """


class AuthenticationError(AccessDeniedError):
    """401 or 403: the key is missing, wrong, or lacks the permission."""

    hint = "Set MIXPEEK_API_KEY to a key that this server accepts"


class InsufficientCreditsError(AccessDeniedError):
    """The body is about credits or a quota (contract b7; today's, 8): the key is fine, the account is used up."""

    hint = "The key is fine: the account behind it needs credits. What is processed already can still be landed"


class OutdatedClientError(AccessDeniedError):
    """422 `extra_forbidden`: the API does not take a field of our request, whichever video it is about."""

    hint = "This is a bug of mixpeek_assets, or the API is newer than it: please report it"


class SetupError(AccessDeniedError):
    """The account's side (namespace, bucket, collection) cannot be used as it is, or cannot be made."""


class WrongEndpointError(AccessDeniedError):
    """A server (or a proxy) answers at this address, but it is not this API.

    The signs are a redirect, a 404 or 405 for a submission, which has no id that could be unknown, and a 404 for a read
    that is not worded like the API's.
    """

    hint = "Check MIXPEEK_API_URL, MIXPEEK_API_PREFIX and MIXPEEK_API_STYLE"


class RateLimitStoreError(AccessDeniedError):
    """The request count cannot be stored, so the rate limit cannot be enforced."""


class RateLimitStoreDownError(RateLimitStoreError):
    """What stores the request count does not answer now."""

    retryable = True


class TransientError(MixpeekError):
    """A temporary failure (a 5xx, a timeout, a broken reply): the same call may succeed later."""

    retryable = True


class ServerUnreachableError(TransientError):
    """No connection: nothing was sent, so even a submission is safe to send again."""

    hint = "Check MIXPEEK_API_URL, and that the server is running"


class NotYetVisibleError(TransientError):
    """A 404 for something that a task has just created: it may take a moment to become visible."""

    hint = "It was created only just now; it is requested again later"


class RateLimitedError(TransientError):
    """The rate limit did not allow the call in the time that the client waits."""


class SubmissionOutcomeUnknownError(TransientError):
    """A submission got no usable answer; the API may have accepted it."""


ABORTS_RUN = (AccessDeniedError, RateLimitedError, ServerUnreachableError)
"""Errors that every other call would meet too, so a run stops at the first."""
