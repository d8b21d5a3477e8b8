"""`mixpeek-assets plan`: the requests that a run would send, without sending any."""

from rich.console import Console
from rich.table import Table

from mixpeek_assets.cli.display import plain
from mixpeek_assets.connections import open_warehouse, submission_rules
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.pipeline.plan import plan as plan_requests
from mixpeek_assets.settings import Settings


def plan(settings: Settings, *, retry_failed: bool) -> None:
    """Print which submissions, polls and fetches are needed, and how long they take at the rate limit."""
    console, warehouse = Console(), open_warehouse(settings)
    warehouse.load_pending()
    with read_manifest(settings) as manifest:
        rules = submission_rules(settings, resubmit_failed=retry_failed)
        found = plan_requests(warehouse, settings.effective_requests_per_minute, rules=rules, manifest=manifest)
        source, count = manifest.source, manifest.videos_count
    console.print(plain(f"{source}: {count:,} videos. Nothing is sent."), soft_wrap=True)
    if found.lines:
        table = Table("what", "partition", "why", "requests", box=None, header_style="bold")
        table.columns[3].justify = "right"
        for line in found.lines:
            table.add_row(line.verb, str(line.partition_date), line.why, f"{line.requests:,}")
        console.print(table)
    console.print(found.summary(), highlight=False, soft_wrap=True)
