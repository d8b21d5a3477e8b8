"""Between the shell and the commands: what comes in is checked, and what goes out is one sentence."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from mixpeek_assets.errors import UserError
from mixpeek_assets.terminal_safe import brief, is_text, terminal_safe_lines

_MEND = "move it away, or let this user read and write it"


class Commands(click.Group):
    """A group of commands whose arguments are text, and whose complaints are short."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse for all commands what none can use: bytes that are no text, and nothing (a shell's unset variable)."""
        for before, argument in zip(["", *args], args, strict=False):
            after = f" after {before}" if before else ""
            if not is_text(argument):
                raise click.UsageError(f"The argument{after} is not UTF-8 text: {argument!r}", ctx)
            if not argument.rpartition("=")[2].strip() and (argument.startswith("--") or not argument.strip()):
                raise click.UsageError(f"The argument{after} is empty: {argument!r}", ctx)
        return super().parse_args(ctx, args)

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Read the arguments of the group."""
        with _in_short():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Read the arguments of a command, and run it."""
        with _in_short():
            return super().invoke(ctx)


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Print a `UserError` in one line and exit with 1; any other error is a bug and keeps its traceback."""
    try:
        yield
    except UserError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        if error.filename is None:
            raise
        raise click.ClickException(f"{error.filename}: {error.strerror}: {_MEND}") from None


@contextmanager
def output_errors() -> Iterator[None]:
    """Say that the output cannot be written, and exit with 1; a reader that has gone, such as `head`, knows it."""
    if sys.stdout is None:
        _exit("standard output is closed, so nothing can be shown")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:
            raise
        # Nothing more may be written, not even by the interpreter at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        _exit(None if isinstance(error, BrokenPipeError) else f"the output cannot be written: {error.strerror}")


@contextmanager
def _in_short() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        message = brief(terminal_safe_lines(error.format_message()))
        if isinstance(error, click.UsageError):
            raise click.UsageError(message, error.ctx) from None
        raise click.ClickException(message) from None


def _exit(sentence: str | None) -> NoReturn:
    if sentence:
        click.echo(f"Error: {sentence}", err=True)
    sys.exit(1)
