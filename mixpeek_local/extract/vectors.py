"""The arithmetic that all vectors share."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixpeek_local.extract.records import Vector


def soft_unit(values: NDArray[np.floating], floor: float) -> NDArray[np.floating]:
    """Scale to a length below 1 that falls to 0 as `values` fall below `floor`.

    A flat picture or a silent second has almost no pattern; plain normalisation would amplify its noise.
    """
    return values / np.sqrt(np.sum(values * values) + floor * floor)


def unit(values: ArrayLike) -> Vector:
    """Scale to length 1, in float32. All descriptors have a part above 0, so the length is never 0."""
    wide = np.asarray(values, np.float64)
    return (wide / np.linalg.norm(wide)).astype(np.float32)


def units(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row to length 1; a row of zeros stays so."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
