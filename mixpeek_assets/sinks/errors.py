"""Errors of sinks; each says what, where and how to fix it, and never a password."""

from mixpeek_assets.errors import UserError


class SinkError(UserError):
    """A store cannot take what it is sent, and that needs a change: the warehouse and other sinks go on without it."""


class SinkDownError(SinkError):
    """A store does not answer now, or has no room; the next run writes what is missing."""

    retryable = True
