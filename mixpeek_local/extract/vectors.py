"""The arithmetic that all vectors share."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixpeek_local.extract.records import Vector


def soft_unit(values: NDArray[np.floating], floor: float) -> NDArray[np.floating]:
    """Scale to a length below 1 that falls to 0 as `values` fall below `floor`.

    A flat picture or a silent second has next to no pattern; plain normalisation would blow its noise up.
    """
    return values / np.sqrt(np.sum(values * values) + floor * floor)


def unit(values: ArrayLike) -> Vector:
    """Scale to length 1, in float32. The descriptors hold a part that is never 0, so a length always exists."""
    wide = np.asarray(values, np.float64)
    return (wide / np.linalg.norm(wide)).astype(np.float32)
