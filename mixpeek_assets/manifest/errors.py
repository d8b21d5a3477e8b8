"""What can go wrong with a list of videos."""

from mixpeek_assets.errors import UserError
from mixpeek_assets.terminal_safe import terminal_safe


class ManifestError(UserError):
    """The list of videos cannot be read at all; the message says what, where and how to fix it."""

    def __str__(self) -> str:
        # It may quote the list.
        return terminal_safe(super().__str__())
