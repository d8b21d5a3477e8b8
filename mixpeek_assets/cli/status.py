"""`mixpeek-assets status`."""

from rich.console import Console
from rich.table import Table

from mixpeek_assets.cli.project import open_warehouse
from mixpeek_assets.settings import load_settings

_COLUMNS = ("videos", "unsubmitted", "pending", "to_land", "landed", "failed", "features", "vectors", "rejects")


def status(problems: int) -> None:
    """Print what is pending, landed and failed, per partition and collection, and the newest problems."""
    console = Console()
    warehouse = open_warehouse(load_settings())
    warehouse.load_pending()
    rows = warehouse.rows("status")
    if not rows:
        console.print(f"{warehouse.path} holds no video yet: `make run`, or materialize `videos` in the UI.")
    else:
        table = Table("partition", "collection", box=None, header_style="bold")
        # A column that is empty says nothing; those of a healthy warehouse fit a narrow terminal.
        columns = [column for column in _COLUMNS if any(row[column] for row in rows)]
        for column in columns:
            table.add_column(column.replace("_", " "), justify="right")
        for row in rows:
            counts = (f"{row[column]:,}" if row[column] else "-" for column in columns)
            table.add_row(str(row["partition_date"]), row["collection"], *counts)
        console.print(table)
    found = warehouse.rows("problems", limit=problems)
    if found:
        console.print(f"\nThe newest {len(found)} problems:" if len(found) > 1 else "\nA problem:")
    for problem in found:
        line = f"[red]{problem['kind']}[/] {problem['partition_date']} {problem['about']}: {problem['reason']}"
        console.print(line, highlight=False, soft_wrap=True)
    console.print(f"\nDuckDB file: {warehouse.path}", highlight=False, soft_wrap=True)
