"""`mixpeek-assets sinks`: the stores that are kept a copy of the vectors, and how far each is."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from mixpeek_assets.cli.display import labelled, plain
from mixpeek_assets.cli.formats import Format, notes, print_csv, print_json
from mixpeek_assets.cli.jobs import Jobs
from mixpeek_assets.cli.project import dagster_instance
from mixpeek_assets.cli.tables import Column, show_table
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.defs.sink_state import SinkState
from mixpeek_assets.settings import Settings
from mixpeek_assets.sinks.chosen import SHIPPED, chosen_sinks
from mixpeek_assets.warehouse.warehouse import Warehouse

_COLUMNS = (
    *(Column("sink"), Column("state"), Column("rows", right=True), Column("behind", right=True)),
    *(Column("last written"), Column("where")),
)
_FIELDS = ("sink", "state", "rows", "behind", "days_behind", "last_written", "where", "last_error")


def sinks(settings: Settings, *, write: bool, format_: Format) -> int:
    """Print each sink with its state; with `write`, write what is behind first. Returns the exit code."""
    console, failures = notes(format_), list[str]()
    with dagster_instance() as instance:
        jobs, warehouse = Jobs(settings, instance), open_warehouse(settings)
        if write:
            write_behind(jobs, jobs.sink_states(warehouse))
            failures = jobs.failures
        states = {state.name: state for state in jobs.sink_states(warehouse)}
    rows = [_row(states.get(store.name), store.name, store.variable, store.example) for store in SHIPPED]
    if format_ == "json":
        print_json(rows)
    elif format_ == "csv":
        print_csv(_FIELDS, [list(row.values()) for row in rows])
    else:
        _show(console, rows)
    for failure in failures:
        console.print(labelled("red", "failed", failure), soft_wrap=True)
    return 1 if failures else 0


def write_behind(jobs: Jobs, states: Sequence[SinkState]) -> None:
    """Write the days that some sink is behind with."""
    if days := sorted({day for state in states for day in state.behind}):
        jobs.write_sinks(days)


def print_sinks(console: Console, settings: Settings, jobs: Jobs, warehouse: Warehouse) -> None:
    """Print a line for each sink that is configured."""
    for state in jobs.sink_states(warehouse) if chosen_sinks(settings) else ():
        console.print(plain(f"{state.name} at {state.place}: {_words(state)}"), soft_wrap=True)


def _words(state: SinkState) -> str:
    if state.held is None:
        return state.error or "it does not answer"
    behind = sum(state.behind.values())
    return f"{state.held:,} rows, {f'{behind:,} behind' if behind else 'none behind'}"


def _row(state: SinkState | None, name: str, variable: str, example: str) -> dict[str, Any]:
    if state is None:
        empty = dict.fromkeys(_FIELDS)
        return {**empty, "sink": name, "state": "off", "where": f"set {variable}, e.g. {example}"}
    is_known = state.held is not None or state.behind
    return {
        "sink": name,
        "state": "unavailable" if state.held is None else "behind" if state.behind else "up to date",
        "rows": state.held,
        "behind": sum(state.behind.values()) if is_known else None,
        "days_behind": len(state.behind) if is_known else None,
        "last_written": state.written_at,
        "where": state.place,
        "last_error": state.error,
    }


def _show(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    cells = [
        (
            row["sink"],
            row["state"],
            None if row["rows"] is None else f"{row['rows']:,}",
            None if row["behind"] is None else f"{row['behind']:,}",
            None if row["last_written"] is None else f"{row['last_written']:%Y-%m-%d %H:%M} UTC",
            row["where"],
        )
        for row in rows
    ]
    show_table(console, _COLUMNS, cells)
    for row in rows:
        if row["last_error"]:
            console.print(labelled("red", row["sink"], row["last_error"]), soft_wrap=True)
    if any(row["behind"] for row in rows):
        console.print("behind: the sensors of `make dev` write it, or `mixpeek-assets sinks --write`", highlight=False)
