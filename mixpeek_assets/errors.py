"""The root of the errors that a user can do something about."""

from typing import ClassVar


class UserError(Exception):
    """An error that says what is wrong, where, and how to fix it; shown without a traceback.

    Attributes:
        hint: What to do about it, where the message does not say so.
        retryable: Whether the same work may succeed later.
    """

    hint: ClassVar[str] = ""
    retryable: ClassVar[bool] = False
