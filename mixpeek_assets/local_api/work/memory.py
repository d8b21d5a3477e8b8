"""How much memory a process holds."""

import os
import subprocess
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """What a process holds in memory now; 0 for one that is gone.

    Address space is not counted: inference engines reserve far more of it than they use.
    """
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE_BYTES
    except FileNotFoundError:
        return told_by_ps(pid)
    except ProcessLookupError:
        return 0


def told_by_ps(pid: int) -> int:
    """The same where there is no /proc, as on macOS."""
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], stdout=subprocess.PIPE, check=False).stdout  # noqa: S603, S607
    return int(said or 0) * 1024
