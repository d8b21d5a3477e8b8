"""Every kind of file that a manifest can be, whole, odd and broken."""

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixpeek_assets.manifest.errors import ManifestError
from tests.manifest.conftest import read

Write = Callable[..., Path]

ROWS = [
    {"url": "https://h/a.mp4", "collection": "one", "metadata": {"author": "x"}, "added_at": "2026-01-31"},
    {"url": "https://h/b.mp4"},
]
READ = [
    ("default", "https://h/b.mp4", None, None),
    ("one", "https://h/a.mp4", {"author": "x"}, datetime(2026, 1, 31, tzinfo=UTC)),
]
CSV = 'url,collection,metadata,added_at\nhttps://h/a.mp4,one,"{""author"": ""x""}",2026-01-31\nhttps://h/b.mp4,,,\n'


def rows(path: Path | str, **options: Any) -> list[tuple[str, str, Any, datetime | None]]:
    found = []
    for video in read(path, **options).videos:
        metadata = None if video["metadata"] is None else json.loads(video["metadata"])
        added_at = None if video["added_at"] is None else video["added_at"].astimezone(UTC)
        found.append((video["collection"], video["url"], metadata, added_at))
    return found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.csv", CSV),
        ("LIST.CSV", CSV),
        ("crlf.csv", CSV.replace("\n", "\r\n")),
        ("bom.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("no_end.csv", CSV.rstrip("\n")),
        ("blank_lines.csv", CSV.replace("\n", "\n\n")),
        ("short_rows.csv", CSV.replace(",,,", "")),
        ("semicolons.csv", CSV.replace(",", ";")),
        ("pipes.csv", CSV.replace(",", "|")),
        ("list.tsv", CSV.replace(",", "\t")),
        ("short_rows.tsv", CSV.replace(",,,", "").replace(",", "\t")),
        ("quoted.csv", CSV.replace("url,collection", '"url","collection"')),
        ("cases.csv", CSV.replace("url,collection,metadata,added_at", "URL,Collection,MetaData,ADDED_AT")),
        ("spaces.csv", CSV.replace("url,collection", " url , collection ").replace("/a.mp4,one", "/a.mp4 , one\t")),
        ("tabs.csv", CSV.replace("https://h/b.mp4", "\thttps://h/b.mp4\t")),
        ("more.csv", CSV.replace("url,", "id,url,").replace("https", "7,https")),
        ("list.json", json.dumps(ROWS)),
        ("pretty.json", json.dumps(ROWS, indent=4)),
        ("lines.json", "\n".join(map(json.dumps, ROWS))),
        ("list.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("blank_lines.jsonl", "\n\n".join(map(json.dumps, ROWS)) + "\n\n"),
        ("list.ndjson", "\n".join(map(json.dumps, ROWS)) + "\n"),
        ("cases.jsonl", "\n".join(map(json.dumps, ROWS)).replace('"url"', '"URL"').replace("added_at", "Added_At")),
        ("text.json", json.dumps([{**ROWS[0], "metadata": '{"author": "x"}'}, ROWS[1]])),
        ("nulls.json", json.dumps([ROWS[0], {**ROWS[1], "collection": None, "metadata": None, "added_at": ""}])),
        ("spaces.json", json.dumps([{**ROWS[0], "url": " https://h/a.mp4\n"}, ROWS[1]])),
    ],
)  # fmt: skip
def test_the_same_list_is_read_from_any_text(write: Write, name: str, content: str | bytes) -> None:
    assert rows(write(name, content)) == READ


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'https://h/a.mp4' AS url, 'one' AS collection, {'author': 'x'} AS metadata, "
        " DATE '2026-01-31' AS added_at",
        "SELECT 'https://h/a.mp4' AS URL, 'one' AS Collection, MAP {'author': 'x'} AS metadata, "
        " TIMESTAMP '2026-01-31' AS added_at",
        "SELECT 'https://h/a.mp4' AS url, 'one' AS collection, JSON '{\"author\":\"x\"}' AS metadata, "
        " TIMESTAMPTZ '2026-01-31 00:00:00+00' AS added_at",
        "SELECT 'https://h/a.mp4' AS url, 'one' AS collection, '{\"author\":\"x\"}' AS metadata, "
        " TIMESTAMP_NS '2026-01-31' AS added_at",
        "SELECT 'https://h/a.mp4' AS url, 'one' AS collection, '{\"author\":\"x\"}' AS metadata, "
        " '2026-01-31T01:00:00+01:00' AS added_at",
    ],
)
def test_the_same_list_is_read_from_parquet_of_any_types(tmp_path: Path, query: str) -> None:
    path = tmp_path / "list.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"COPY ({query} UNION ALL BY NAME SELECT 'https://h/b.mp4' AS url) TO '{path}' (FORMAT parquet)"
        )
    assert rows(path) == READ


def test_a_list_of_one_column_may_hold_any_separator_in_its_urls(write: Write) -> None:
    urls = [f"https://h/{name}.mp4" for name in ("a;b", "c;d", "e|f", "g\th", "i#j", "k?x=1;y='2'", 'l"m', "#n")]
    assert read(write("list.csv", "url\n" + "\n".join(urls))).urls == sorted(urls)


def test_metadata_is_kept_as_it_was_written(write: Write) -> None:
    # Neither dates of another form, nor nulls for what only another row has.
    metadata = [
        {"when": "2024-01-01T00:00:00Z", "uuid": "857056F8-1F0D-4CAD-AA37-96757E12872E", "big": 12345678901234567890},
        {"n": 1.50, "nested": {"a": [1, {"b": None}]}, "empty": {}},
    ]
    listed = [{"url": f"https://h/{n}.mp4", "metadata": value} for n, value in enumerate(metadata)]
    for path in (
        write("list.json", json.dumps(listed)),
        write("list.jsonl", "\n".join(map(json.dumps, listed))),
    ):
        assert [json.loads(video["metadata"]) for video in read(path).videos] == metadata


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("e.csv", "", "is empty"),
        ("e.json", "", "is empty"),
        ("e.parquet", "", "is empty"),
        ("h.csv", "url", "lists no video"),
        ("h.csv", "url,collection\n", "lists no video"),
        ("h.csv", "url\n\n\n", "lists no video"),
        ("h.tsv", "url\tcollection\r\n", "lists no video"),
        ("u.csv", "link,title\nhttps://h/a.mp4,A\n", r"no column `url` \(it has link, title\)"),
        ("u.csv", "https://h/a.mp4\nhttps://h/b.mp4\n", "no column `url`"),
        ("u.json", '[{"link": "https://h/a.mp4"}]', r"no column `url` \(it has link\)"),
        ("u.json", '{"videos": [{"url": "https://h/a.mp4"}]}', r"no column `url` \(it has videos\)"),
        ("u.json", '["https://h/a.mp4"]', "no column `url`"),
        ("u.jsonl", "3\n4\n", "no column `url`"),
        ("u.json", "[]", "no column `url`"),
        ("b.csv", bytes(range(256)) * 50, "cannot be read as CSV"),
        ("b.csv", "url,collection\nhttps://h/a.mp4,café\n".encode("latin-1"), "is not utf-8"),
        ("b.csv", "url\nhttps://h/a.mp4\n".encode("utf-16"), "CSV|no column"),
        ("b.csv", 'url,collection\nhttps://h/a.mp4,"never closed\n', "cannot be read as CSV|closed"),
        ("b.json", '[{"url": "https://h/a.mp4"}', "cannot be read as JSON: .*[Mm]alformed"),
        ("b.json", "hello", "cannot be read as JSON"),
        ("b.jsonl", '{"url":\n', "cannot be read as JSONL"),
        ("b.ndjson", "<html>", "cannot be read as NDJSON"),
        ("b.parquet", b"PAR1 but not for long", "cannot be read as PARQUET"),
        ("b.parquet", CSV, "cannot be read as PARQUET"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_name_and_the_reason(
    write: Write, name: str, content: str | bytes, says: str
) -> None:
    path = write(name, content)
    with pytest.raises(ManifestError, match=says) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 600
    # DuckDB's own query is no help to who wrote the manifest.
    assert "CREATE TABLE" not in str(caught.value)


def test_columns_of_several_files_are_put_together_by_name(write: Write, tmp_path: Path) -> None:
    write("a.csv", "url,collection\nhttps://h/a.mp4,x\n")
    write("b.csv", "added_at,url\n2026-01-31,https://h/b.mp4\n")
    assert rows(tmp_path / "*.csv") == [
        ("default", "https://h/b.mp4", None, datetime(2026, 1, 31, tzinfo=UTC)),
        ("x", "https://h/a.mp4", None, None),
    ]


def test_two_hundred_thousand_rows_are_one_row_a_video(tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    duckdb.sql(
        f"""
        COPY (
            SELECT
                'https://h/' || i % 190000 || '.mp4' AS url,
                {{'n': i}} AS metadata,
                TIMESTAMPTZ '2026-01-31 00:00:00+00' + to_seconds(i) AS added_at
            FROM range(200000) AS numbers (i)
        ) TO '{path}' (FORMAT parquet)
        """
    )
    found = read(path)
    assert (found.manifest.lines, found.manifest.repeated, found.manifest.unusable) == (200_000, 10_000, 0)
    assert len({video["video_id"] for video in found.videos}) == 190_000
    # Of two rows the first counts.
    first = next(video for video in found.videos if video["url"] == "https://h/5.mp4")
    assert json.loads(first["metadata"]) == {"n": 5}


def test_line_breaks_in_a_large_csv_file_are_no_ends_of_rows(write: Write) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["url", "metadata"])
    writer.writerows([f"https://h/{n}.mp4", json.dumps({"n": n}, indent=1)] for n in range(50_000))
    found = read(write("many.csv", text.getvalue()))
    assert (found.manifest.lines, found.manifest.unusable, len(found.videos)) == (50_000, 0, 50_000)


HOSTILE = st.text(
    st.sampled_from("\"'`,;|\t\n\r\\#{}[]%$: ab") | st.characters(codec="utf-8", exclude_characters="\0"), max_size=20
) | st.sampled_from(
    ["'; DROP TABLE listed; --", '"; DROP TABLE listed; --', "$source", "NULL", "null", "🎬", "\u202e", "{}", "''"]
)  # fmt: skip
VIDEOS = st.lists(
    st.tuples(HOSTILE, HOSTILE, st.dictionaries(HOSTILE, HOSTILE | st.integers() | st.none(), max_size=3)),
    min_size=1,
    max_size=8,
)
MANY = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def expected(videos: list[tuple[str, str, dict[str, Any]]]) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path, collection, metadata in videos:
        key = (stripped(collection) or "default", stripped(f"https://h/{path}"))
        found.setdefault(key, metadata)
    return found


def stripped(text: str) -> str:
    return text.strip("".join(c for c in text if c in "\t\n\f\r" or unicodedata.category(c).startswith("Z")) or " ")


def assert_reads(path: Path, videos: list[tuple[str, str, dict[str, Any]]]) -> None:
    found = read(path)
    assert found.manifest.problems == []
    assert found.manifest.lines == len(videos)
    read_back = {(video["collection"], video["url"]): json.loads(video["metadata"]) for video in found.videos}
    assert read_back == expected(videos)


@MANY
@given(VIDEOS)
def test_hostile_text_comes_through_a_csv_file_unchanged(tmp_path: Path, videos: Any) -> None:
    path = tmp_path / "list.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["url", "collection", "metadata"])
        writer.writerows((f"https://h/{url}", collection, json.dumps(metadata)) for url, collection, metadata in videos)
    assert_reads(path, videos)


@MANY
@given(VIDEOS)
def test_hostile_text_comes_through_a_json_file_unchanged(tmp_path: Path, videos: Any) -> None:
    listed = [
        {"url": f"https://h/{url}", "collection": collection, "metadata": metadata}
        for url, collection, metadata in videos
    ]
    for path, text in (
        (tmp_path / "list.json", json.dumps(listed)),
        (tmp_path / "list.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in listed)),
    ):
        path.write_text(text, encoding="utf-8")
        assert_reads(path, videos)


@MANY
@given(st.lists(st.dictionaries(st.sampled_from(["url", "collection", "metadata", "added_at"]), HOSTILE), max_size=6))
def test_every_row_of_any_text_is_a_video_a_repetition_or_a_problem(tmp_path: Path, listed: list[Any]) -> None:
    listed = [{"url": "https://h/a.mp4"}, {"url": "~nobody/\0"}, {"url": "ftp://[x"}, {"url": "x" * 5000}, *listed]
    path = tmp_path / "list.jsonl"
    path.write_text("\n".join(map(json.dumps, listed)), encoding="utf-8")
    for key in ("sk_1", None):
        found = read(path, key=key)
        manifest = found.manifest
        assert manifest.lines == len(listed)
        assert len(found.videos) == manifest.lines - manifest.repeated - manifest.unusable
        assert len(manifest.problems) == manifest.unusable
        assert all(problem["reason"] and f"{path} row " in problem["object_id"] for problem in manifest.problems)
        assert len({video["video_id"] for video in found.videos}) == len(found.videos)
