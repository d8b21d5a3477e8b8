"""The one style of tables: aligned columns under a bold header, cut to fit a terminal."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from mixpeek_assets.terminal_safe import brief, terminal_safe

_GAP = "  "
_LONGEST = 2_000
"""Characters of a cell: a column is as wide as its longest value. The other formats cut nothing."""

_NARROWEST = 12
"""Columns are not cut below this; a table that is still too wide is wrapped by the terminal."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its header.
        right: Whether its values are aligned to the right, as numbers are.
        wraps: Whether its values go on in the next line instead of being cut; for the last column.
    """

    name: str
    right: bool = False
    wraps: bool = False


def show_table(
    console: Console, columns: Sequence[Column], rows: Iterable[Sequence[object]], below: Sequence[str] = ()
) -> None:
    """Print a table; a missing value is an empty cell.

    Args:
        console: Where to; only a terminal's width counts.
        columns: The columns.
        rows: A value for each column.
        below: A line to show below each row, such as a path that must not be cut; empty for none.
    """
    texts = [["" if value is None else brief(terminal_safe(str(value)), _LONGEST) for value in row] for row in rows]
    header = [terminal_safe(column.name) for column in columns]
    widths = [max(map(cell_len, cells)) for cells in zip(header, *texts, strict=True)]
    if console.is_terminal:
        widths = _fitted(widths, console.width - len(_GAP) * (len(widths) - 1))
    _print(console, columns, header, widths, "bold")
    for number, row in enumerate(texts):
        _print(console, columns, row, widths, "")
        if number < len(below) and below[number]:
            console.print(Text(f"{_GAP}{terminal_safe(below[number])}", style="dim"), soft_wrap=True)


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """Return widths of which the largest are cut until all fit."""
    most = max(widths, default=0)
    while most > _NARROWEST and sum(min(width, most) for width in widths) > room:
        most -= 1
    return [min(width, most) for width in widths]


def _print(
    console: Console, columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int], style: str
) -> None:
    lines = [list(cells)]
    if columns and columns[-1].wraps:
        first, *more = textwrap.wrap(cells[-1], widths[-1]) or [""]
        lines = [[*cells[:-1], first], *([*[""] * (len(cells) - 1), part] for part in more)]
    for line in lines:
        sized = (_sized(cell, width, column) for cell, width, column in zip(line, widths, columns, strict=True))
        console.print(Text(_GAP.join(sized).rstrip(), style=style), soft_wrap=True)


def _sized(cell: str, width: int, column: Column) -> str:
    if cell_len(cell) > width:
        return set_cell_size(cell, width - 1) + "…"
    return " " * (width - cell_len(cell)) + cell if column.right else set_cell_size(cell, width)
