"""Lines of text, tracked from frame to frame: where one ends, and another is in its place.

A line that changes differs in the picture where it differs in its characters; one that is only misread does not. If
the picture moves behind it, that cannot be told: then a text must be sure, or read twice, and not read again later.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import groupby, pairwise

import numpy as np

from mixpeek_local.extract.ocr import Box, Line
from mixpeek_local.extract.place_history import CHANGE, SIDE, PlaceHistory, covered

# How similar two readings of one line must be, in the same place and elsewhere.
_LIKE_IN_PLACE, _LIKE_ELSEWHERE = 0.6, 0.8
_SAME_PLACE = 0.3
# A line that is read again within this time did not disappear.
_BLINK_SECONDS = 1.5
# A line has clearly changed if it did where its characters differ, and the rest of it (of 255) stood still.
_STILL = 4
# Or if it changed, this many characters are others, and both readings are sure.
_MANY_OTHERS = 3
_SURE = 0.95
# At the edge of a ticker, so many letters are cut, and misread.
_CUT_CHARACTERS = 2


@dataclass(eq=False)
class Sighting:
    """A line in one frame.

    Attributes:
        time: Of the frame, in seconds.
        since: The second from which the line looked so; `time`, if it did before.
        line: As it was read.
        may_differ: Whether it is read as another text than before, and the picture changed there.
        beside: The lines beside it in this frame.
    """

    time: float
    since: float
    line: Line
    may_differ: bool = False
    beside: list["Sighting"] = field(default_factory=list)


@dataclass(eq=False)
class Track:
    """One place with a line in it, as long as it does not clearly change.

    Attributes:
        sightings: In order of time.
        there: When it was last there, read or unchanged.
        gone: From when on it was not, if so.
    """

    sightings: list[Sighting]
    there: float
    gone: float | None = None

    @property
    def line(self) -> Line:
        """Its last reading."""
        return self.sightings[-1].line

    def is_over(self, time: float) -> bool:
        """Whether it is too late for another sighting."""
        return self.gone is not None and time - self.there > _BLINK_SECONDS

    def miss(self, time: float, history: PlaceHistory) -> None:
        """Take note that it was not read: where nothing changed, it was overlooked."""
        if self.gone is None and history.change(self.line.box).max() <= CHANGE:
            self.there = time
        elif self.gone is None:
            self.gone = time if self._moves() else history.changed_at(self.line.box)

    def see(self, time: float, line: Line, history: PlaceHistory) -> Sighting:
        """Add a reading."""
        parts = _differing(self.line, line)
        changed = [history.changed_at(part) for part in parts if history.change(part).max() > CHANGE]
        self.sightings.append(Sighting(time, min(changed, default=time), line, bool(changed)))
        self.there, self.gone = time, None
        return self.sightings[-1]

    def texts(self) -> Iterator[tuple[list[Sighting], float]]:
        """Its texts, one after another, each with its end."""
        starts = [*_starts(self.sightings), len(self.sightings)]
        for first, after in pairwise(starts):
            end = self.sightings[after].since if after < len(self.sightings) else self.gone
            yield self.sightings[first:after], self.there if end is None else end

    def _moves(self) -> bool:
        return len(self.sightings) > 1 and overlap(self.sightings[-2].line.box, self.line.box) < _SAME_PLACE


def begun(time: float, line: Line, history: PlaceHistory) -> Track:
    """A track of a line that was not there in the frame that was read before."""
    return Track([Sighting(time, history.changed_at(line.box), line)], time)


def paired(there: list[Track], new: list[Line], history: PlaceHistory) -> dict[int, Track]:
    """Match new lines, by number, with tracks; the most similar pairs first."""
    pairs = [(_likeness(old.line, line, history), number, old) for number, line in enumerate(new) for old in there]
    known: dict[int, Track] = {}
    for likeness, number, old in sorted(pairs, key=lambda pair: -pair[0]):
        if likeness and number not in known and old not in known.values():
            known[number] = old
    return known


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    across, down = gaps(one, other)
    shared = max(-across, 0.0) * max(-down, 0.0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared) if shared else 0.0


def gaps(one: Box, other: Box) -> tuple[float, float]:
    """The horizontal and vertical distance of two boxes; negative where they overlap."""
    across = max(one[0], other[0]) - min(one[0] + one[2], other[0] + other[2])
    down = max(one[1], other[1]) - min(one[1] + one[3], other[1] + other[3])
    return across, down


def _likeness(old: Line, new: Line, history: PlaceHistory) -> float:
    """How likely two readings are of one line; 0 if they are not."""
    shared = overlap(old.box, new.box)
    # A rolling line keeps its width and its distance from the left.
    rolls = abs(old.box[0] - new.box[0]) < 0.03 and abs(old.box[2] - new.box[2]) < 0.05
    if shared < _SAME_PLACE and not rolls:
        return 0.0
    like = SequenceMatcher(None, old.text.casefold(), new.text.casefold(), autojunk=False).ratio()
    if like < (_LIKE_IN_PLACE if shared >= _SAME_PLACE else _LIKE_ELSEWHERE):
        return 0.0
    return 0.0 if shared >= _SAME_PLACE and _has_clearly_changed(old, new, history) else like + shared


def _has_clearly_changed(old: Line, new: Line, history: PlaceHistory) -> bool:
    parts = _differing(old, new)
    if not parts:
        return False
    box = _wider(old, new).box
    changes = history.change(box)
    inside = np.zeros(len(changes), bool)
    first = covered(box, SIDE)[1].start
    for part in parts:
        columns = covered(part, SIDE)[1]
        inside[columns.start - first : columns.stop - first] = True
    elsewhere = float(np.quantile(changes[~inside], 0.75)) if not inside.all() else 0.0
    sure = min(old.confidence, new.confidence) >= _SURE and _others(old, new) >= _MANY_OTHERS
    return bool(changes[inside].max(initial=0) > CHANGE) and (sure or elsewhere <= _STILL)


def _others(old: Line, new: Line) -> int:
    """How many letters and digits are others."""
    one, other = _plain(old.text), _plain(new.text)
    shared = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return max(len(one), len(other)) - sum(block.size for block in shared)


def _differing(old: Line, new: Line) -> list[Box]:
    """The parts of a line's box in which another reading has other characters; none if it only goes on."""
    one, other = _plain(old.text), _plain(new.text)
    if one == other or _goes_on(one, other) or _goes_on(other, one):
        return []
    base, against = (old, new) if _wider(old, new) is old else (new, old)
    left, top, width, height = base.box
    step = width / len(base.text)
    matcher = SequenceMatcher(None, base.text.casefold(), against.text.casefold(), autojunk=False)
    return [
        (left + step * start, top, step * max(end - start, 1), height)
        for operation, start, end, _, _ in matcher.get_opcodes()
        if operation != "equal" and start < len(base.text)
    ]


def _wider(old: Line, new: Line) -> Line:
    return max(old, new, key=lambda line: line.box[2])


def _goes_on(one: str, other: str) -> bool:
    """Whether letters were added at an end, as to a title that is being written, or came in, as in a ticker."""
    match = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    cut = 0 if match.a == match.b else _CUT_CHARACTERS
    added = one[: match.a] + other[match.b + match.size :]
    return (
        2 * match.size >= min(len(one), len(other))
        and match.b <= cut
        and match.a + match.size >= len(one) - cut
        and any(map(str.isalpha, added))
    )


def _plain(text: str) -> str:
    """Letters and digits: spaces and marks are misread most often."""
    return "".join(filter(str.isalnum, text.casefold())) or text


def _starts(sightings: list[Sighting]) -> Iterator[int]:
    """Where the texts begin. Of readings that differ, those are misread that are not sure, or alternate."""
    plain = [_plain(one.line.text) for one in sightings]
    runs = [list(run) for _, run in groupby(range(len(sightings)), plain.__getitem__)]
    yield 0
    last: list[int] = []
    for run in runs:
        first, line = run[0], sightings[run[0]].line
        before, after = set(plain[:first]), set(plain[run[-1] + 1 :])
        is_sure = line.confidence >= _SURE and not (last and _are_other_words(sightings[last[-1]].line, line))
        if before & after or plain[first] in before or not (is_sure or len(run) > 1):
            continue
        if last and any(one.may_differ for one in sightings[last[-1] + 1 : first + 1]):
            yield first
        last = run


def _are_other_words(old: Line, new: Line) -> bool:
    """Whether not only figures differ, which change more often than letters, and are misread less often."""
    one, other = ("".join("0" if sign.isdigit() else sign for sign in _plain(line.text)) for line in (old, new))
    return one != other
