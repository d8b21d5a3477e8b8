"""The databases of a Dagster instance, made whole or not at all.

Dagster makes them table by table where they belong: two first starts at once fail over each other, sometimes for good,
and a death in the middle leaves tables out that are missed for ever.
"""

import shutil
from pathlib import Path

import dagster as dg

from mixpeek_assets.lock import exclusive

_SECONDS = 120
"""Making them takes less than one."""


def make_storage(home: Path) -> None:
    """Have the databases of an instance that has none made aside, and put into place."""
    if _is_made(home):
        return
    with exclusive(home / "storage.lock", _SECONDS):
        if _is_made(home):
            return
        aside = home / ".new"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        shutil.copy(home / "dagster.yaml", aside)
        with dg.DagsterInstance.from_config(str(aside)):
            pass
        # `history` last: where it is, the rest is too. An instance of another kind of storage makes neither.
        for name in ("schedules", "history"):
            if (aside / name).exists() and not (home / name).exists():
                (aside / name).rename(home / name)
        shutil.rmtree(aside)


def _is_made(home: Path) -> bool:
    return (home / "history").exists()
