"""`mixpeek-assets status`."""

from collections.abc import Iterable
from dataclasses import asdict

from rich.console import Console

from mixpeek_assets.cli.display import labelled, plain
from mixpeek_assets.cli.formats import Format, notes, print_csv, print_json
from mixpeek_assets.cli.tables import Column, show_table
from mixpeek_assets.connections import open_warehouse, read_account
from mixpeek_assets.labels import money
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse import landing_files
from mixpeek_assets.warehouse.errors import DiskError, WarehouseBusyError
from mixpeek_assets.warehouse.rows import ProblemRow, StatusRow, Waiting

_LOAD_SECONDS = 1.0
"""How long to wait for the file to load pending replies: an open session does not delay the answer."""

_COLUMNS = ("videos", "unsubmitted", "pending", "to_land", "landed", "failed", "lost", "features", "vectors", "rejects")
_FIELDS = ("partition_date", "collection", *_COLUMNS)
_REMEDIES = {
    "unsubmitted": "the next `mixpeek-assets run` submits them, or the sensors of `make dev`",
    "pending": "the API is processing them; they are polled until they end, for up to MIXPEEK_TASK_DEADLINE_HOURS",
    "to_land": "the next `mixpeek-assets run` lands them, or the sensors of `make dev`",
    "failed": "fix the reason, then `mixpeek-assets retry --reason failed` (the API may bill it again)",
    "lost": "`mixpeek-assets retry --reason lost` polls the tasks again; --pay-again submits them again",
    "rejects": "`mixpeek-assets retry --reason rejected` fetches them again; fix manifest rows in the manifest",
}


def status(settings: Settings, problems: int, format_: Format) -> None:
    """Print what is pending, landed and failed, per partition and collection, why, and what to do."""
    console, warehouse = notes(format_), open_warehouse(settings)
    try:
        open_warehouse(settings, longest_wait=_LOAD_SECONDS).load_pending()
    except (DiskError, WarehouseBusyError) as error:  # what is loaded can still be read
        console.print(plain(f"Some replies are not loaded yet. {error}"), soft_wrap=True)
    with warehouse.reader() as reader:
        rows, found, waiting = reader.status(), reader.problems(problems), reader.waiting()
        spent = reader.costs()
    quarantined = [str(file) for file in landing_files.quarantined_files(warehouse.landing_folder)]
    credits_, dollars = _sum(one.credits for one in spent), _sum(one.cost_usd for one in spent)
    account = read_account(settings)
    if format_ == "json":
        lists = {"partitions": rows, "problems": found, "waiting": waiting}
        shown = {name: [asdict(row) for row in records] for name, records in lists.items()}
        balance = None if account is None else account.credit_balance
        cost = {"credits": credits_, "cost_usd": dollars, "credit_balance": balance}
        print_json({"warehouse": warehouse.name, **shown, "quarantined": quarantined, "cost": cost})
        return
    if format_ == "csv":
        print_csv(_FIELDS, [[getattr(row, name) for name in _FIELDS] for row in rows])
    if not rows:
        console.print(plain(f"{warehouse.name} has no videos yet: use `make run`, or materialize `videos` in the UI."))
    elif format_ == "table":
        _show_counts(console, rows)
    _show_problems(console, found)
    _show_waiting(console, waiting, quarantined)
    for column, remedy in _REMEDIES.items():
        if count := sum(getattr(row, column) for row in rows):
            console.print(f"{count:,} {column.replace('_', ' ')}: {remedy}", highlight=False, soft_wrap=True)
    if shown := money(credits_, dollars):
        console.print(plain(f"Spent on these videos: {shown}."), soft_wrap=True)
    if account is not None and account.credit_balance is not None:
        console.print(
            plain(f"Left in the account {account.name}: {money(account.credit_balance, None)}."), soft_wrap=True
        )
    console.print(f"\n{warehouse.kind}:", plain(warehouse.readable_name), soft_wrap=True)


def _sum(costs: Iterable[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def _show_counts(console: Console, rows: list[StatusRow]) -> None:
    # Empty columns are left out, so that a healthy warehouse fits a narrow terminal.
    columns = [column for column in _COLUMNS if any(getattr(row, column) for row in rows)]
    header = [Column("partition"), Column("collection")]
    header += [Column(name.replace("_", " "), right=True) for name in columns]
    counts = [[f"{count:,}" if (count := getattr(row, name)) else "-" for name in columns] for row in rows]
    lines = [(row.partition_date, row.collection, *cells) for row, cells in zip(rows, counts, strict=True)]
    show_table(console, header, lines)


def _show_problems(console: Console, problems: list[ProblemRow]) -> None:
    if problems:
        console.print("\nWhat went wrong, newest first:")
    for problem in problems:
        times = f" ({problem.times:,} times, e.g. this)" if problem.times > 1 else ""
        line = f"{problem.partition_date} {problem.about}{times}: {problem.reason}"
        console.print(labelled("red", problem.kind, line), soft_wrap=True)
    console.print()


def _show_waiting(console: Console, waiting: list[Waiting], quarantined: list[str]) -> None:
    """Print what waits, and for what."""
    for row in waiting:
        reason = (
            f"tasks were submitted to {row.name}, and wait until MIXPEEK_API_URL and MIXPEEK_API_KEY name it again"
            if row.kind == "api"
            else f"videos belong to {row.name}, which has not begun: they wait (was this machine's clock ahead?)"
        )
        console.print(plain(f"{row.tasks:,} {reason}"), soft_wrap=True)
    for file in quarantined:
        line = f"{file} could not be loaded and is quarantined: rename it to end with .ndjson to load it again"
        console.print(plain(line), soft_wrap=True)
