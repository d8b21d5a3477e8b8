"""Progress bars of a run's videos, read from the tables."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from mixpeek_assets.cli.display import plain
from mixpeek_assets.manifest.reader import Manifest
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.warehouse import Warehouse

_STAGES = ("submitted", "processed", "landed")
_SECONDS = 0.5


@contextmanager
def progress_of(warehouse: Warehouse, manifest: Manifest, console: Console) -> Iterator[None]:
    """Show submitted / processed / landed videos of a manifest for as long as the context lasts."""
    bars = Progress(
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    tasks = {stage: bars.add_task(stage, total=manifest.videos_count) for stage in _STAGES}
    done = threading.Event()
    with bars:
        watcher = threading.Thread(target=_watch, args=(warehouse, manifest, bars, tasks, done), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            _update(warehouse, manifest, bars, tasks)


def _watch(
    warehouse: Warehouse, manifest: Manifest, bars: Progress, tasks: dict[str, TaskID], done: threading.Event
) -> None:
    while not done.wait(_SECONDS):
        _update(warehouse, manifest, bars, tasks)


def _update(warehouse: Warehouse, manifest: Manifest, bars: Progress, tasks: dict[str, TaskID]) -> None:
    try:
        with warehouse.reader() as reader:
            progress = reader.progress(manifest.videos)
    except WarehouseError as error:
        # The work itself meets the same error and reports it; a progress bar is not a reason to stop.
        bars.console.print(plain(f"Progress cannot be shown: {error}"))
        return
    for stage, task in tasks.items():
        bars.update(task, completed=getattr(progress, stage))
