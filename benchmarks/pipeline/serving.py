"""The benchmark server as a process of its own."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Server:
    """A benchmark server that runs."""

    url: str

    def told(self) -> dict[str, Any]:
        """Return what was asked for since the last time: counts by endpoint, and which tasks in which order."""
        with urllib.request.urlopen(f"{self.url}/told", timeout=30) as reply:
            return json.load(reply)


@contextmanager
def serving(
    *,
    style: Literal["assets", "documents"] = "assets",
    latency_ms: float = 0,
    megabytes_a_second: float = 0,
    features: int = 10,
    dimensions: int = 1024,
    settled: bool = True,
) -> Iterator[Server]:
    """Run a server until the block ends; one of documents has two embeddings for each, the other of 1,408 floats."""
    command = [sys.executable, "-m", "benchmarks.pipeline.server", f"--style={style}", f"--latency-ms={latency_ms}"]
    command += [
        f"--megabytes-a-second={megabytes_a_second}",
        f"--features={features}",
        f"--dimensions={dimensions}",
        *([] if settled else ["--unsettled"]),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}")
        process.stdin.close()
