"""The command that lands one more video, for a shell that is elsewhere: the local API's page shows it."""

import os
import shlex
import sys
from pathlib import Path

from mixpeek_assets.settings import Settings


def landing_command(settings: Settings) -> str:
    """Return the command, which the video's path is added to.

    It lands where this process works: in its project, with its data directory. Empty: this is no project, or the
    project uses another API.
    """
    here = Path.cwd()
    home = Path(os.environ.get("DAGSTER_HOME") or "dagster_home").absolute()
    if not settings.uses_local_api or not os.access(home / "dagster.yaml", os.R_OK):
        return ""
    data = settings.data_folder
    places = {
        "DAGSTER_HOME": (home, here / "dagster_home"),
        "MIXPEEK_DATA_DIR": (data, here / "data"),
        "MIXPEEK_WAREHOUSE": (settings.warehouse_path, data / "warehouse.duckdb"),
    }
    named = [f"{name}={shlex.quote(str(place))}" for name, (place, usual) in places.items() if place != usual]
    script = Path(sys.executable).with_name("mixpeek-assets")
    shown = script.relative_to(here) if script.is_relative_to(here) else script
    return " ".join(["cd", shlex.quote(str(here)), "&&", *named, shlex.quote(str(shown)), "run", "--videos"])
