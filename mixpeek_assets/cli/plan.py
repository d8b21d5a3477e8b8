"""`mixpeek-assets plan`: the requests that a run would send, without submitting anything."""

from dataclasses import asdict, astuple, fields

from mixpeek_assets.chosen_api import extractors_of, known_per_minute, known_units
from mixpeek_assets.cli.display import plain
from mixpeek_assets.cli.formats import Format, notes, print_csv, print_json
from mixpeek_assets.cli.tables import Column, show_table
from mixpeek_assets.connections import QUICK, open_client, open_warehouse, submission_rules
from mixpeek_assets.labels import counted
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.pipeline.plan import Plan, PlannedRequests, prepare
from mixpeek_assets.pipeline.plan import plan as plan_requests
from mixpeek_assets.settings import Settings


def plan(settings: Settings, *, retry_failed: bool, format_: Format) -> None:
    """Print which submissions, polls and fetches are needed, how long they take, what they make first and cost."""
    console = notes(format_)
    warehouse = open_warehouse(settings, asks=console.print)
    warehouse.load_pending()
    with read_manifest(settings) as manifest:
        rules = submission_rules(settings, resubmit_failed=retry_failed)
        units, per_minute = known_units(settings), known_per_minute(settings)
        found = plan_requests(warehouse, units, per_minute, rules=rules, manifest=manifest)
    # The local API costs nothing, and is not started for a plan.
    first = (
        None
        if settings.uses_local_api
        else prepare(found, lambda: open_client(settings, QUICK), extractors_of(settings))
    )
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
                "makes": first.makes if first else [],
                "estimated_credits": first.credits if first else None,
                "estimated_usd": first.cost_usd if first else None,
            }
        )
        return
    if format_ == "csv":
        print_csv([field.name for field in fields(PlannedRequests)], map(astuple, found.lines))
    videos = counted(manifest.videos_count, "video")
    console.print(plain(f"{manifest.source}: {videos}. Nothing is submitted."), soft_wrap=True)
    if sentence := manifest.unusable_sentence:
        console.print(plain(sentence), style="yellow", soft_wrap=True)
    if found.lines and format_ == "table":
        rows = [_cells(line, found) for line in found.lines]
        show_table(console, _columns(found), rows)
    console.print(found.summary(), highlight=False, soft_wrap=True)
    for sentence in [found.units.note if found.lines else "", *(first.sentences() if first else [])]:
        if sentence:
            console.print(plain(sentence), soft_wrap=True)


def _columns(found: Plan) -> list[Column]:
    items = [Column("items", right=True)] if found.units.note else []
    return [Column("what"), Column("partition"), Column("why"), *items, Column("requests", right=True)]


def _cells(line: PlannedRequests, found: Plan) -> tuple[object, ...]:
    items = (f"{line.items:,}",) if found.units.note else ()
    return line.verb, line.partition_date, line.why, *items, f"{line.requests:,}"
