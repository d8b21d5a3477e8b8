"""What a process holds is told alike wherever it runs."""

import os
import subprocess
import sys

from mixpeek_assets.local_api.work import memory


def test_memory_grows_with_what_is_held() -> None:
    before = memory.resident_bytes(os.getpid())
    held = b"x" * (64 << 20)
    assert memory.resident_bytes(os.getpid()) - before > 0.9 * len(held)


def test_without_proc_it_is_asked_for_elsewhere() -> None:
    told, read = memory.told_by_ps(os.getpid()), memory.resident_bytes(os.getpid())
    assert 0.8 * read < told < 1.25 * read


def test_a_process_that_is_gone_holds_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert memory.resident_bytes(gone.pid) == 0
