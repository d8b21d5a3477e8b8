"""The errors that a command prints in one line."""

from mixpeek_assets.defs.failures import EXPLAINED as PIPELINE
from mixpeek_assets.local_api import LocalApiError
from mixpeek_assets.lock import LockTimeoutError


class CommandError(Exception):
    """A command cannot do its work; the message says what to do."""


EXPLAINED = (*PIPELINE, LocalApiError, CommandError, LockTimeoutError)
