"""From a `UserError` to a failed step with its sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from mixpeek_assets.api.errors import MixpeekError
from mixpeek_assets.errors import UserError

_UNFINISHED = "assets_unfinished"


@contextmanager
def user_errors_as_failures() -> Iterator[None]:
    """Turn a `UserError` into a `dg.Failure` with its message; any other error is a bug and keeps its traceback."""
    try:
        yield
    except UserError as error:
        raise dg.Failure(str(error), allow_retries=error.retryable) from None


def fail_if_unfinished(unfinished: list[MixpeekError], what: str) -> None:
    """Fail the step over calls that may succeed later, once everything else is landed.

    Raises:
        dg.Failure: there are some; the next run asks for just these.
    """
    if unfinished:
        raise _incomplete(len(unfinished), what, str(unfinished[0]))


def unfinished_assets(unfinished: list[MixpeekError]) -> dict[str, int | str]:
    """Return the metadata that tells a later step of the run which assets did not arrive."""
    first = {f"{_UNFINISHED}_first": str(unfinished[0])} if unfinished else {}
    return {_UNFINISHED: len(unfinished), **first}


def fail_if_assets_are_unfinished(context: dg.AssetExecutionContext, assets: dg.AssetKey) -> None:
    """Fail the step over assets that this run asked for and did not get, now that the rest is landed.

    A task that settles later is the next run's concern, so this reads the run's own materialization, not the warehouse.

    Raises:
        dg.Failure: there are some; the next run asks for them again.
    """
    materialized = dg.DagsterEventType.ASSET_MATERIALIZATION
    for record in context.instance.get_records_for_run(context.run.run_id, of_type=materialized).records:
        found = record.asset_materialization
        if found is None or found.asset_key != assets or not (count := found.metadata.get(_UNFINISHED)):
            continue
        if count.value:
            raise _incomplete(count.value, "assets", found.metadata[f"{_UNFINISHED}_first"].value)


def _incomplete(count: object, what: str, first: object) -> dg.Failure:
    return dg.Failure(
        f"{count} {what} did not arrive; the next run asks for them again, and the rest is landed. The first: {first}",
        allow_retries=False,
    )
