"""From whatever a Dagster instance that cannot be used raises, to one sentence."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from sqlalchemy.exc import DBAPIError

from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.errors import UserError
from mixpeek_assets.terminal_safe import brief

_LONGEST_REASON = 500
_ELSEWHERE = "let this user write there, or set DAGSTER_HOME to another folder with a dagster.yaml"
_HINTS = {
    "disk is full|No space left": "make room on that disk and run again",
    "readonly|unable to open|disk I/O": _ELSEWHERE,
    "locked": "end the other program that holds them",
    "connection to server|could not translate": "start PostgreSQL, or correct its address and user in dagster.yaml",
    "": "restore them, or move `history` and `schedules` there away: they record runs, and no video is lost",
}
"""What to do about a database, by what it says."""

# Dagster's whole schema before an error, its stack after it, and values, which may be a password.
_NOISE = re.compile(r"^.*Error 1: |^Failure condition: | Stack Trace.*|, instead got.*|(?<=Value )\".*\"(?= of type )")


@contextmanager
def opening_errors(home: Path) -> Iterator[None]:
    """Turn any error of opening the instance into a sentence: what its dagster.yaml names may raise anything.

    Raises:
        CommandError: instead of the error.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if database := _database_error(error, home):
            raise database from error
        if isinstance(error, OSError):
            hint = _HINTS["disk is full|No space left"] if error.errno == errno.ENOSPC else _ELSEWHERE
            raise CommandError(f"{error.filename or home}: {error.strerror}; {hint}") from error
        sentence = f"{home / 'dagster.yaml'} cannot be used ({_reason(error)})"
        raise CommandError(f"{sentence}: mend it, or set DAGSTER_HOME to another folder") from error


@contextmanager
def database_errors(home: Path) -> Iterator[None]:
    """Turn the errors of the open instance's databases into a sentence.

    Raises:
        CommandError: instead of the error.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, UserError) or (database := _database_error(error, home)) is None:
            raise
        raise database from error


def probe(instance: dg.DagsterInstance) -> None:
    """Use what is otherwise first used by a run: the launcher, the logs, and each database."""
    _ = instance.run_launcher, instance.run_coordinator, instance.compute_log_manager
    instance.get_runs_count()
    instance.all_asset_keys()
    instance.all_instigator_state()


def _database_error(error: BaseException, home: Path) -> CommandError | None:
    """Return the sentence about the database that is behind an error, or None."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, DBAPIError):
        found = found.__cause__ or found.__context__
    if found is None:
        return None
    reason = _reason(found.orig or found)
    hint = next(hint for words, hint in _HINTS.items() if re.search(words, reason))
    return CommandError(f"Dagster's databases in {home} cannot be used ({reason}): {hint}")


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    text = " ".join(str(error).split()) or type(error).__name__
    return brief(_NOISE.sub("", text), _LONGEST_REASON)
