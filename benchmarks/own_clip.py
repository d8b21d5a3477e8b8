"""What the CLIP that you brought costs, in seconds of the CPU: ``python -m benchmarks.own_clip`` (docs/own-clip.md)."""

import os
import shutil
import sys
import time
from collections.abc import Callable

import numpy as np

from mixpeek_local.errors import UnusableClipError
from mixpeek_local.extract.own_clip import own_model
from mixpeek_local.extract.space import shared_space
from mixpeek_local.models.catalogue import root
from mixpeek_local.models.own_clip import own_clip
from mixpeek_local.work.memory import resident_bytes

TIMES = 20
WORDS = "a dog that runs on the beach"


def main() -> None:
    """Try the pair as if it were new, and time what a server does with it."""
    folder = root() / "clip"
    shutil.rmtree(folder / "made", ignore_errors=True)
    try:
        _line("to try the pair", own_clip)
        model = own_model()
        if model is None:
            sys.exit(f"There is no folder {folder}.")
        _line("to embed labels and sounds, once", _embed_all)
        picture = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
        _line("a picture", lambda: model.see(picture), TIMES)
        _line("a short text", lambda: model.embed([WORDS]), TIMES)
    except UnusableClipError as error:
        sys.exit(f"{error}.")
    print(f"vectors of {model.dimensions} numbers, {_megabytes():.0f} MB of memory with both towers")


def _embed_all() -> None:
    if space := shared_space():
        space.of_query([WORDS])


def _line(what: str, do: Callable[[], object], times: int = 1) -> None:
    start = time.process_time()
    for _ in range(times):
        do()
    print(f"{(time.process_time() - start) / times:8.2f} s  {what}", flush=True)


def _megabytes() -> float:
    return resident_bytes(os.getpid()) / 1e6


if __name__ == "__main__":
    main()
