"""Pictures as vectors that say what they show, and labels: CLIP's image tower (ViT-B/16, in 8 bits, at 160 pixels).

The whole picture is squeezed into a square: over 310 frames and photos its centre, or several squares, found less. The
user's own CLIP, if there is one, takes its place.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.learned import learned
from mixpeek_local.extract.own_clip import OwnClip, own_model
from mixpeek_local.extract.records import Label, Vector
from mixpeek_local.extract.vectors import unit
from mixpeek_local.models.capabilities import packages_are_installed
from mixpeek_local.models.catalogue import folder
from mixpeek_local.models.onnx import session

DIMENSIONS = 512
"""Length of the vector."""

# Mean and deviation of red, green and blue, as in the training of CLIP.
_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
_INPUT, _OUTPUT = "pixel_values", "image_embeds"

CHECKED = np.linspace(0, 255, 48 * 64 * 3).astype(np.uint8).reshape(48, 64, 3)
"""A picture whose vector is known, to check the processor with."""
_ALIKE = 0.9

LABEL_PROBABILITY = 0.1
"""The lowest probability of a label, which is one of the nearest; what is told as seen is surer (features.py)."""
_MOST_LABELS = 5
# Cosines become probabilities by their differences, divided by this.
_TEMPERATURE = 0.03


class VisionModel:
    """The model, loaded.

    Args:
        folder: Where it is.
        threads: How many a picture may use.
        precise: Let no processor overflow, in up to twice the time.
    """

    def __init__(self, folder: Path, threads: int, *, precise: bool = False) -> None:
        # Weights that are not repacked take 60 MB less, and no more time.
        self._session = session(folder / "model.onnx", threads, repack=False, precise=precise)
        self._side = int(self._session.get_inputs()[0].shape[-1])

    def see(self, picture: NDArray[np.uint8]) -> Vector:
        """The vector of a picture: 512 numbers, unit length; unrelated pictures have cosines around 0.

        Args:
            picture: Red, green and blue, height x width x 3, of any size.
        """
        # All pictures share a large part, which would hide how they differ.
        return unit(self.see_as_it_is(picture) - learned().mean_of_pictures)

    def see_as_it_is(self, picture: NDArray[np.uint8]) -> Vector:
        """The vector before the mean of pictures is subtracted."""
        from PIL import Image

        small = Image.fromarray(picture).resize((self._side, self._side), Image.Resampling.BICUBIC)
        values = (np.asarray(small, np.float32) / 255 - _MEAN) / _DEVIATION
        (found,) = self._session.run([_OUTPUT], {_INPUT: np.ascontiguousarray(values.transpose(2, 0, 1)[None])})
        return unit(np.asarray(found)[0])


def vision_model(threads: int = 1) -> VisionModel | OwnClip | None:
    """The model, loaded once in each process; None if it is not installed.

    Raises:
        UnusableClipError: The user's own CLIP cannot be used.
    """
    own, where = own_model(threads), folder("clip-vit-b16")
    if own is not None:
        return own
    return _loaded(where, threads) if where and packages_are_installed("vision") else None


def labels(seen: Vector, at_least: float = LABEL_PROBABILITY) -> list[Label]:
    """Name what a picture shows, by the nearest of 553 plain words.

    Args:
        seen: The vector of a picture, or the mean of several.
        at_least: The lowest probability of a label.

    Returns:
        At most five names with their probabilities, most probable first.
    """
    own = own_model()
    places, temperature = (own or learned()).places_of_labels, own.temperature if own else _TEMPERATURE
    cosines = places @ seen
    exponents = np.exp((cosines - cosines.max()) / temperature)
    probabilities = exponents / exponents.sum()
    best = np.argsort(-probabilities, kind="stable")[:_MOST_LABELS]
    return [
        Label(learned().labels[index], float(probabilities[index]))
        for index in best
        if probabilities[index] >= at_least
    ]


@cache
def _loaded(where: Path, threads: int) -> VisionModel:
    model = VisionModel(where, threads)
    if model.see(CHECKED) @ learned().checked >= _ALIKE:
        return model
    # x86 processors without VNNI overflow in sums of 8-bit products: on a Haswell the cosine is 0.0.
    return VisionModel(where, threads, precise=True)
