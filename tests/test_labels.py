"""How a video, a moment, a duration and a text are written for people."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_assets.labels import brief, duration, file_name, timecode


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://videos.test/a/harbour.mp4", "harbour.mp4"),
        ("https://videos.test/a/at%20sea.mp4?X-Amz-Signature=secret#t=1", "at sea.mp4"),
        ("https://user:secret@videos.test/", "videos.test"),
        ("file:///tmp/a%23b.mp4", "a#b.mp4"),
        ("s3://bucket/folder/", "folder"),
        ("harbour.mp4", "harbour.mp4"),
        ("http://[", "["),
        ("", ""),
    ],
)
def test_a_url_is_named_by_its_file_without_its_secrets(url: str, name: str) -> None:
    assert file_name(url) == name


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0:00.0"),
        (19.333, "0:19.3"),
        (9.96, "0:10.0"),
        (59.96, "1:00.0"),
        (75.25, "1:15.2"),
        (3601.5, "60:01.5"),
        (3725.5, "62:05.5"),
        (-1, ""),
        (math.inf, ""),
        (math.nan, ""),
    ],
)
def test_a_moment_is_written_as_a_player_shows_it(seconds: float, written: str) -> None:
    assert timecode(seconds) == written


@pytest.mark.parametrize(
    ("seconds", "written"), [(0, "0 s"), (4.217, "4.2 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h")]
)
def test_a_duration_is_in_the_unit_that_fits(seconds: float, written: str) -> None:
    assert duration(seconds) == written


@given(st.text(), st.integers(min_value=1, max_value=80))
def test_a_brief_text_is_one_line_and_not_longer(text: str, longest: int) -> None:
    shown = brief(text, longest)
    assert len(shown) <= longest
    assert len(shown.splitlines()) <= 1
