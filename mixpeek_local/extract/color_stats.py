"""Statistics of a frame's colours and edges: a vector without a model.

The vector (401 numbers, unit length) joins four descriptions of the frame, resized to 128 x 128 pixels:

- layout, 192: the mean Y, Cb, Cr of an 8 x 8 grid, Y relative to the frame's mean, so that light matters less;
- colours, 80: histograms of chroma (8 x 8) and luma (16), as square roots (Hellinger), minus their mean;
- edges, 128: gradient energy in 8 directions over a 4 x 4 grid, as square roots, minus their mean;
- brightness, 1: always above 0, so that a black frame has a direction too.

Centred parts make unrelated frames nearly orthogonal; soft normalisation keeps noise in flat frames small.
"""

from dataclasses import dataclass
from functools import cache

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.vectors import soft_unit, unit

SIDE = 128
"""Width and height, in pixels, of the picture that is described."""

DIMENSIONS = 401
"""Length of the vector."""

BLANK_CONTRAST = 3.0
"""With a lower standard deviation of luma (0 to 255) a frame is black, white or of one colour."""

_LAYOUT_WEIGHT, _COLOUR_WEIGHT, _EDGE_WEIGHT = 1.0, 0.8, 1.0
_GRID, _CHROMA_BINS, _LUMA_BINS, _EDGE_GRID, _DIRECTIONS = 8, 8, 16, 4, 8
# ITU-R BT.601, full range.
_TO_YCBCR = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)


@dataclass(frozen=True)
class FrameStats:
    """The statistics of a frame.

    Attributes:
        time: When it is shown, in seconds.
        vector: See the module's docstring.
        sharpness: Variance of the Laplacian of luma.
        contrast: Standard deviation of luma, 0 to 127.5.
        luma: The small picture in grey, `SIDE` x `SIDE`, 0 to 255.
    """

    time: float
    vector: Vector
    sharpness: float
    contrast: float
    luma: NDArray[np.float32]


def frame_stats(frame: av.VideoFrame, time: float, reformatter: VideoReformatter) -> FrameStats:
    """Analyse a decoded frame of any size and pixel format."""
    small = reformatter.reformat(frame, width=SIDE, height=SIDE, format="rgb24", interpolation="AREA")
    pixels = np.rot90(small.to_ndarray(), k=frame.rotation // 90)
    ycbcr = pixels.astype(np.float32) @ _TO_YCBCR.T
    luma = np.ascontiguousarray(ycbcr[..., 0])
    return FrameStats(
        time=time,
        vector=describe(ycbcr),
        sharpness=float(np.var(_laplacian(luma))),
        contrast=float(np.std(luma)),
        luma=luma,
    )


def describe(ycbcr: NDArray[np.float32]) -> Vector:
    """Turn a picture into its vector.

    Args:
        ycbcr: `SIDE` x `SIDE` x 3; Y from 0 to 255, Cb and Cr around 0.
    """
    luma = np.ascontiguousarray(ycbcr[..., 0])
    brightness = 0.1 + 0.2 * float(luma.mean()) / 255
    return unit(
        np.concatenate(
            [
                _LAYOUT_WEIGHT * _layout(ycbcr),
                _COLOUR_WEIGHT * _colours(ycbcr[::2, ::2]),
                _EDGE_WEIGHT * _edges(luma),
                [brightness],
            ]
        )
    )


def _layout(ycbcr: NDArray[np.float32]) -> NDArray[np.floating]:
    cell = SIDE // _GRID
    grid = ycbcr.reshape(_GRID, cell, _GRID, cell, 3).mean(axis=(1, 3))
    grid[..., 0] -= grid[..., 0].mean()
    grid[..., 1:] *= 2  # chroma spans half of luma's range at most
    return soft_unit(grid.ravel(), floor=60)


def _colours(ycbcr: NDArray[np.float32]) -> NDArray[np.floating]:
    # Most chroma is close to grey: the square root gives it more of the bins.
    chroma = ycbcr[..., 1:] / 128
    spread = np.sign(chroma) * np.sqrt(np.abs(chroma))
    fine = np.clip((spread + 1) * 16, 0, 31).astype(np.intp)
    pairs = np.bincount((fine[..., 0] * 32 + fine[..., 1]).ravel(), minlength=1024).reshape(32, 32)
    hues = _overlap(32, _CHROMA_BINS) @ pairs @ _overlap(32, _CHROMA_BINS).T
    levels = np.bincount(np.clip(ycbcr[..., 0] / 4, 0, 63).astype(np.intp).ravel(), minlength=64)
    luma = _overlap(64, _LUMA_BINS) @ levels
    return np.concatenate([_root(np.asarray(hues, np.float64).ravel()), 0.5 * _root(luma)])


def _edges(luma: NDArray[np.float32]) -> NDArray[np.floating]:
    down = luma[2:, 1:-1] - luma[:-2, 1:-1]
    across = luma[1:-1, 2:] - luma[1:-1, :-2]
    strength = np.hypot(across, down)
    # A direction and its opposite are one edge. Each pixel votes for the two nearest directions.
    angle = np.arctan2(down, across) * (_DIRECTIONS / np.pi) % _DIRECTIONS
    low = np.floor(angle)
    share = angle - low
    first = low.astype(np.intp) % _DIRECTIONS
    cells = _edge_cells() * _DIRECTIONS
    votes = np.bincount(
        (cells + first).ravel(), (strength * (1 - share)).ravel(), minlength=_EDGE_GRID**2 * _DIRECTIONS
    )
    votes += np.bincount((cells + (first + 1) % _DIRECTIONS).ravel(), (strength * share).ravel(), minlength=votes.size)
    # Edges of 2 of 255 levels everywhere count half.
    certainty = float(strength.mean()) / (float(strength.mean()) + 2)
    return certainty * _root(votes)


def _root(counts: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.floating]:
    roots = np.sqrt(counts / max(float(counts.sum()), 1e-9))
    return roots - roots.mean()


def _laplacian(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    return luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]


@cache
def _edge_cells() -> NDArray[np.intp]:
    index = np.arange(SIDE - 2) * _EDGE_GRID // (SIDE - 2)
    return index[:, None] * _EDGE_GRID + index[None, :]


@cache
def _overlap(fine: int, coarse: int) -> NDArray[np.float64]:
    """Weights that sum fine bins into overlapping coarse ones, so that a colour at a border does not jump."""
    position = (np.arange(fine) + 0.5) / fine * coarse - 0.5
    weights = np.clip(1 - np.abs(position[None, :] - np.arange(coarse)[:, None]), 0, None)
    return weights / weights.sum(axis=0)
