"""What can go wrong with a call, as classes that say whether trying again can help."""

from dataclasses import dataclass

from mixpeek_assets.errors import UserError
from mixpeek_assets.terminal_safe import terminal_safe

_LONGEST_ID = 500
"""Characters of an id or URL that a message shows."""


@dataclass
class MixpeekError(UserError):
    """A call to the Mixpeek API that failed.

    Attributes:
        endpoint: The method and path template, e.g. `GET /tasks/{task_id}`.
        message: What went wrong, in the server's words where it said any.
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
        # Ids and messages are the server's: what is said of them goes to logs and terminals.
        return terminal_safe(f"{self.endpoint}{about}{answered}: {self.message}{hint}")


def _shortened(object_id: str) -> str:
    return object_id if len(object_id) <= _LONGEST_ID else object_id[: _LONGEST_ID - 1] + "…"


class PermanentError(MixpeekError):
    """The server refused this very request: sending it again gets the same answer."""


class UnsendableError(PermanentError):
    """What the request is to say cannot be written as JSON, so nothing was sent."""

    hint = "Correct its row in the manifest, then run `mixpeek-assets retry`"


class UnaddressableError(PermanentError):
    """The server gave an id that no address can hold, so what it names cannot be asked for."""


class NotFoundError(PermanentError):
    """404: the server does not know this id."""


class UnreadableReplyError(PermanentError):
    """A whole, well-formed reply that is not what the contract says, e.g. a list where an object belongs."""


class AccessDeniedError(PermanentError):
    """The key, the account, the address or the budget is the problem.

    Every other call would fail alike: stop and say so.
    """


class AuthenticationError(AccessDeniedError):
    """401 or 403: the key is missing, wrong, or lacks the permission."""

    hint = "Set MIXPEEK_API_KEY to a key that this server takes"


class InsufficientCreditsError(AccessDeniedError):
    """A 401 whose body tells of credits (contract b7): the key is fine, the account is empty."""

    hint = "The key is fine: the account behind it needs credits"


class WrongEndpointError(AccessDeniedError):
    """There is a server (or a proxy), and what it serves at this address is not this API.

    A redirect says so; a 404 or 405 for a submission, in which no id could be unknown; and one for a read that is not
    in the API's own words.
    """

    hint = "Check MIXPEEK_API_URL and MIXPEEK_API_PREFIX"


class RateLimitStoreError(AccessDeniedError):
    """What we send cannot be counted, so it cannot be kept below the server's limit."""

    hint = "Free some space there, or set MIXPEEK_DATA_DIR to a folder that you may write"


class TransientError(MixpeekError):
    """A failure of the moment (a 5xx, a time-out, a broken reply): the same call may succeed later."""

    retryable = True


class ServerUnreachableError(TransientError):
    """No connection: nothing was sent, so even a submission may simply be sent again."""

    hint = "Check MIXPEEK_API_URL, and that the server runs"


class NotYetVisibleError(TransientError):
    """A 404 for what a task has only just made: it may take a moment to become visible."""

    hint = "It has only just been made, and is asked for again"


class RateLimitedError(TransientError):
    """429, for longer than the client is willing to wait."""


class SubmissionOutcomeUnknownError(TransientError):
    """A submission was sent and its answer never came, or made no sense: it may have been accepted."""


ABORTS_RUN = (AccessDeniedError, RateLimitedError, ServerUnreachableError)
"""What no other call would escape either, so a run that meets it stops and says so."""
