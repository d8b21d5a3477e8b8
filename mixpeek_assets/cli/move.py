"""`mixpeek-assets move`: the warehouse is copied from a file to a lake, or back."""

from dataclasses import asdict, astuple, fields
from pathlib import Path

from rich.console import Console

from mixpeek_assets.cli.display import plain
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.formats import Format, notes, print_csv, print_json
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse.move import MovedTable, left_behind
from mixpeek_assets.warehouse.move import move as move_tables
from mixpeek_assets.warehouse.warehouse import Warehouse

CLUSTER = "cluster"


def move(settings: Settings, to: str, from_: Path | None, format_: Format) -> None:
    """Copy the warehouse, and say for each table what was done, and what to set next.

    Raises:
        CommandError: no cluster is set, to which it is to go.
        WarehouseError: it cannot be copied.
    """
    console = notes(format_)
    source, target = _ends(settings, to, from_)
    console.print(plain(f"{source.name} ({source.kind}) is copied to {target.name} ({target.kind})."), soft_wrap=True)
    done: list[MovedTable] = []
    for one in move_tables(source, target):
        done.append(one)
        if format_ == "table":
            _show(console, one)
    target.publish("at the end")
    if format_ == "json":
        print_json(map(asdict, done))
    elif format_ == "csv":
        print_csv([field.name for field in fields(MovedTable)], map(astuple, done))
    if others := left_behind(source):
        console.print(plain(f"Not copied, since others have made it: {', '.join(others)}."), soft_wrap=True)
    console.print(plain(_next(to)), soft_wrap=True)


def _ends(settings: Settings, to: str, from_: Path | None) -> tuple[Warehouse, Warehouse]:
    if to != CLUSTER:
        source = open_warehouse(settings, path=from_.expanduser().absolute() if from_ else None)
        return source, open_warehouse(settings, path=Path(to).expanduser().absolute())
    if settings.cluster is None:
        raise CommandError("no cluster is set: set MIXPEEK_CLUSTER and MIXPEEK_LAKE, or give --to the path of a file")
    file = (from_ or settings.warehouse_path).expanduser().absolute()
    return open_warehouse(settings, path=file), open_warehouse(settings)


def _show(console: Console, one: MovedTable) -> None:
    there = "" if one.copied == one.rows else f", {one.rows - one.copied:,} of them were there"
    console.print(
        f"  {one.name}: {one.rows:,} rows, as in the old one{there} ({one.seconds:.1f} s)",
        highlight=False,
        soft_wrap=True,
    )


def _next(to: str) -> str:
    if to == CLUSTER:
        return "Done. The old file is as it was. Set MIXPEEK_CLUSTER and MIXPEEK_LAKE wherever the pipeline runs."
    unset = "unset MIXPEEK_CLUSTER and MIXPEEK_LAKE"
    return f"Done. The old warehouse is as it was. To work on the new one, set MIXPEEK_WAREHOUSE={to}, and {unset}."
