"""What is asked: queries with their right answers, and queries that nothing answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

from benchmarks.found.index import Moment

KINDS = ("said", "written", "shown", "heard")
HALVES = ("tune", "report")
_FOLDER = Path(__file__).parent
_RIGHT = re.compile(r"(?P<medium>\S+)(?P<spans>( [\d.]+-[\d.]+)*)")


@dataclass(frozen=True)
class Query:
    """Words that somebody looks for.

    Attributes:
        words: What is typed.
        kind: Whether it is said, written, shown or heard.
        half: `tune` if constants may be chosen by it, else `report`.
        right: Where it is: names of media, with stretches of seconds; the whole medium if there are none.
    """

    words: str
    kind: str
    half: str
    right: dict[str, list[tuple[float, float]]]

    def is_answered_by(self, moment: Moment) -> bool:
        """Whether a moment is of a right medium, at a right time."""
        spans = self.right.get(moment.medium)
        if spans is None:
            return False
        # An image has no length, so it may lie on an edge.
        at = max(moment.end, moment.start + 0.001)
        return not spans or any(moment.start < end and at > start for start, end in spans)


def queries() -> list[Query]:
    """Read `queries.txt`: sections of a kind and a half, then `words | medium from-to from-to; medium` a line."""
    found, kind, half = [], "", ""
    for line in (_FOLDER / "queries.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            kind, half = line[2:].split(", ")
        elif line:
            words, right = line.split(" | ")
            found.append(Query(words, kind, half, dict(map(_place, right.split("; ")))))
    return found


def absent() -> Iterator[tuple[str, str]]:
    """What no medium has, and nonsense, each with its half."""
    lines = (_FOLDER / "absent.txt").read_text(encoding="utf-8").splitlines()
    ordered = sorted(lines, key=lambda line: sha1(line.encode(), usedforsecurity=False).hexdigest())
    return ((line, HALVES[number % 2]) for number, line in enumerate(ordered))


def _place(text: str) -> tuple[str, list[tuple[float, float]]]:
    found = _RIGHT.fullmatch(text)
    if found is None:
        raise ValueError(f"queries.txt: {text!r} is not a medium with stretches of seconds")
    spans = [tuple(map(float, span.split("-"))) for span in found["spans"].split()]
    return found["medium"], [(start, end) for start, end in spans]
