"""Printing untrusted text: none of it acts as markup or controls the terminal."""

import duckdb
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from mixpeek_assets.terminal_safe import terminal_safe, terminal_safe_lines

_NUMBERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("FLOAT", "DOUBLE", "DECIMAL"),
)
"""Prefixes of DuckDB's numeric types, whose values are right-aligned."""

_LONGEST_CELL = 60
_LONGEST = 2_000


def plain(text: object) -> Text:
    """Return a text on one line, shown literally, and cut if it is very long."""
    shown = str(text)
    return Text(terminal_safe(shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"))


def labelled(style: str, label: str, text: object) -> Text:
    """Return a coloured word followed by a text."""
    return Text.assemble((terminal_safe(label), style), " ", plain(text))


def show_sql(console: Console, sql: str) -> None:
    """Print a statement in colours."""
    console.print(Syntax(terminal_safe_lines(sql), "sql", background_color="default"))


def show_rows(console: Console, relation: duckdb.DuckDBPyRelation) -> None:
    """Print a result as a plain table, each value as DuckDB writes it."""
    rows = relation.project("CAST(COLUMNS(*) AS VARCHAR)").fetchall()
    shown = [
        [_brief(name), *("NULL" if row[place] is None else _brief(row[place]) for row in rows)]
        for place, name in enumerate(relation.columns)
    ]
    widths = [max(map(cell_len, column)) for column in shown]
    is_number = [str(type_).startswith(_NUMBERS) for type_ in relation.types]
    for cells in zip(*shown, strict=True):
        padded = (
            (" " * (width - cell_len(cell)) + cell) if right else set_cell_size(cell, width)
            for cell, width, right in zip(cells, widths, is_number, strict=True)
        )
        console.print(Text("  ".join(padded).rstrip()), soft_wrap=True)


def _brief(text: str) -> str:
    shown = terminal_safe(text)
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[: _LONGEST_CELL - 1]}…"
