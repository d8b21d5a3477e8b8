"""The commands and their options; the module of the same name does the work."""

import logging
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixpeek_assets import __version__
from mixpeek_assets.cli.boundary import Commands, friendly_errors, output_errors
from mixpeek_assets.settings import load_settings

if TYPE_CHECKING:
    from mixpeek_assets.cli.formats import Format

_format = click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="For people or for programs: stdout then has nothing else.",
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mixpeek-assets")
def cli() -> None:
    """Turn a list of videos into embeddings that you query with SQL.

    \b
    videos -> tasks -> assets -> features -> vectors, as Dagster assets in DuckDB.

    Without MIXPEEK_API_KEY, a local API does the work: no account, no network.
    """  # noqa: D301 - click reads the character \b as "do not wrap what follows"
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    _default_dagster_home()


@cli.command()
@click.option(
    "--videos",
    metavar="SOURCE",
    help="A manifest (CSV, JSON, Parquet; path, pattern or URL), a folder of videos, "
    "one video's path or URL. Default: MIXPEEK_VIDEOS, else the samples.",
)
@click.option("--retry-failed", is_flag=True, help="Submit again the videos whose last task failed.")
@click.option("--refresh", is_flag=True, help="Fetch again what is already landed.")
def run(videos: str | None, retry_failed: bool, refresh: bool) -> None:
    """Ingest videos and land their embeddings.

    Waits for the tasks to end. Only what is new is submitted and fetched. Exits with 1 when a video did not land.
    """
    from mixpeek_assets.cli.run import run as run_

    with friendly_errors():
        sys.exit(run_(load_settings(videos=videos), retry_failed=retry_failed, refresh=refresh))


@cli.command(context_settings={"ignore_unknown_options": True})
@click.option("-p", "--port", type=click.IntRange(0, 65_535), help="The port of the UI. Default: 3000.")
@click.argument("dagster_options", nargs=-1, type=click.UNPROCESSED)
def dev(port: int | None, dagster_options: tuple[str, ...]) -> None:
    """Start `dagster dev` and the local API.

    With a key set, the local API is not started. More options are passed on to `dagster dev`. Ctrl-C ends both.
    """
    from mixpeek_assets.cli.dev import dev as dev_

    with friendly_errors():
        own = () if port is None else ("--port", str(port))
        sys.exit(dev_(load_settings(), (*own, *dagster_options)))


@cli.command()
@click.option(
    "--problems", type=click.IntRange(0, 10_000), default=20, show_default=True, help="How many problems to list."
)
@_format
def status(problems: int, format_: "Format") -> None:
    """Show what is pending, landed or failed, and why.

    Counts are per partition and collection; each problem has its reason and its remedy.
    """
    from mixpeek_assets.cli.status import status as status_

    with friendly_errors():
        status_(load_settings(), problems, format_)


@cli.command()
@click.option("--write", is_flag=True, help="Write what is behind now, instead of leaving it to the sensors.")
@_format
def sinks(write: bool, format_: "Format") -> None:
    """Show the stores that are kept a copy of the vectors, and how far each is.

    A store is off until its variable is set. Exits with 1 when something could not be written.
    """
    from mixpeek_assets.cli.sinks import sinks as sinks_

    with friendly_errors():
        sys.exit(sinks_(load_settings(), write=write, format_=format_))


@cli.command()
@click.option("--videos", metavar="SOURCE", help="As for `run`.")
@click.option("--retry-failed", is_flag=True, help="As for `run`.")
@_format
def plan(videos: str | None, retry_failed: bool, format_: "Format") -> None:
    """Show what `run` would send, without submitting anything.

    Lists the submissions, polls and fetches, and how long they take at the rate limit.
    """
    from mixpeek_assets.cli.plan import plan as plan_

    with friendly_errors():
        plan_(load_settings(videos=videos), retry_failed=retry_failed, format_=format_)


@cli.command()
@click.option(
    "--partition",
    "partitions",
    metavar="DAY",
    multiple=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="A day such as 2026-01-31; repeatable.",
)
@click.option("--collection", "collections", metavar="NAME", multiple=True, help="A collection; repeatable.")
@click.option("--video", metavar="TEXT", help="A video's id, or a part of its URL.")
@click.option(
    "--reason",
    metavar="TEXT",
    help="`failed`, `cancelled`, `lost`, `rejected`, `empty` (an asset without features), or a part of the reason.",
)
@click.option("--pay-again", is_flag=True, help="Submit lost tasks again instead of polling them.")
@click.option("--dry-run", is_flag=True, help="Show what would be retried, and change nothing.")
@click.option("--mark-only", is_flag=True, help="Leave the work to the sensors or the next run.")
@_format
def retry(
    partitions: tuple[datetime, ...],
    collections: tuple[str, ...],
    video: str | None,
    reason: str | None,
    pay_again: bool,
    dry_run: bool,
    mark_only: bool,
    format_: "Format",
) -> None:
    """Retry what failed, was lost or was rejected.

    The options select what to retry; by default it is everything. Failed videos
    are submitted again, lost tasks are polled again, and rejected replies are fetched again.

    Exits with 1 when some of them fail again, and with 2 when REASON is no such word and nothing has it.
    """
    from mixpeek_assets.cli.retry import retry as retry_
    from mixpeek_assets.warehouse.selection import RetrySelection

    days = [partition.date() for partition in partitions]
    selection = RetrySelection(days or None, list(collections) or None, video, reason, pay_again)
    with friendly_errors():
        sys.exit(retry_(load_settings(), selection, dry_run=dry_run, mark_only=mark_only, format_=format_))


@cli.command()
@click.argument("sql")
@_format
def query(sql: str, format_: "Format") -> None:
    """Run a read-only query on the warehouse.

    On a terminal a table is cut to fit; elsewhere nothing is.

    \b
    mixpeek-assets query "SELECT vector_name, count(*) FROM mixpeek.vectors GROUP BY ALL"
    """  # noqa: D301 - click reads the character \b as "do not wrap what follows"
    from mixpeek_assets.cli.query import query as query_

    with friendly_errors():
        query_(load_settings(), sql, format_)


@cli.command()
@click.argument("words")
@click.option("--collection", help="Search only this collection. Default: all in the warehouse.")
@click.option("--modality", type=click.Choice(["video", "image", "text", "audio"]), help="Find only this modality.")
@click.option(
    "--index",
    default="multimodal",
    show_default=True,
    help="The named vector to search: `multimodal` finds pictures, sounds and words; `text` finds words read or said.",
)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="Most hits to show.")
@click.option(
    "--all", "show_all", is_flag=True, help="Also show what is nothing like the words, only the nearest there is."
)
@click.option("--sql", "show_statement", is_flag=True, help="Also show the SQL that gives the same rows.")
@_format
def search(
    words: str,
    collection: str | None,
    modality: str | None,
    index: str,
    limit: int,
    show_all: bool,
    show_statement: bool,
    format_: "Format",
) -> None:
    """Find moments by words, each with what made it a hit and its thumbnail.

    \b
    mixpeek-assets search "a lighthouse at night"

    Words are compared by meaning. To find the very words that were read, said or described, use SQL:

    \b
    mixpeek-assets query "SELECT * FROM mixpeek.find_text('lighthouse')"
    """  # noqa: D301 - click reads the character \b as "do not wrap what follows"
    from mixpeek_assets.cli.search import search as search_

    with friendly_errors():
        search_(
            load_settings(),
            words,
            collection=collection,
            modality=modality,
            index=index,
            limit=limit,
            show_all=show_all,
            show_statement=show_statement,
            format_=format_,
        )


@cli.command()
@click.option(
    "--to",
    metavar="PLACE",
    required=True,
    help="`cluster`, which MIXPEEK_CLUSTER and MIXPEEK_LAKE name, or the path of a new DuckDB file.",
)
@click.option(
    "--from",
    "from_",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A DuckDB file to copy. Default: the warehouse; with `--to cluster`, data/warehouse.duckdb.",
)
@_format
def move(to: str, from_: Path | None, format_: "Format") -> None:
    """Copy the warehouse from a file to a lake, or back.

    Stop the pipeline first. The rows of each day are compared after they are copied, by their number and a hash, and a
    copy that was interrupted goes on when it is started again. The old warehouse stays as it is.
    """
    from mixpeek_assets.cli.move import move as move_

    with friendly_errors():
        move_(load_settings(), to, from_, format_)


@cli.command()
@click.option("--ask-again", is_flag=True, help="Ask the API again which style it speaks, and its limits.")
def doctor(ask_again: bool) -> None:
    """Check the set-up, and say what to fix.

    Checks the environment, the key, the server, the account, the videos and the warehouse.
    """
    from mixpeek_assets.cli.doctor import doctor as doctor_

    sys.exit(doctor_(ask_again=ask_again))


@cli.command()
@click.option(
    "--video",
    envvar="MIXPEEK_SMOKE_VIDEO",
    metavar="URL",
    help="A short video. Default: MIXPEEK_SMOKE_VIDEO, else a public sample of 5 seconds.",
)
@click.option("--yes", is_flag=True, help="Do not ask before anything is sent that costs money.")
def smoke(video: str | None, yes: bool) -> None:
    """Try the real API with one short video, and clean up.

    Makes a namespace that expires, lands the video in a temporary warehouse, checks what came, and deletes what it
    made. For the style `documents`. Says what it would cost, and asks, before it sends anything.
    """
    from mixpeek_assets.cli.smoke import smoke as smoke_

    with friendly_errors():
        sys.exit(smoke_(load_settings(), video, yes=yes))


@cli.command("serve-local-api", context_settings={"ignore_unknown_options": True})
@click.option("--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="0 picks a free port.")
@click.option(
    "--allow-folder",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Allow videos below this folder; repeatable. Always allowed: the samples and MIXPEEK_VIDEOS.",
)
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
def serve_local_api(port: int, folders: tuple[Path, ...], more: tuple[str, ...]) -> None:
    """Serve the local API until Ctrl-C, on 127.0.0.1 only.

    MORE are options of `python -m mixpeek_local` (see its --help): hosts that videos may come from,
    profiles, a rate limit, faults to simulate, the number of workers, and other limits.
    """
    from mixpeek_assets.cli.serve import serve

    with friendly_errors():
        serve(load_settings(), port, folders, more)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.option("--concurrency", type=click.IntRange(1, 64), default=2, show_default=True, help="How many runs at once.")
@click.option(
    "--runs-per-process",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="After so many runs a process is replaced, which gives its memory back.",
)
@click.argument("celery_options", nargs=-1, type=click.UNPROCESSED)
def worker(concurrency: int, runs_per_process: int, celery_options: tuple[str, ...]) -> None:
    """Execute runs on this machine, as a worker of a cluster.

    Loads what an earlier worker has left on this machine's disk, executes runs until Ctrl-C or a termination,
    finishes those that have begun, and loads what is left. More options are passed on to `celery worker`.
    """
    from mixpeek_assets.cli.worker import worker as worker_

    with friendly_errors():
        sys.exit(
            worker_(load_settings(), concurrency=concurrency, runs_per_process=runs_per_process, options=celery_options)
        )


def main() -> None:
    """Run the command line."""
    with output_errors():
        cli()


def _default_dagster_home() -> None:
    """Make DAGSTER_HOME absolute; by default it is `dagster_home/` of the working folder."""
    home = Path(os.environ.get("DAGSTER_HOME") or "dagster_home")
    with suppress(RuntimeError):  # the home of an unknown user stays, and is not found
        home = home.expanduser()
    try:
        os.environ["DAGSTER_HOME"] = str(home.absolute())
    except FileNotFoundError:
        raise click.ClickException("the working folder is gone: change to the project's folder") from None
