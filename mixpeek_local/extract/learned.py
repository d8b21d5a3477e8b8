"""What was learned about the vision model, in two files of `data/`; `python -m mixpeek_local.learn` makes them.

Packages carry CLIP's image tower and not its text tower. But CLIP reads: a word that is drawn, black on white, has a
vector near to those of pictures that show what it means. So from some 5,000 drawn texts, and no picture, a linear map
was fitted (ridge regression) from CLIP's space to that of the sentence model.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Learned:
    """The constants.

    Attributes:
        mean_of_pictures: 512 numbers, of CLIP's vectors of unit length.
        mean_of_words: 384 numbers, of the sentence model's.
        to_words: The map, 512 x 384.
        checked: The vector of a picture with which the vision model checks the processor: 512 numbers, unit length.
        labels: Plain words for what pictures show.
        places_of_labels: Their places among pictures: label x 512, unit length.
    """

    mean_of_pictures: NDArray[np.float32]
    mean_of_words: NDArray[np.float32]
    to_words: NDArray[np.float32]
    checked: NDArray[np.float32]
    labels: tuple[str, ...]
    places_of_labels: NDArray[np.float32]


@cache
def learned() -> Learned:
    """Read the constants, once in each process."""
    with np.load(FOLDER / "clip.npz") as kept:
        arrays = {name: kept[name].astype(np.float32) for name in kept.files}
    return Learned(labels=tuple((FOLDER / "labels.txt").read_text(encoding="utf-8").splitlines()), **arrays)
