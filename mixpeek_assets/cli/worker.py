"""`mixpeek-assets worker`: a Celery worker that executes runs, and leaves no reply behind on this machine's disk."""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec

import click

from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.project import dagster_instance
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.labels import counted
from mixpeek_assets.settings import Settings

_APP = "mixpeek_assets.cli.celery_app"


def worker(settings: Settings, *, concurrency: int, runs_per_process: int, options: tuple[str, ...]) -> int:
    """Execute runs until Ctrl-C or a termination, then finish those that have begun; returns the exit code.

    Args:
        settings: The cluster.
        concurrency: How many runs at once.
        runs_per_process: After so many a process is replaced, which gives its memory back.
        options: More options of `celery worker`.
    """
    if settings.cluster is None:
        raise CommandError("a worker is for a cluster: set MIXPEEK_CLUSTER and MIXPEEK_LAKE (docs/scale.md)")
    if find_spec("dagster_celery") is None:
        raise CommandError("a worker needs the packages of a cluster: `pip install 'mixpeek-assets[cluster]'`")
    with dagster_instance() as instance:
        if type(instance.run_launcher).__module__ != "mixpeek_assets.defs.run_launcher":
            raise CommandError(
                f"the run launcher of {instance.root_directory}/dagster.yaml is not Celery's: begin with"
                " deploy/celery/dagster.yaml"
            )
    _drain(settings)
    command = [sys.executable, "-m", "celery", "--quiet", "-A", _APP, "worker", f"--concurrency={concurrency}"]
    command += [f"--max-tasks-per-child={runs_per_process}", f"--hostname=mixpeek-{os.getpid()}@%h", "--loglevel=INFO"]
    # Workers need not know of each other.
    command += ["--without-gossip", "--without-mingle", *options]
    environment = {**os.environ, **settings.pinned()}  # Dagster would put `.env` over what was exported
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - Celery, with the user's own options
    # Ctrl-C reaches Celery too, which is in our process group; it finishes the runs that have begun.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
    code = process.wait()
    _drain(settings)
    return code


def _drain(settings: Settings) -> None:
    """Load what is on this machine's disk: its next run may be of another day, or never come."""
    loaded = open_warehouse(settings, on_wait=lambda sentence: click.echo(sentence, err=True)).load_pending()
    if loaded.files:
        click.echo(f"Loaded {counted(loaded.files, 'landing file')} of this machine.")
