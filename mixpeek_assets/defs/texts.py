"""Short texts for the UI: counts, durations, and what a server sent, which must not act as markup."""

import re
from datetime import timedelta

from mixpeek_assets.terminal_safe import terminal_safe

_LONGEST = 1_000
_MARKUP = re.compile(r"([\\`*_\[\]<>!|#])")


def as_text(text: str) -> str:
    """Return a foreign text on one line, cut if it is very long, with nothing in it that a terminal would obey."""
    shown = terminal_safe(text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


def as_markdown(text: str) -> str:
    """Return a foreign text in which Markdown sees no markup: no link, picture or tag."""
    return _MARKUP.sub(r"\\\1", as_text(text))


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, e.g. `1 video`, `2 videos`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(time: timedelta) -> str:
    """Return a duration in its largest whole unit, e.g. `4 min`."""
    seconds = max(int(time.total_seconds()), 0)
    for unit, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit or (seconds >= unit and name != "days"):
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
