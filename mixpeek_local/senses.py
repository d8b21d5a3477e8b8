"""Which speech is understood: the environment variable MIXPEEK_SENSES, which workers inherit from their server."""

import os
from typing import Literal, get_args

from mixpeek_local.errors import UnknownSensesError

Senses = Literal["english", "multilingual"]


def chosen() -> Senses | None:
    """The choice, if there is one.

    Raises:
        UnknownSensesError: There are no such senses.
    """
    name = os.environ.get("MIXPEEK_SENSES")
    for known in get_args(Senses):
        if name == known:
            return known
    if name:
        raise UnknownSensesError(f"MIXPEEK_SENSES is {name!r}, and must be one of {', '.join(get_args(Senses))}")
    return None


def senses() -> Senses:
    """The choice, or English.

    Raises:
        UnknownSensesError: There are no such senses.
    """
    return chosen() or "english"
