"""The summary that `run` prints at its end."""

from itertools import islice

from rich.console import Console

from mixpeek_assets.cli.display import labelled, plain, show_sql
from mixpeek_assets.cli.query import show_result
from mixpeek_assets.cli.search import Tried, command, show
from mixpeek_assets.cli.tables import Column, show_table
from mixpeek_assets.manifest.reader import Manifest
from mixpeek_assets.sql_files import literal
from mixpeek_assets.terminal_safe import terminal_safe
from mixpeek_assets.warehouse.rows import ExampleFeature, Outcome
from mixpeek_assets.warehouse.schema import TABLES, TableName
from mixpeek_assets.warehouse.warehouse import Warehouse

_MOST_VIDEOS = 20
_COLUMNS = (
    *(Column("video"), Column("collection"), Column("state"), Column("features", right=True)),
    *(Column("vectors", right=True), Column("why not", wraps=True)),
)

_SEARCH = """\
SELECT similarity, modality, start_time, end_time, parse_filename(url) AS video
FROM mixpeek.similar(
    {feature_id}, -- {moment}
    {vector_name},
    k := 3
);
"""


def print_summary(
    console: Console,
    warehouse: Warehouse,
    manifest: Manifest,
    failures: list[str],
    seconds: float,
    tried: Tried,
    *,
    worked: bool,
) -> int:
    """Print each video's outcome, row counts, a similarity query, a search and where to look; returns the exit code.

    Args:
        console: The console.
        warehouse: The warehouse.
        manifest: The videos of the run.
        failures: One sentence for each step that failed.
        seconds: How long the run took.
        tried: The example searches.
        worked: Whether there was anything to do.
    """
    with warehouse.reader() as reader:
        outcomes, counts, example = reader.outcomes(manifest.videos), reader.table_counts(), reader.example_search()
    incomplete = [outcome for outcome in outcomes if not outcome.whole]
    if worked:
        console.print(f"\nDone in {seconds:.1f} s.")
    else:
        console.print("\nNothing new to submit or fetch.")
    _print_videos(console, outcomes)
    _print_tables(console, counts)
    if example is not None:
        _print_query(console, warehouse, example)
    _print_search(console, tried)
    for problem in manifest.problems[:_MOST_VIDEOS]:
        console.print(labelled("yellow", "skipped", f"{problem['object_id']} {problem['reason']}"), soft_wrap=True)
    for failure in failures:
        console.print(labelled("red", "failed", failure), soft_wrap=True)
    if incomplete:
        console.print(
            f"[red]{len(incomplete)} of {len(outcomes)} videos did not land completely[/] (`mixpeek-assets status` says"
            " why; `mixpeek-assets run --retry-failed` submits the failed ones again)."
        )
    console.print(f"\n{warehouse.kind}:", plain(warehouse.readable_name), soft_wrap=True)
    console.print("Dagster's UI, with these runs in it: `make dev`", highlight=False)
    return 1 if incomplete or failures or manifest.unusable else 0


def _print_videos(console: Console, outcomes: list[Outcome]) -> None:
    # Problems come first, so that a long list does not leave them out.
    ordered = sorted(outcomes, key=lambda outcome: outcome.whole)
    rows = ((one.name, one.collection, one.state, one.features, one.vectors, one.reason) for one in ordered)
    show_table(console, _COLUMNS, islice(rows, _MOST_VIDEOS))
    if len(outcomes) > _MOST_VIDEOS:
        console.print(f"... and {len(outcomes) - _MOST_VIDEOS} more")


def _print_tables(console: Console, counts: dict[TableName, int]) -> None:
    console.print("\nRows: " + ", ".join(f"{table.name} {counts[table.name]:,}" for table in TABLES))


def _print_query(console: Console, warehouse: Warehouse, example: ExampleFeature) -> None:
    """Show a similarity search that finds another video, if there is one."""
    search = _SEARCH.format(
        feature_id=literal(example.feature_id),
        vector_name=literal(example.vector_name),
        # In a comment of the statement: a line break would end it, and what follows would be executed.
        moment=terminal_safe(f"{example.modality} at {example.start_time:.1f} s of {example.name}"),
    )
    console.print("\nWhich moments are most similar to this one?")
    show_sql(console, search)
    with warehouse.database.connection(read_only=True) as connection:
        show_result(console, connection.sql(search))


def _print_search(console: Console, tried: Tried) -> None:
    """Show how to search by words that are there, with what they found."""
    if tried.words:
        console.print("\nFind moments by words:")
    for words in tried.found or tried.words[:1]:
        console.print(plain(f'{command()} search "{words}"'), soft_wrap=True)
        if words in tried.found:
            show(console, tried.found[words])
    if tried.problem:
        console.print(plain(tried.problem), soft_wrap=True)
