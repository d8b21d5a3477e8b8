"""`mixpeek-assets dev`: `dagster dev` with the local API beside it."""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click
import yaml

from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.project import dagster_instance, local_api
from mixpeek_assets.settings import Settings


def dev(settings: Settings, options: tuple[str, ...]) -> int:
    """Run `dagster dev` until it ends, or Ctrl-C or a termination ends both; returns its exit code."""
    workspace = Path("workspace.yaml").absolute()
    if not workspace.is_file():
        raise CommandError(f"{workspace.parent} has no workspace.yaml: change to the project's folder")
    try:
        yaml.safe_load(workspace.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CommandError(f"{workspace} is not YAML ({error}): mend it") from None
    if find_spec("dagster_webserver") is None:
        raise CommandError("Dagster's UI is not installed: `pip install 'mixpeek-assets[ui]'` installs it")
    with dagster_instance():
        pass  # fail early, in one line, if DAGSTER_HOME is unusable
    # Absolute, because runs have other working folders.
    environment = {**os.environ, "MIXPEEK_DATA_DIR": str(settings.data_folder)}
    with local_api(settings) as url:
        if url:
            click.echo(f"Local API: {url}")
        command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", *options]
        # A shell starts background jobs with SIGINT ignored, but only SIGINT ends Dagster.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - Dagster, with the user's own options
        # Ctrl-C reaches Dagster too, which is in our process group and needs some seconds to end its children.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
        return process.wait()
