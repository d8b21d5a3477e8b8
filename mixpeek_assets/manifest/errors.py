"""Errors of a list of videos."""

from mixpeek_assets.errors import UserError
from mixpeek_assets.terminal_safe import terminal_safe


class ManifestError(UserError):
    """The whole list of videos cannot be read; the message says what, where and how to fix it."""

    def __str__(self) -> str:
        # The message may quote the list.
        return terminal_safe(super().__str__())
