"""Small charts as SVG, on a dark card of their own, which is readable on a light page and on a dark one."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from mixpeek_assets.terminal_safe import terminal_safe

BACKGROUND, INK, FAINT = "#112", "#eee", "#9ab"
COLOURS = ("#6af", "#fb2", "#3d9", "#f7b", "#a9f", "#f93")

_ROW, _LABELS, _LONGEST_BAR = 20, 140, 300


@dataclass(frozen=True)
class Bar:
    """A bar of a chart."""

    label: str
    value: int
    colour: str = COLOURS[0]


def text(x: int, y: int, words: str) -> str:
    """Write words of anybody into an SVG, in which they stay words."""
    # XML has no code for some characters, not even an escaped one.
    kept = re.sub("[^ -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\N{REPLACEMENT CHARACTER}", terminal_safe(words))
    return f"<text x='{x}' y='{y}'>{escape(kept)}</text>"


def texts(written: Iterable[str]) -> str:
    """Return what `text` wrote, in one font."""
    return f"<g font-family='sans-serif' font-size='12' fill='{INK}'>{''.join(written)}</g>"


def card(width: int, height: int, parts: Iterable[str], scale: int = 1) -> str:
    """Return an SVG with these parts on a card, shown this many times larger."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{scale * width}' viewBox='0 0 {width} {height}'>"
        f"<rect width='{width}' height='{height}' rx='{8 // scale}' fill='{BACKGROUND}'/>{''.join(parts)}</svg>"
    )


def bars(chart: Sequence[Bar]) -> str:
    """Return a chart of horizontal bars, short enough to be shown at once."""
    longest = max(1, *(bar.value for bar in chart))
    paths: defaultdict[str, str] = defaultdict(str)
    labels: list[str] = []
    for number, bar in enumerate(chart):
        middle = 18 + _ROW * number
        width = max(round(_LONGEST_BAR * bar.value / longest), 1 if bar.value else 0)
        paths[bar.colour] += f"M{_LABELS} {middle}h{width}"
        labels.append(text(12, middle + 4, bar.label))
    drawn = [f"<path stroke='{colour}' stroke-width='14' d='{path}'/>" for colour, path in paths.items()]
    return card(_LABELS + _LONGEST_BAR + 12, 16 + _ROW * len(chart), [texts(labels), *drawn])
