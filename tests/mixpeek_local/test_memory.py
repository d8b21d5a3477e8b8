"""What a process holds is told alike wherever it runs, and a worker can hold no more than its share."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.process import running
from mixpeek_local.work import memory
from tests.mixpeek_local.caller import until
from tests.mixpeek_local.processes import children, server_pid

GREEDY = """
import sys
from mixpeek_local.work.memory import limit_memory
limit_memory(256 << 20)
bytearray(1 << 30)
try:
    bytearray(5 << 30)
except MemoryError:
    sys.exit(7)
"""


def test_memory_grows_with_what_is_held() -> None:
    before = memory.resident_bytes(os.getpid())
    held = b"x" * (64 << 20)
    assert memory.resident_bytes(os.getpid()) - before > 0.9 * len(held)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps what was freed")
def test_what_is_freed_is_given_back() -> None:
    held = [np.ones(8_000) for _ in range(1_000)]
    before = memory.resident_bytes(os.getpid())
    held = held[::100] + held[-1:]  # what is left lies between, and on top
    memory.give_back_memory()
    assert before - memory.resident_bytes(os.getpid()) > 40 << 20
    assert len(held) == 11


def test_without_proc_it_is_asked_for_elsewhere() -> None:
    told, read = memory.resident_bytes_by_ps(os.getpid()), memory.resident_bytes(os.getpid())
    assert 0.8 * read < told < 1.25 * read


def test_a_process_that_is_gone_holds_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert memory.resident_bytes(gone.pid) == 0


def test_a_process_that_takes_all_at_once_gets_nothing() -> None:
    assert subprocess.run([sys.executable, "-c", GREEDY], check=False, timeout=60).returncode == 7


def _limits(pid: int, max_memory: int) -> dict[str, str] | None:
    lines = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()[1:]
    limits = {line[:26].strip(): line[26:].split()[0] for line in lines}
    return limits if limits["Max data size"] == str(max_memory + (4 << 30)) else None  # once it has begun its work


def test_a_worker_is_held_to_its_share_and_is_the_first_to_go(own: LocalApiConfig) -> None:
    with running(own):
        server = server_pid(own.state_dir)
        (worker,) = children(server)
        # It tells its limits in columns: their names, and what they are now.
        lines = until(lambda: _limits(worker, own.max_memory))
        assert lines["Max core file size"] == "0"
        assert Path(f"/proc/{worker}/oom_score_adj").read_text().strip() == "1000"
        environment = Path(f"/proc/{worker}/environ").read_text(encoding="utf-8").split("\0")
        assert {f"{name}={value}" for name, value in memory.ALLOCATOR.items()} <= set(environment)
        assert Path(f"/proc/{server}/oom_score_adj").read_text().strip() != "1000"
