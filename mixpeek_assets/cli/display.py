"""Printing untrusted text: none of it acts as markup or controls the terminal."""

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from mixpeek_assets.terminal_safe import terminal_safe, terminal_safe_lines

_LONGEST = 2_000


def plain(text: object) -> Text:
    """Return a text on one line, shown literally, and cut if it is very long."""
    shown = str(text)
    return Text(terminal_safe(shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"))


def labelled(style: str, label: str, text: object) -> Text:
    """Return a coloured word followed by a text."""
    return Text.assemble((terminal_safe(label), style), " ", plain(text))


def show_sql(console: Console, sql: str) -> None:
    """Print a statement in colours, its lines as they are, to be copied."""
    coloured = Syntax("", "sql", background_color="default").highlight(terminal_safe_lines(sql).rstrip())
    console.print(coloured, soft_wrap=True)
