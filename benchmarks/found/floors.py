"""From which similarity on is a hit like what is looked for? Below the floor, a search should say that nothing is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.found.ask import HALVES, Query, absent
from benchmarks.found.index import Index
from benchmarks.found.search import Hit, ranked
from mixpeek_local.extract import floors as server

_STEP = 0.02
_LEVELS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)


@dataclass(frozen=True)
class _Hits:
    """Hits that have a floor of their own.

    Attributes:
        space: The name of the vector.
        modalities: Of the hits.
        kinds: The queries that are meant for them.
    """

    space: str
    modalities: tuple[str, ...]
    kinds: tuple[str, ...]


_HITS = {
    "pictures": _Hits("multimodal", ("video", "image"), ("shown",)),
    "texts": _Hits("multimodal", ("text",), ("said", "written")),
    "sounds": _Hits("multimodal", ("audio",), ("heard",)),
    "words only: the `text` vectors": _Hits("text", ("video", "text", "audio"), ("said", "written")),
}
_TOGETHER = ("pictures", "texts", "sounds")


def floors(everything: Index, asked: Sequence[Query]) -> None:
    """Print, floor by floor, what share of the absent queries it stops, and what share of right first hits it keeps.

    An absent query is stopped if its best hit is below the floor. Only the hits of one modality are ranked; at the end,
    all are, each with the floor of its own modality.
    """
    nothing = dict(absent())
    for name, hits in _HITS.items():
        stopped = _similarities(_best(everything, hits, list(nothing)), list(nothing.values()))
        meant = [one for one in asked if one.kind in hits.kinds]
        best = _best(everything, hits, [one.words for one in meant])
        right = [(hit, one.half) for hit, one in zip(best, meant, strict=True) if one.is_answered_by(hit.moment)]
        kept = _similarities([hit for hit, _ in right], [half for _, half in right])
        _print(name, stopped, kept)
    _print_together(everything, asked, nothing)


def _best(everything: Index, hits: _Hits, texts: Sequence[str]) -> list[Hit]:
    """The first hit of these modalities, for each text."""
    found = ranked(everything, hits.space, texts)
    return [next(hit for hit in each if hit.moment.modality in hits.modalities) for each in found]


def _similarities(hits: Sequence[Hit], halves: Sequence[str]) -> dict[str, np.ndarray]:
    return {
        half: np.array([hit.similarity for hit, its in zip(hits, halves, strict=True) if its == half])
        for half in HALVES
    }


def _print(name: str, stopped: Mapping[str, np.ndarray], kept: Mapping[str, np.ndarray]) -> None:
    counts = ", ".join(f"{len(stopped[half])} absent, {len(kept[half])} right ({half})" for half in HALVES)
    print(f"\n{name}: {counts}\n")
    _header("floor", *(f"{half}: absent stopped | right kept" for half in HALVES))
    low, high = np.quantile(np.concatenate([*stopped.values()]), [0.2, 0.99]).round(2)
    for floor in np.arange(low, high, _STEP):
        cells = [f"{np.mean(stopped[half] < floor):.2f} | {np.mean(kept[half] >= floor):.2f}" for half in HALVES]
        print(f"| {floor:.2f} | {' | '.join(cells)} |")


def _print_together(everything: Index, asked: Sequence[Query], nothing: Mapping[str, str]) -> None:
    """The server's floors together, and floors that each stop the same share of the absent queries to tune on."""
    best = {name: _best(everything, _HITS[name], list(nothing)) for name in _TOGETHER}
    first = [next(hits) for hits in ranked(everything, "multimodal", [one.words for one in asked])]
    print("\nTogether: as the server has them, and each stopping the same share of the absent queries to tune on\n")
    _header("share", *_TOGETHER, *(f"{half}: absent stopped | right kept" for half in HALVES))
    halves = list(nothing.values())
    chosen = {
        f"{level:.2f}": {
            name: float(np.quantile(_similarities(hits, halves)[HALVES[0]], level)) for name, hits in best.items()
        }
        for level in _LEVELS
    }
    for share, floor in {"the server's": _servers(), **chosen}.items():
        cells = [share, *(f"{floor[name]:.2f}" for name in _TOGETHER)]
        for half in HALVES:
            stopped = [
                all(best[name][number].similarity < floor[name] for name in _TOGETHER)
                for number, its in enumerate(halves)
                if its == half
            ]
            kept = [
                hit.similarity >= floor[_name(hit)]
                for hit, one in zip(first, asked, strict=True)
                if one.half == half and one.is_answered_by(hit.moment)
            ]
            cells.append(f"{np.mean(stopped):.2f} | {np.mean(kept):.2f}")
        print(f"| {' | '.join(cells)} |")


def _servers() -> dict[str, float]:
    by_modality = server.floors("multimodal") or {}
    return {
        name: floor
        for name in _TOGETHER
        for modality, floor in by_modality.items()
        if modality in _HITS[name].modalities
    }


def _name(hit: Hit) -> str:
    return next(name for name in _TOGETHER if hit.moment.modality in _HITS[name].modalities)


def _header(*names: str) -> None:
    row = " | ".join(names)
    print(f"| {row} |\n|{'---|' * (row.count('|') + 1)}")
