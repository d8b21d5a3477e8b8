"""Seconds and memory per minute of video, by model of the local API: ``python -m benchmarks.models [video ...]``.

Without arguments it takes the packaged samples. Every cell is a process of its own: it loads the models with a first,
untimed extraction, then extracts `RUNS` times; the table has the median and the process's peak of resident memory.
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

from mixpeek_local.extract import extract
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.samples import FOLDER

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


def in_a_process(models: str, video: Path) -> dict[str, float]:
    """Measure in a fresh process."""
    with tempfile.TemporaryDirectory() as empty:
        folder = {"MIXPEEK_MODELS": empty} if models == "no models" else {}
        command = [sys.executable, "-m", "benchmarks.models", "--measure", models, str(video)]
        done = subprocess.run(command, env=os.environ | folder, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]))))
    else:
        main([Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.mp4")))
