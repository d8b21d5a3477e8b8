"""Foreign texts for the UI."""

from mixpeek_assets.terminal_safe import terminal_safe

_LONGEST = 1_000


def as_text(text: str) -> str:
    """Return a foreign text on one line, cut if it is very long, with nothing in it that a terminal would obey."""
    shown = terminal_safe(text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"
