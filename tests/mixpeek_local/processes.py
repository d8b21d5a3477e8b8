"""Servers and their users as processes of their own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import orjson

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.state import api_key, endpoint
from tests.mixpeek_local.caller import Caller, until

SERVE = [sys.executable, "-m", "mixpeek_local"]

# A caller in a process of its own: it uses the server until its standard input ends.
USE = """
import sys
from pathlib import Path
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.process import running
with running(LocalApiConfig(Path(sys.argv[1]))) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=subprocess.STDOUT, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def first_line(started: subprocess.Popen[str]) -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()


def server_pid(state_dir: Path) -> int:
    return orjson.loads((state_dir / "endpoint.json").read_bytes())["pid"]


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, check=False)
    return [int(line) for line in found.stdout.split()]


def is_gone(pid: int) -> bool:
    # A zombie is gone: its parent, here the container's first process, may be slow to collect it.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], stdout=subprocess.PIPE, check=False)
    return not state.stdout.strip() or state.stdout.startswith(b"Z")


def caller(config: LocalApiConfig) -> Caller:
    return Caller(until(lambda: endpoint(config.state_dir)), api_key(config.state_dir))


def serving(config: LocalApiConfig, *options: str) -> AbstractContextManager[subprocess.Popen[str]]:
    folders = [f"--allow-folder={folder}" for folder in config.allowed_folders]
    hosts = [f"--allow-host={host}" for host in config.allowed_hosts]
    return process(*SERVE, f"--state-dir={config.state_dir}", *folders, *hosts, *options)
