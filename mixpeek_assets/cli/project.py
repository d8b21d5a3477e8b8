"""What the commands share: the Dagster instance and the local API."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg

from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.instance_errors import database_errors, opening_errors, probe
from mixpeek_assets.cli.storage import make_storage
from mixpeek_assets.local_api import running
from mixpeek_assets.manifest.sources import reachable_hosts, readable_folders
from mixpeek_assets.settings import Settings


@contextmanager
def dagster_instance() -> Iterator[dg.DagsterInstance]:
    """Open the instance of DAGSTER_HOME, which `dagster dev` shows.

    Raises:
        CommandError: DAGSTER_HOME has no `dagster.yaml`, or one that cannot be used, or its databases cannot.
    """
    home = Path(os.environ["DAGSTER_HOME"])
    with database_errors(home), ExitStack() as opened:
        with opening_errors(home):
            if not (home / "dagster.yaml").is_file():
                raise CommandError(
                    f"DAGSTER_HOME is {home}, which has no dagster.yaml:"
                    " change to the project's folder, or set DAGSTER_HOME"
                )
            make_storage(home)
            instance = opened.enter_context(dg.DagsterInstance.get())
            probe(instance)
        yield instance


@contextmanager
def local_api(settings: Settings) -> Iterator[str | None]:
    """Run the local API while the block lasts; with a key set, none is needed.

    Raises:
        LocalApiError: it is not installed, does not start, or may not read the videos.
    """
    if not settings.uses_local_api:
        yield None
        return
    folders, hosts = readable_folders(settings), reachable_hosts(settings)
    with running(settings.local_api_folder, folders=folders, hosts=hosts) as url:
        yield url
