"""What the commands share: the Dagster instance."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg

from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.instance_errors import database_errors, opening_errors, probe
from mixpeek_assets.cli.storage import make_storage


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
