"""From a `UserError` to a failed step with its sentence."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

# Dagster has no public way to fail a step without forty lines of its own stack below the sentence.
from dagster._core.errors import DagsterUserCodeProcessError
from dagster_shared.error import SerializableErrorInfo

from mixpeek_assets.api.errors import MixpeekError
from mixpeek_assets.defs.texts import as_text
from mixpeek_assets.errors import UserError
from mixpeek_assets.labels import counted

_MOST_SHOWN = 20


class _WithoutStackError(DagsterUserCodeProcessError):
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, user_code_process_error_infos=[SerializableErrorInfo(sentence, [], None)])


class SentenceError(dg.Failure, _WithoutStackError):
    """A failure that a person can act on: the UI shows its sentence and metadata, and no stack."""


@contextmanager
def user_errors_as_failures() -> Iterator[None]:
    """Turn a `UserError` into a `dg.Failure` with its message; any other error is a bug and keeps its traceback."""
    try:
        yield
    except UserError as error:
        raise SentenceError(str(error), allow_retries=error.retryable) from None


def fail_if_unfinished(unfinished: Sequence[MixpeekError], noun: str, done: str) -> None:
    """Fail the step over calls that may succeed later, once everything else is done.

    Args:
        unfinished: The calls.
        noun: What did not come, e.g. `asset`.
        done: What has become of the rest, e.g. `landed`.

    Raises:
        dg.Failure: there are some; the next run asks for just these.
    """
    if not unfinished:
        return
    which = dg.MetadataValue.table(
        [
            dg.TableRecord(
                {"call": error.endpoint, "object": as_text(error.object_id or ""), "reason": as_text(str(error))}
            )
            for error in unfinished[:_MOST_SHOWN]
        ]
    )
    raise SentenceError(
        f"{counted(len(unfinished), noun)} did not come; the rest is {done}, and the next run asks for"
        f" {'it' if len(unfinished) == 1 else 'them'} again. The first: {unfinished[0]}",
        {"did_not_come": len(unfinished), "which": which},
        allow_retries=False,
    )
