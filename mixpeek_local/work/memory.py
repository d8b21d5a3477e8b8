"""How much memory a process holds, and what the kernel holds it to."""

import os
import resource
import subprocess
from contextlib import suppress
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

_SLACK_BYTES = 4 << 30
"""What is reserved and not used counts too, and a supervisor that is in time gives a better reason."""


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


def hold_back(max_memory: int) -> None:
    """Hold this process to some more than it may have: its supervisor looks five times a second, and may come too late.

    Should the machine run out of memory all the same, the kernel ends this process and not the server (Linux). A core
    dump of a decoder that crashed is of no use to anyone.
    """
    _lower(resource.RLIMIT_DATA, max_memory + _SLACK_BYTES)
    _lower(resource.RLIMIT_CORE, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def too_much_memory(max_memory: int) -> str:
    """What is said of a video that takes more than that."""
    return f"the video needs more memory than this server gives it ({max_memory:,} bytes)"


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (limit, limit))
