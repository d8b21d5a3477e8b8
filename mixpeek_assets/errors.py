"""The root of every error that explains itself; any other exception is a bug and keeps its traceback."""

from typing import ClassVar


class UserError(Exception):
    """Something went wrong that a user can understand and act on: the message says what and where.

    Attributes:
        hint: What to do about it, where the message does not say so itself.
        retryable: Whether the same work may succeed later without a change.
    """

    hint: ClassVar[str] = ""
    retryable: ClassVar[bool] = False
