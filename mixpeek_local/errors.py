"""Why a server cannot be used; each message says what to do."""

from pathlib import Path


class LocalApiError(RuntimeError):
    """The server of a state directory cannot be used."""


class AlreadyServingError(LocalApiError):
    """Another server serves this state directory."""


class NotStartedError(LocalApiError):
    """No server came up; the message has the last line of its log."""


class NotAllowedError(LocalApiError):
    """The running server may not read a folder, or fetch from a host, that is needed, or has other senses."""


class UnknownSensesError(LocalApiError):
    """The environment asks for senses that there are not."""


class UnusableClipError(LocalApiError):
    """The user's own CLIP cannot be used; the message is one sentence: which file, what, how to mend it."""


class UnreadableStateError(LocalApiError):
    """A file of the state directory is not what a server writes."""

    def __init__(self, file: Path, why: Exception) -> None:
        super().__init__(f"{file} is not what a local API writes ({why}): move it away, and run again")
