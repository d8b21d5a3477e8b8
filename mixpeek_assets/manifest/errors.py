"""Errors of a list of videos."""

import re

from mixpeek_assets.errors import UserError


class ManifestError(UserError):
    """The whole list of videos cannot be read; the message says what, where and how to fix it."""

    def __str__(self) -> str:
        return without_password(super().__str__())


def without_password(text: str) -> str:
    """Return a text in which no URL has a user's name or password."""
    return re.sub(r"(?i)(https?://)[^/\s@]*@", r"\1***@", text)
