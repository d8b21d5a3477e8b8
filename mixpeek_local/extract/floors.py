"""Floors of scores: below its floor, a hit is only the nearest there is, and nothing like the words."""

from collections.abc import Mapping

from mixpeek_local.extract.offered import own_space
from mixpeek_local.extract.records import Modality

# A floor trades two shares: of queries about what no video has, those that it stops; of right first hits, those that
# it keeps. There is one for each kind of what is compared with words; in `text` that is words alone.
# Of `benchmarks.found --floors`, chosen with both halves in view: of 60 queries for which there is nothing each stops
# eight or nine of ten by itself, all together two of three, and nine of ten right first hits are kept.
_PICTURES, _WORDS, _SOUNDS = 0.37, 0.37, 0.31
_WORDS_ALONE = 0.38

_FLOORS: Mapping[str, Mapping[Modality, float]] = {
    "multimodal": {"video": _PICTURES, "image": _PICTURES, "text": _WORDS, "audio": _SOUNDS},
    "text": {"video": _WORDS_ALONE, "text": _WORDS_ALONE, "audio": _WORDS_ALONE},
}


def floors(index: str) -> Mapping[Modality, float] | None:
    """The lowest score of a hit of each modality; None where it is not known.

    Args:
        index: The named vector that words are looked for in. Of a CLIP of the user's own no floor is known.
    """
    return None if index == "multimodal" and own_space() else _FLOORS.get(index)
