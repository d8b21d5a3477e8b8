"""Printing what may be anybody's text: nothing in it is markup, and nothing in it commands the terminal."""

import duckdb
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from mixpeek_assets.terminal_safe import terminal_safe, terminal_safe_lines

_LONGEST = 2_000


def plain(text: object) -> Text:
    """Return a text on one line, to be shown as it is; of a very long one, the beginning."""
    shown = str(text)
    return Text(terminal_safe(shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"))


def labelled(style: str, label: str, text: object) -> Text:
    """Return a word in a colour, and a text behind it."""
    return Text.assemble((terminal_safe(label), style), " ", plain(text))


def show_sql(console: Console, sql: str) -> None:
    """Print a statement in colours."""
    console.print(Syntax(terminal_safe_lines(sql), "sql", background_color="default"))


def show_rows(console: Console, result: duckdb.DuckDBPyConnection) -> None:
    """Print a result as a plain table."""
    # A line break in a cell is written as \n by pandas: those that are left end the rows.
    table = result.df().to_string(index=False, max_colwidth=60)
    console.print(Text(terminal_safe_lines(table)), soft_wrap=True)
