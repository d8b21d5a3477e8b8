"""The errors that a command prints in one line."""

from mixpeek_assets.defs.failures import EXPLAINED as PIPELINE
from mixpeek_assets.lock import LockTimeoutError
from mixpeek_local.process import AlreadyServingError, NotAllowedError, NotStartedError


class CommandError(Exception):
    """A command cannot do its work; the message says what to do."""


EXPLAINED = (*PIPELINE, AlreadyServingError, NotAllowedError, NotStartedError, CommandError, LockTimeoutError)
