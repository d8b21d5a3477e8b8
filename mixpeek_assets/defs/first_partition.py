"""The first day of the partitions: the first one that is known, unless the environment sets it.

It is asked for at each start of a code location, so it is kept in a small file beside the replies, not looked up in a
warehouse that another program may hold.
"""

import hashlib
from contextlib import suppress
from datetime import date
from pathlib import Path

from mixpeek_assets import clock
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.errors import UserError
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.manifest.sources import is_url, source_of
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse.disk import disk_errors
from mixpeek_assets.warehouse.errors import DiskError

_LONGEST_WAIT = 2.0


def first_partition(settings: Settings) -> date:
    """Return the first day that can be a partition: that of the environment, else the first known, else today."""
    if settings.first_partition is not None:
        return settings.first_partition
    known = _known_to_cluster(settings) if settings.lake else _known_to_folder(settings)
    today = clock.now().date()
    if known is None:
        return today
    with suppress(DiskError):  # where nothing can be written, it is looked up each time
        remember_first_partition(settings, known)
    return min(known, today)


def remember_first_partition(settings: Settings, day: date) -> None:
    """Keep a day as the first, unless an earlier one is kept.

    Raises:
        DiskError: it cannot be written.
    """
    remembered = _remembered(settings)
    if remembered is None or day < remembered:
        file = _file(settings)
        with disk_errors(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{day}\n", encoding="utf-8")


def _known_to_folder(settings: Settings) -> date | None:
    if not settings.warehouse_path.is_file():
        return _of_manifest(settings)
    return _remembered(settings) or _of_warehouse(settings) or _of_manifest(settings)


def _known_to_cluster(settings: Settings) -> date | None:
    # Another machine may have added an earlier day than this one remembers.
    found = [day for day in (_remembered(settings), _of_warehouse(settings)) if day]
    return min(found, default=None) or _of_manifest(settings)


def _file(settings: Settings) -> Path:
    # A collection that has the file with others has its own first day; its name may hold anything.
    seen = settings.seen_collection
    which = f"_{hashlib.sha256(seen.encode()).hexdigest()[:16]}" if seen else ""
    return open_warehouse(settings).landing_folder / f"first_partition{which}"


def _remembered(settings: Settings) -> date | None:
    try:
        return date.fromisoformat(_file(settings).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):  # it is not there yet, or was spoilt: it is looked up again
        return None


def _of_warehouse(settings: Settings) -> date | None:
    with suppress(UserError):
        warehouse = open_warehouse(settings, longest_wait=_LONGEST_WAIT)
        if warehouse.exists():
            with warehouse.reader() as reader:
                return reader.first_day()
    return None


def _of_manifest(settings: Settings) -> date | None:
    # What is wrong with the manifest is said by what reads it for its videos. A remote one is not waited for here.
    if is_url(source_of(settings)):
        return None
    with suppress(UserError), read_manifest(settings) as manifest:
        return manifest.first_day
    return None
