"""What can go wrong with a list of videos."""

from mixpeek_assets.printable import printable


class ManifestError(ValueError):
    """The list of videos cannot be read at all; the message says what, where and how to mend it."""

    def __str__(self) -> str:
        # It may quote the list.
        return printable(super().__str__())
