"""`mixpeek-assets status`."""

from rich.console import Console
from rich.table import Table

from mixpeek_assets.cli.display import labelled, plain
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse import landing_files
from mixpeek_assets.warehouse.errors import DiskError, WarehouseBusyError
from mixpeek_assets.warehouse.rows import ProblemRow, StatusRow, Waiting
from mixpeek_assets.warehouse.warehouse import Warehouse

_LOAD_SECONDS = 1.0
"""How long to wait for the file to load pending replies: an open session does not delay the answer."""

_COLUMNS = ("videos", "unsubmitted", "pending", "to_land", "landed", "failed", "lost", "features", "vectors", "rejects")
_REMEDIES = {
    "unsubmitted": "the next `mixpeek-assets run` submits them, or the sensors of `make dev`",
    "pending": "the API is processing them; they are polled until they end, for up to MIXPEEK_TASK_DEADLINE_HOURS",
    "to_land": "the next `mixpeek-assets run` lands them, or the sensors of `make dev`",
    "failed": "fix the reason, then `mixpeek-assets retry --reason failed` (the API may bill it again)",
    "lost": "`mixpeek-assets retry --reason lost` polls the tasks again; --pay-again submits them again",
    "rejects": "`mixpeek-assets retry --reason rejected` fetches them again; fix manifest rows in the manifest",
}


def status(settings: Settings, problems: int) -> None:
    """Print what is pending, landed and failed, per partition and collection, why, and what to do."""
    console, warehouse = Console(), open_warehouse(settings)
    try:
        open_warehouse(settings, longest_wait=_LOAD_SECONDS).load_pending()
    except (DiskError, WarehouseBusyError) as error:  # what is loaded can still be read
        console.print(plain(f"Some replies are not loaded yet. {error}"), soft_wrap=True)
    with warehouse.reader() as reader:
        rows, found, waiting = reader.status(), reader.problems(problems), reader.waiting()
    if not rows:
        console.print(plain(f"{warehouse.path} has no videos yet: use `make run`, or materialize `videos` in the UI."))
    else:
        _show_counts(console, rows)
    _show_problems(console, found)
    _show_waiting(console, warehouse, waiting)
    for column, remedy in _REMEDIES.items():
        if count := sum(getattr(row, column) for row in rows):
            console.print(f"{count:,} {column.replace('_', ' ')}: {remedy}", highlight=False, soft_wrap=True)
    console.print("\nDuckDB file:", plain(warehouse.path), soft_wrap=True)


def _show_counts(console: Console, rows: list[StatusRow]) -> None:
    table = Table("partition", "collection", box=None, header_style="bold")
    # Empty columns are left out, so that a healthy warehouse fits a narrow terminal.
    columns = [column for column in _COLUMNS if any(getattr(row, column) for row in rows)]
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for row in rows:
        counts = [getattr(row, column) for column in columns]
        shown = (f"{count:,}" if count else "-" for count in counts)
        table.add_row(str(row.partition_date), plain(row.collection), *shown)
    console.print(table)


def _show_problems(console: Console, problems: list[ProblemRow]) -> None:
    if problems:
        console.print("\nWhat went wrong, newest first:")
    for problem in problems:
        times = f" ({problem.times:,} times, e.g. this)" if problem.times > 1 else ""
        line = f"{problem.partition_date} {problem.about}{times}: {problem.reason}"
        console.print(labelled("red", problem.kind, line), soft_wrap=True)
    console.print()


def _show_waiting(console: Console, warehouse: Warehouse, waiting: list[Waiting]) -> None:
    """Print what waits, and for what."""
    for row in waiting:
        reason = (
            f"tasks were submitted to {row.name}, and wait until MIXPEEK_API_URL and MIXPEEK_API_KEY name it again"
            if row.kind == "api"
            else f"videos belong to {row.name}, which has not begun: they wait (was this machine's clock ahead?)"
        )
        console.print(plain(f"{row.tasks:,} {reason}"), soft_wrap=True)
    for file in landing_files.quarantined_files(warehouse.landing_folder):
        line = f"{file} could not be loaded and is quarantined: rename it to end with .ndjson to load it again"
        console.print(plain(line), soft_wrap=True)
