"""Errors of a list of videos."""

from mixpeek_assets.errors import UserError


class ManifestError(UserError):
    """The whole list of videos cannot be read; the message says what, where and how to fix it."""
