"""A Dagster instance as the project's is: on disk, with its settings."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SETTINGS = Path(__file__).parents[2] / "dagster_home" / "dagster.yaml"


@contextmanager
def dagster_home() -> Iterator[Path]:
    """Have a new instance, kept on disk as the project's is."""
    with tempfile.TemporaryDirectory(prefix="mixpeek-bench-home-") as home:
        shutil.copy(_SETTINGS, home)
        os.environ["DAGSTER_HOME"] = home
        yield Path(home)
