"""What may be anybody's text neither commands a terminal nor passes for what it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_assets.terminal_safe import terminal_safe, terminal_safe_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, with 'quotes' and [red]brackets[/red]", "plain, with 'quotes' and [red]brackets[/red]"),
        ("é, 日本語, עברית, 👩\u200d👩\u200d👧", "é, 日本語, עברית, 👩\u200d👩\u200d👧"),
        ("\x1b]0;owned\x07\x1b[2J", r"\x1b]0;owned\x07\x1b[2J"),
        ("\x9b31m", r"\x9b31m"),
        ("done\r\nAll is well.\u2028yes", "done All is well. yes"),
        ("gpj.\u202e4pm", r"gpj.\u202e4pm"),
        ("a\x00b\tc", r"a\x00b\tc"),
        ("half \ud83d an emoji", r"half \ud83d an emoji"),
        ("", ""),
    ],
)
def test_control_characters_are_shown_and_all_else_stays(text: str, shown: str) -> None:
    assert terminal_safe(text) == shown


@given(st.text())
def test_what_is_printable_is_one_line_that_can_be_written_and_stays_as_it_is(text: str) -> None:
    shown = terminal_safe(text)
    assert len(shown.splitlines()) <= 1
    assert shown.encode().decode() == shown
    assert terminal_safe(shown) == shown


def test_lines_of_ours_stay_lines() -> None:
    assert terminal_safe_lines("SELECT\n    '\x1b[31m'") == "SELECT\n    '\\x1b[31m'"
