"""Arrays that take a while to work out are kept in a file."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def kept(file: Path, work_out: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Read an array, or work it out and keep it; another process may do the same."""
    if file.exists():
        return np.load(file)
    array = work_out()
    # If the folder cannot be written, this takes its time again in the next process.
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=file.parent) as work:
            new = Path(work) / file.name
            np.save(new, array)
            new.rename(file)
    return array
