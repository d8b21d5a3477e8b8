"""Where a warehouse lives: in a folder of one machine, or in a cluster."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mixpeek_assets.locks import FolderLocks, Locks
from mixpeek_assets.warehouse.file_store import FileStore
from mixpeek_assets.warehouse.store import Store


@dataclass(frozen=True)
class Site:
    """What of a warehouse differs between a folder and a cluster.

    Attributes:
        store: The tables.
        locks: The locks on partitions.
        landing_folder: Where replies wait to be loaded; always a folder of this machine, because what is fetched must
            be safe at once, line by line.
    """

    store: Store
    locks: Locks
    landing_folder: Path

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """Return the site of a DuckDB file, with everything in its folder."""
        landing = path.parent / "landing" / path.name
        return cls(FileStore(path), FolderLocks(landing / "locks"), landing)
