"""A row that JSON or DuckDB cannot hold is refused by itself: its neighbours are read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.manifest.conftest import read

Write = Callable[..., Path]
GOOD, OTHER = "https://h/good.mp4", "https://h/other.mp4"
URL = '"url": "https://h/a.mp4"'


def deep(levels: int) -> str:
    return f'{{{URL}, "metadata": {{"a": {"[" * levels}{"]" * levels}}}}}'


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f'{{{URL}, "metadata": {{"a": NaN}}}}', "near 'NaN}'"),
        (f'{{{URL}, "metadata": {{"a": 1e999}}}}', "number is infinity"),
        (f'{{{URL}, "metadata": {{"a": "\\ud800"}}}}', "metadata is not a JSON object"),
        (f'{{{URL}, "metadata": {{"\\udfff": 1}}}}', "metadata is not a JSON object"),
        (f'{{{URL}, "metadata": "{{\\"a\\": \\"\\\\ud800\\"}}"}}', "metadata is not a JSON object"),
        (deep(120), "nested more than 100 levels deep"),
        (deep(500), "nested more than 100 levels deep"),
        ('{"url": "https://h/\\ud800.mp4"}', "half a character"),
        (f'{{{URL}, "collection": "\\ud800"}}', "half a character"),
        (f'{{{URL}, "added_at": "20000-01-01"}}', "after the year 9999"),
        (f'{{{URL}, "added_at": "9999-12-31T23:59:59-14:00"}}', "after the year 9999"),
        (f'{{{URL}, "added_at": "294247-01-10"}}', "after the year 9999"),
        (f'{{{URL}, "added_at": "2024-01-01 (BC)"}}', "before the earliest day"),
        (f'{{{URL}, "added_at": "0001-01-01"}}', "before the earliest day"),
        (f'{{{URL}, "added_at": "{"9" * 100_000}"}}', "is no date"),
        (f'{{"url": "https://h/{"a" * 3_000_000}"}}', "url is longer than 8,000"),
        (f'{{"url": "{"a" * 3_000_000}"}}', "neither a URL nor a path|local path|longer than"),
        (f'{{{URL}, "collection": "{"c" * 100_000}"}}', "collection is longer than 1,000"),
        ("[1]", "is not a JSON object"),
        ("7", "is not a JSON object"),
        ('"https://h/a.mp4"', "is not a JSON object"),
    ],
    ids=lambda value: value[:50],
)
@pytest.mark.parametrize("name", ["list.jsonl", "list.json"])
@pytest.mark.parametrize("key", ["sk_1", None])
def test_a_row_that_cannot_be_held_is_refused_with_its_reason_and_stops_no_other(
    write: Write, name: str, key: str | None, row: str, reason: str
) -> None:
    rows = [json.dumps({"url": GOOD, "added_at": "2026-01-31"}), row, json.dumps({"url": OTHER})]
    found = read(write(name, "\n".join(rows) if name.endswith("l") else f"[{', '.join(rows)}]"), key=key)

    assert found.urls == [GOOD, OTHER]
    [problem] = found.manifest.problems
    assert problem["object_id"].endswith(" row 2")
    assert any(part in problem["reason"] for part in reason.split("|")), problem["reason"]
    assert len(problem["reason"]) <= 700
    assert len(problem["excerpt"]) <= 300


@pytest.mark.parametrize("line", ['{"url":', "hello", "\0", '{"url": "https://h/\xff.mp4"}', deep(3000), "," * 9])
def test_a_line_that_is_not_json_is_refused_and_stops_no_other(write: Write, line: str) -> None:
    rows = [json.dumps({"url": GOOD}), line, json.dumps({"url": OTHER})]
    found = read(write("list.jsonl", "\n".join(rows).encode("latin-1")))
    assert found.urls == [GOOD, OTHER]
    assert "JSON" in found.reasons[0]


def test_what_python_and_duckdb_read_in_two_ways_is_one_video(write: Write) -> None:
    rows = ['{"url": "https://h/1.mp4", "url": "https://h/2.mp4"}', '{"": 1, "URL ": " https://h/3.mp4\\n"}']
    assert read(write("list.jsonl", "\n".join(rows))).urls == ["https://h/2.mp4", "https://h/3.mp4"]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.floats()
    | st.text(st.characters(), max_size=8)  # halves of characters among them
    | st.sampled_from(["NaN", "infinity", "9999-12-31", "20000-01-01", "\0", "{", "\ud800", '{"a":1e999}', '{"a":'])
)
TEXTS = st.text(st.characters(), max_size=6)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
NAMES = st.sampled_from(["url", "collection", "metadata", "added_at", "other"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES | TEXTS, VALUES, max_size=5), st.booleans(), st.booleans())
def test_a_row_of_any_values_lands_or_is_refused_and_never_stops_its_neighbours(
    tmp_path: Path, row: dict[str, Any], as_lines: bool, ascii_only: bool
) -> None:
    rows = [{"url": GOOD}, {"url": "https://h/a.mp4", **row}, {"url": OTHER, "metadata": {"n": 1}}]
    texts = [json.dumps(one, ensure_ascii=ascii_only) for one in rows]
    path = tmp_path / ("list.jsonl" if as_lines else "list.json")
    path.write_bytes(("\n".join(texts) if as_lines else f"[{','.join(texts)}]").encode(errors="surrogatepass"))

    found = read(path)

    assert {GOOD, OTHER} <= set(found.urls)
    assert found.manifest.lines == 3
    assert found.manifest.unusable == len(found.reasons) <= 1
    for video in found.videos:
        # What the manifest lets in, a request can hold.
        json.dumps(json.loads(video["metadata"] or "{}"), allow_nan=False).encode()
        assert video["added_at"] is None or video["added_at"].year < 9999 + 1
