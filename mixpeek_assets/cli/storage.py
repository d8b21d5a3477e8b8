"""The databases of a new Dagster instance, created completely or not at all.

Dagster creates them table by table in place: two first starts at once break each other, sometimes for good, and a
crash in the middle leaves tables missing for ever.
"""

import shutil
from pathlib import Path

import dagster as dg

from mixpeek_assets.lock import exclusive

_SECONDS = 120
"""Creating them takes less than one second."""


def make_storage(home: Path) -> None:
    """Create a new instance's databases in a temporary folder, then move them into place."""
    if _exists(home):
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
        # `history` last: if it exists, the rest does too. Another kind of storage creates neither.
        for name in ("schedules", "history"):
            if (staging / name).exists() and not (home / name).exists():
                (staging / name).rename(home / name)
        shutil.rmtree(staging)


def _exists(home: Path) -> bool:
    return (home / "history").exists()
