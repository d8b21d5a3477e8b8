"""Why a server cannot be used; each message says what to do."""


class LocalApiError(RuntimeError):
    """The server of a state directory cannot be used."""


class AlreadyServingError(LocalApiError):
    """Another server serves this state directory."""


class NotStartedError(LocalApiError):
    """No server came up; the message has the end of its log."""


class NotAllowedError(LocalApiError):
    """The running server may not read a folder, or fetch from a host, that is needed."""
