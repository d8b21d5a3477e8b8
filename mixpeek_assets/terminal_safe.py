"""Makes untrusted texts (a server's, a manifest's) safe for a terminal, a log or a page."""

import re

# C0 and C1 controls, which begin escape sequences; bidirectional controls; lone surrogates.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def terminal_safe(text: str) -> str:
    r"""Return a text on one line, with control characters shown as `\x1b` instead of obeyed."""
    return _CONTROLS.sub(_shown, " ".join(text.splitlines()))


def terminal_safe_lines(text: str) -> str:
    """Return a text of several lines, each made safe by `terminal_safe`."""
    return "\n".join(map(terminal_safe, text.split("\n")))


def is_text(text: str) -> bool:
    """Say whether a text can be written as UTF-8; the system gives bytes that are none as lone surrogates."""
    return text.isascii() or re.search("[\ud800-\udfff]", text) is None


def brief(text: str, longest: int = 2_000) -> str:
    """Return a text whose middle is left out if it is very long: the end of a sentence says what to do."""
    kept = longest // 2
    return text if len(text) <= longest else f"{text[:kept]} … {text[-kept:]}"


def _shown(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode()
