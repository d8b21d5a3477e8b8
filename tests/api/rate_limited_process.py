"""A process that sends requests as fast as the shared budget lets it: `python -m tests.api.rate_limited_process`."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.concurrency import map_concurrently
from mixpeek_assets.api.errors import RateLimitedError
from mixpeek_assets.api.rate_limit import limit_in_folder
from mixpeek_assets.api.transport import RetryPolicy
from tests.fakes.mixpeek import KEY

Process = subprocess.Popen[str]


@contextmanager
def rate_limited_processes(
    folder: Path, url: str, budget: int, window: float, *names_and_threads: tuple[str, int]
) -> Iterator[list[Process]]:
    """Start processes that share a budget; each sends under its name, with so many threads, once `send_for` lets it."""
    with ExitStack() as started:
        processes = list[Process]()
        for name, threads in names_and_threads:
            command = [
                sys.executable,
                "-m",
                "tests.api.rate_limited_process",
                folder,
                url,
                name,
                threads,
                budget,
                window,
            ]
            process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            started.callback(_end, process)
            processes.append(process)
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield processes


def send_for(processes: list[Process], seconds: float) -> None:
    """Let them send for some seconds."""
    for process in processes:
        assert process.stdin is not None
        print(seconds, file=process.stdin, flush=True)
    for process in processes:
        assert process.wait(60) == 0


def _end(process: Process) -> None:
    process.kill()
    process.communicate()


def _send(folder: str, url: str, name: str, threads: str, budget: str, window: str) -> None:
    limit = limit_in_folder(Path(folder), int(budget), url, timedelta(seconds=float(window)))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    until = time.monotonic() + float(sys.stdin.readline())
    policy = RetryPolicy(connect=5, read=20, attempts=1, until=until)
    with AssetsClient(url, SecretStr(KEY), namespace=name, limit=limit, policy=policy) as client:
        try:
            for _, error in map_concurrently(lambda number: client.get_task(str(number)), count(), int(threads)):
                if isinstance(error, Exception):
                    raise error
        except RateLimitedError:
            return


if __name__ == "__main__":
    _send(*sys.argv[1:])
