"""The errors of commands."""

from mixpeek_assets.errors import UserError
from mixpeek_assets.terminal_safe import brief, terminal_safe_lines


class CommandError(UserError):
    """A command cannot run; the message says what to do."""


class StatementError(CommandError):
    """A statement cannot be run; the message keeps DuckDB's lines, which point at the place."""

    def __str__(self) -> str:
        return brief(terminal_safe_lines(str(self.args[0])))
