"""Floors of scores: below its floor, a hit is only the nearest there is, and nothing like the words."""

from collections.abc import Mapping

from mixpeek_local.extract.records import Modality

# A floor trades two shares: of queries about what no video has, those that it stops; of right first hits, those that
# it keeps. There is one for each kind of what is compared with words; in `text` that is words alone.
# These are first values, by eye; a set of real videos is to calibrate them.
_PICTURES, _WORDS, _SOUNDS = 0.33, 0.30, 0.30
_WORDS_ALONE = 0.30

FLOORS: Mapping[str, Mapping[Modality, float]] = {
    "multimodal": {"video": _PICTURES, "image": _PICTURES, "text": _WORDS, "audio": _SOUNDS},
    "text": {"video": _WORDS_ALONE, "text": _WORDS_ALONE, "audio": _WORDS_ALONE},
}
"""Of each named vector that words are looked for in: the lowest score of a hit of each modality."""
