"""Captions: the lines read in frame after frame become texts with their time on the screen."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import combinations

from mixpeek_local.extract.ocr import Box, Line, in_reading_order

# How similar two readings of one line must be, in the same place and elsewhere.
_LIKE_IN_PLACE, _LIKE_ELSEWHERE = 0.6, 0.8
_SAME_PLACE = 0.3
# A line that is read again within this time did not disappear.
_BLINK_SECONDS = 1.5
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
        start: The second of the first frame in which it was read.
        end: The second of the first frame without it.
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
class _TrackedLine:
    """A line that is tracked over the frames.

    Attributes:
        start: When it was first read.
        first, last: Its first and its last reading.
        gone: When it was first missing, if it is.
        readings: For each text that was read, the surest reading and the sum of the confidences.
        frames: The number of frames in which it was read.
        beside: In how many of them each other line was beside it.
    """

    start: float
    first: Line
    last: Line
    seen: float = 0.0
    gone: float | None = None
    frames: int = 0
    readings: dict[str, tuple[Line, float]] = field(default_factory=dict)
    beside: Counter["_TrackedLine"] = field(default_factory=Counter)

    def see(self, time: float, line: Line) -> None:
        self.last, self.seen, self.gone = line, time, None
        self.frames += 1
        surest, total = self.readings.get(line.text, (line, 0.0))
        self.readings[line.text] = (max(surest, line, key=lambda one: one.confidence), total + line.confidence)

    def line(self) -> Line:
        """The text with the highest sum of confidences."""
        return max(self.readings.values(), key=lambda reading: reading[1])[0]


class Captions:
    """Tracks lines of text over the frames that are read."""

    def __init__(self) -> None:
        self._there: list[_TrackedLine] = []
        self._gone: list[_TrackedLine] = []

    def add(self, time: float, lines: Iterable[Line]) -> None:
        """Take what was read in the frame at `time` seconds; frames come in order."""
        new = list(lines)
        known = _paired(self._there, new)
        for followed in self._there:
            if followed.gone is None and followed not in known.values():
                followed.gone = time
        seen = []
        for number, line in enumerate(new):
            followed = known.get(number)
            if followed is None:
                followed = _TrackedLine(time, line, line)
                self._there.append(followed)
            followed.see(time, line)
            seen.append(followed)
        for one, other in combinations(seen, 2):
            if _side_by_side(one.last, other.last):
                one.beside[other] += 1
                other.beside[one] += 1
        self._gone += [one for one in self._there if _is_over(one, time)]
        self._there = [one for one in self._there if not _is_over(one, time)]

    def finish(self, end: float) -> list[Caption]:
        """Return all captions by their start; those still on the screen end at `end`."""
        for followed in self._there:
            followed.gone = end if followed.gone is None else followed.gone
        found = [one for one in self._gone + self._there if one.frames > 1 or one.last.confidence >= _SURE_AT_ONCE]
        self._gone, self._there = [], []
        captions = [_caption(block) for block in _blocks(found)]
        return sorted(captions, key=lambda one: (one.start, one.box[1], one.box[0]))


def _is_over(followed: _TrackedLine, time: float) -> bool:
    return followed.gone is not None and time - followed.seen > _BLINK_SECONDS


def _paired(there: list[_TrackedLine], new: list[Line]) -> dict[int, _TrackedLine]:
    """Match new lines, by number, with known lines; the most similar pairs first."""
    pairs = [(_likeness(old.last, line), number, old) for number, line in enumerate(new) for old in there]
    known: dict[int, _TrackedLine] = {}
    for likeness, number, old in sorted(pairs, key=lambda pair: -pair[0]):
        if likeness and number not in known and old not in known.values():
            known[number] = old
    return known


def _likeness(old: Line, new: Line) -> float:
    """How likely two readings are of one line; 0 if they are not."""
    overlap = _overlap(old.box, new.box)
    # A rolling line keeps its width and its distance from the left.
    rolls = abs(old.box[0] - new.box[0]) < 0.03 and abs(old.box[2] - new.box[2]) < 0.05
    if overlap < _SAME_PLACE and not rolls:
        return 0.0
    like = SequenceMatcher(None, old.text.casefold(), new.text.casefold(), autojunk=False).ratio()
    return like + overlap if like >= (_LIKE_IN_PLACE if overlap >= _SAME_PLACE else _LIKE_ELSEWHERE) else 0.0


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    across, down = _gaps(one, other)
    shared = max(-across, 0.0) * max(-down, 0.0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared) if shared else 0.0


def _gaps(one: Box, other: Box) -> tuple[float, float]:
    """The horizontal and vertical distance of two boxes; negative where they overlap."""
    across = max(one[0], other[0]) - min(one[0] + one[2], other[0] + other[2])
    down = max(one[1], other[1]) - min(one[1] + one[3], other[1] + other[3])
    return across, down


def _side_by_side(one: Line, other: Line) -> bool:
    """Whether they are placed like the lines of a block, or like the parts of a line."""
    low, high = sorted((one.box[3], other.box[3]))
    if high > _HEIGHT_RATIO * low:
        return False
    across, down = _gaps(one.box, other.box)
    if across < 0:
        return down < _GAP_DOWN * low
    character = min(line.box[2] / len(line.text) for line in (one, other))
    return down < -low / 2 and across < _GAP_ACROSS * character


def _blocks(found: Iterable[_TrackedLine]) -> list[list[_TrackedLine]]:
    blocks: list[list[_TrackedLine]] = []
    for one in found:
        near = [block for block in blocks if any(_is_one_block(one, other) for other in block)]
        blocks = [block for block in blocks if block not in near]
        blocks.append([one, *(other for block in near for other in block)])
    return blocks


def _is_one_block(one: _TrackedLine, other: _TrackedLine) -> bool:
    return one.beside[other] >= _TOGETHER * max(one.frames, other.frames)


def _caption(block: list[_TrackedLine]) -> Caption:
    if any(not _overlap(one.first.box, one.last.box) for one in block):  # it rolls
        lines = [one.line() for one in sorted(block, key=lambda one: (one.start, one.first.box[1]))]
    else:
        lines = in_reading_order(one.line() for one in block)
    left, top = (min(line.box[side] for line in lines) for side in (0, 1))
    right, bottom = (max(line.box[side] + line.box[side + 2] for line in lines) for side in (0, 1))
    characters = sum(len(line.text) for line in lines)
    return Caption(
        start=min(one.start for one in block),
        end=max(one.gone or 0.0 for one in block),
        text=" ".join(line.text for line in lines),
        confidence=sum(line.confidence * len(line.text) for line in lines) / characters,
        box=(left, top, round(right - left, 4), round(bottom - top, 4)),
    )
