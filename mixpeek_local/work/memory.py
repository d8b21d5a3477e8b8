"""The memory of a process: how much it uses, its limit, and what it gives back."""

import ctypes
import os
import resource
import subprocess
from contextlib import suppress
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(4 << 20), "MALLOC_TRIM_THRESHOLD_": str(32 << 20)}
"""The environment of a worker: for each of its threads, glibc would keep what was freed, and pictures in one heap with
what stays. With this, and `give_back_memory`, a worker that took six videos held 290 MB at last, and 570 without."""

_SLACK_BYTES = 4 << 30
"""Above the supervisor's limit: reserved memory counts here too, and the supervisor gives a better reason."""


def resident_bytes(pid: int) -> int:
    """The resident memory of a process; 0 if it has ended.

    Address space does not count: inference engines reserve far more than they use.
    """
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE_BYTES
    except FileNotFoundError:
        return resident_bytes_by_ps(pid)
    except ProcessLookupError:
        return 0


def resident_bytes_by_ps(pid: int) -> int:
    """The same without /proc, as on macOS."""
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], stdout=subprocess.PIPE, check=False).stdout  # noqa: S603, S607
    return int(said or 0) * 1024


def limit_memory(max_memory: int) -> None:
    """Limit the memory of this process, some way above what it may use, in case the supervisor is too late.

    If the machine runs out of memory all the same, the kernel kills this process and not the server (Linux). Core dumps
    are off, because nobody needs one of a crashed decoder.
    """
    _lower(resource.RLIMIT_DATA, max_memory + _SLACK_BYTES)
    _lower(resource.RLIMIT_CORE, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def give_back_memory() -> None:
    """Give back to the system what was freed, which glibc keeps for later; elsewhere there is nothing to do."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def too_much_memory(max_memory: int) -> str:
    """The reason for a video that needs more memory."""
    return f"the video needs more memory than this server gives it ({max_memory:,} bytes)"


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (limit, limit))
