"""Short texts for the UI: counts, and what a server sent, which must not act as markup."""

from mixpeek_assets.terminal_safe import terminal_safe

_LONGEST = 1_000


def as_text(text: str) -> str:
    """Return a foreign text on one line, cut if it is very long, with nothing in it that a terminal would obey."""
    shown = terminal_safe(text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, e.g. `1 video`, `2 videos`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
