"""`mixpeek-assets plan`: the requests that a run would send, without sending any."""

from dataclasses import asdict, astuple, fields

from mixpeek_assets.cli.display import plain
from mixpeek_assets.cli.formats import Format, notes, print_csv, print_json
from mixpeek_assets.cli.tables import Column, show_table
from mixpeek_assets.connections import open_warehouse, submission_rules
from mixpeek_assets.labels import counted
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.pipeline.plan import plan as plan_requests
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse.rows import PlannedRequests

_COLUMNS = (Column("what"), Column("partition"), Column("why"), Column("requests", right=True))


def plan(settings: Settings, *, retry_failed: bool, format_: Format) -> None:
    """Print which submissions, polls and fetches are needed, and how long they take at the rate limit."""
    console = notes(format_)
    warehouse = open_warehouse(settings, asks=console.print)
    warehouse.load_pending()
    with read_manifest(settings) as manifest:
        rules = submission_rules(settings, resubmit_failed=retry_failed)
        found = plan_requests(warehouse, settings.effective_requests_per_minute, rules=rules, manifest=manifest)
    if format_ == "json":
        print_json(
            {
                "source": manifest.source,
                "videos": manifest.videos_count,
                "unusable_rows": manifest.unusable,
                "problems": manifest.problems,
                "requests": [asdict(line) for line in found.lines],
                "requests_now": found.requests(),
                "requests_in_all": found.total,
                "requests_per_minute": found.requests_per_minute or None,
            }
        )
        return
    if format_ == "csv":
        print_csv([field.name for field in fields(PlannedRequests)], map(astuple, found.lines))
    videos = counted(manifest.videos_count, "video")
    console.print(plain(f"{manifest.source}: {videos}. Nothing is sent."), soft_wrap=True)
    if sentence := manifest.unusable_sentence:
        console.print(plain(sentence), style="yellow", soft_wrap=True)
    if found.lines and format_ == "table":
        rows = ((line.verb, line.partition_date, line.why, f"{line.requests:,}") for line in found.lines)
        show_table(console, _COLUMNS, rows)
    console.print(found.summary(), highlight=False, soft_wrap=True)
