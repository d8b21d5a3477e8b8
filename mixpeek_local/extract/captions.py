"""Captions: the lines read in frame after frame become texts with their time on the screen."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from mixpeek_local.extract.line_tracks import Sighting, Track, begun, gaps, overlap, paired
from mixpeek_local.extract.ocr import Box, Line, in_reading_order
from mixpeek_local.extract.place_history import PlaceHistory

# Lines that are read in one frame only are misread most often.
_SURE_AT_ONCE = 0.9
# Lines of one block are side by side in this share of the frames that show either of them.
_TOGETHER = 0.7
# Side by side: similar heights, and a gap of at most this share of the height, or this many characters.
_HEIGHT_RATIO, _GAP_DOWN, _GAP_ACROSS = 1.8, 0.4, 1.0


@dataclass(frozen=True)
class Caption:
    """A text and its time on the screen.

    Attributes:
        start: The second of the first frame that showed it, of those that are analysed.
        end: The second of the first frame that did not show it any more.
        text: A line, or the lines of a block, joined by spaces.
        confidence: 0 to 1.
        box: Where it was.
    """

    start: float
    end: float
    text: str
    confidence: float
    box: Box


@dataclass(eq=False)
class _Text:
    """A text in one place.

    Attributes:
        sightings: The frames in which it was read.
        end: When it was gone.
    """

    sightings: list[Sighting]
    end: float

    @property
    def start(self) -> float:
        return self.sightings[0].since

    def line(self) -> Line:
        """The reading with the highest sum of confidences, where it was surest."""
        texts = [one.line.text for one in self.sightings]
        usual = max(texts, key=lambda text: sum(one.line.confidence for one in self.sightings if one.line.text == text))
        return max((one.line for one in self.sightings if one.line.text == usual), key=lambda line: line.confidence)

    def moves(self) -> bool:
        return not overlap(self.sightings[0].line.box, self.sightings[-1].line.box)


class Captions:
    """Tracks lines of text over the frames that are read."""

    def __init__(self) -> None:
        self._there: list[Track] = []
        self._over: list[Track] = []

    def add(self, time: float, lines: Iterable[Line], history: PlaceHistory) -> None:
        """Take what was read in the frame at `time` seconds; frames come in order.

        Args:
            time: In seconds.
            lines: What was read.
            history: The pictures since the frame that was read before, to this one.
        """
        new = list(lines)
        known = paired(self._there, new, history)
        for track in self._there:
            if track not in known.values():
                track.miss(time, history)
        seen: list[Sighting] = []
        for number, line in enumerate(new):
            if number in known:
                seen.append(known[number].see(time, line, history))
            else:
                self._there.append(begun(time, line, history))
                seen += self._there[-1].sightings
        for one, other in combinations(seen, 2):
            if _side_by_side(one.line, other.line):
                one.beside.append(other)
                other.beside.append(one)
        self._over += [track for track in self._there if track.is_over(time)]
        self._there = [track for track in self._there if not track.is_over(time)]

    def finish(self, end: float) -> list[Caption]:
        """Return all captions by their start; those still on the screen end at `end`."""
        for track in self._there:
            track.there = end
        texts = [_Text(*text) for track in self._over + self._there for text in track.texts()]
        found = [one for one in texts if len(one.sightings) > 1 or one.line().confidence >= _SURE_AT_ONCE]
        self._over, self._there = [], []
        captions = [_caption(block) for block in _blocks(found)]
        return sorted(captions, key=lambda one: (one.start, one.box[1], one.box[0]))


def _side_by_side(one: Line, other: Line) -> bool:
    """Whether they are placed like the lines of a block, or like the parts of a line."""
    low, high = sorted((one.box[3], other.box[3]))
    if high > _HEIGHT_RATIO * low:
        return False
    across, down = gaps(one.box, other.box)
    if across < 0:
        return down < _GAP_DOWN * low
    character = min(line.box[2] / len(line.text) for line in (one, other))
    return down < -low / 2 and across < _GAP_ACROSS * character


def _blocks(found: Iterable[_Text]) -> list[list[_Text]]:
    texts = {sighting: text for text in found for sighting in text.sightings}
    beside = {
        text: Counter(texts[other] for one in text.sightings for other in one.beside if other in texts)
        for text in texts.values()
    }
    blocks: list[list[_Text]] = []
    for one in beside:
        near = [block for block in blocks if any(_is_one_block(one, other, beside[one][other]) for other in block)]
        blocks = [block for block in blocks if block not in near]
        blocks.append([one, *(other for block in near for other in block)])
    return blocks


def _is_one_block(one: _Text, other: _Text, together: int) -> bool:
    return together >= _TOGETHER * max(len(one.sightings), len(other.sightings))


def _caption(block: list[_Text]) -> Caption:
    if any(text.moves() for text in block):
        lines = [one.line() for one in sorted(block, key=lambda one: (one.start, one.sightings[0].line.box[1]))]
    else:
        lines = in_reading_order(one.line() for one in block)
    left, top = (min(line.box[side] for line in lines) for side in (0, 1))
    right, bottom = (max(line.box[side] + line.box[side + 2] for line in lines) for side in (0, 1))
    characters = sum(len(line.text) for line in lines)
    return Caption(
        start=min(one.start for one in block),
        end=max(one.end for one in block),
        text=" ".join(line.text for line in lines),
        confidence=sum(line.confidence * len(line.text) for line in lines) / characters,
        box=(left, top, round(right - left, 4), round(bottom - top, 4)),
    )
