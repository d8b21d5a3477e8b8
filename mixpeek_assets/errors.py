"""The root of every error that explains itself; any other exception is a bug and keeps its traceback."""

from typing import ClassVar

from mixpeek_assets.terminal_safe import brief, terminal_safe


class UserError(Exception):
    """Something went wrong that a user can understand and act on: the message says what and where.

    Attributes:
        hint: What to do about it, where the message does not say so itself.
        retryable: Whether the same work may succeed later without a change.
    """

    hint: ClassVar[str] = ""
    retryable: ClassVar[bool] = False

    def __str__(self) -> str:
        # It may quote what it is about: a path, a line, a server's words.
        return brief(terminal_safe(super().__str__()))
