"""Where a sound is in the space of words: one place for all that is heard in it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.vectors import unit, units

# Of the ridge regression: more is nearer to the plain sum of the classes' places.
_RIDGE = 3.0
# A score below the first is noise; if none reaches the second, the sound has no place.
_FAINT, _AUDIBLE = 0.03, 0.1


class SoundPlaces:
    """The places of sounds: 384 numbers, unit length.

    The plain sum of the places of a sound's classes, weighted by their scores, is near to whatever resembles many of
    them, and mostly the place of "Speech" or "Music". So the weights are those of a ridge regression: words that are
    near to the name of one class find sounds with a high score of that class, whatever else there is to hear. Of the
    31 queries that `benchmarks.heard` reports, 13 find a right stretch first, 8 by the plain sum, 1 by the place of the
    best class alone.

    Args:
        names: Of the classes, in the order of the scores.
        places: The places of the names: class x 384.
    """

    def __init__(self, names: Sequence[str], places: NDArray[np.float32]) -> None:
        rows = units(places)
        self._weights = np.linalg.solve(rows.T @ rows + _RIDGE * np.eye(rows.shape[1]), rows.T).T
        # Nobody looks for silence, which is in every pause.
        self._counts = np.array([name != "Silence" for name in names])

    def of(self, scores: NDArray[np.float32]) -> Vector | None:
        """The place of a sound; None if no class scores high enough.

        Args:
            scores: Of the classes, each from 0 to 1.
        """
        heard = np.where(self._counts & (scores >= _FAINT), scores, 0)
        # The root lets a short sound count beside a lasting one.
        return unit(np.sqrt(heard) @ self._weights) if heard.max() >= _AUDIBLE else None
