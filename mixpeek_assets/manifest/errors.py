"""What can go wrong with a list of videos."""


class ManifestError(ValueError):
    """The list of videos cannot be read at all; the message says what, where and how to mend it."""
