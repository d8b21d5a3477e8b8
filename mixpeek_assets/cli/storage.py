"""The databases of a new Dagster instance, created completely or not at all.

Dagster creates them table by table in place: two first starts at once break each other, sometimes for good, and a
crash in the middle leaves tables missing for ever.
"""

import shutil
from pathlib import Path

import dagster as dg
import yaml

from mixpeek_assets.lock import exclusive

_STORAGES = {"storage", "run_storage", "event_log_storage", "schedule_storage"}
"""What of a dagster.yaml says that the databases are elsewhere, or others."""

_SECONDS = 120
"""Creating them takes less than one second."""


def make_storage(home: Path) -> None:
    """Create a new instance's databases in a temporary folder, then move them into place.

    A server's, such as PostgreSQL's, are made by Dagster when they are first opened.
    """
    if _exists(home) or _is_a_server(home):
        return
    with exclusive(home / "storage.lock", _SECONDS):
        if _exists(home):
            return
        staging = home / ".new"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        shutil.copy(home / "dagster.yaml", staging)
        with dg.DagsterInstance.from_config(str(staging)):
            pass
        # `history` last: if it exists, the rest does too.
        for name in ("schedules", "history"):
            if (staging / name).exists() and not (home / name).exists():
                (staging / name).rename(home / name)
        shutil.rmtree(staging)


def _exists(home: Path) -> bool:
    return (home / "history").exists()


def _is_a_server(home: Path) -> bool:
    configuration = yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))
    return isinstance(configuration, dict) and not _STORAGES.isdisjoint(configuration)
