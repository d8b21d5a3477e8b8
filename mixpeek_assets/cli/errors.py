"""The errors of commands."""

from mixpeek_assets.errors import UserError


class CommandError(UserError):
    """A command cannot do its work; the message says what to do."""
