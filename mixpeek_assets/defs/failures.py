"""From an error that a user can fix to a failed step that says so in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from mixpeek_assets.api.errors import MixpeekError
from mixpeek_assets.defs.resources import LocalApiDownError
from mixpeek_assets.manifest.errors import ManifestError
from mixpeek_assets.settings import SettingsError
from mixpeek_assets.warehouse.errors import WarehouseError

EXPLAINED = (LocalApiDownError, ManifestError, MixpeekError, SettingsError, WarehouseError)
"""The errors whose message says what to do; any other is a bug, and keeps its traceback."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors that explain themselves into a `dg.Failure` with their message."""
    try:
        yield
    except EXPLAINED as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def fail_if_unfinished(unfinished: list[MixpeekError], what: str) -> None:
    """Fail the step over calls that may succeed later, once everything else is landed.

    Raises:
        dg.Failure: there are some; the next run asks for just these.
    """
    if unfinished:
        raise dg.Failure(
            f"{len(unfinished)} {what} did not come, and the next run asks for them again; the rest is landed."
            f" The first: {unfinished[0]}",
            allow_retries=False,
        )
