"""Which rows are videos, and what is said of the others."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.manifest.errors import ManifestError
from tests.manifest.conftest import Read, read

Write = Callable[..., Path]
GOOD = {"url": "https://h/good.mp4"}


def read_rows(write: Write, *listed: Mapping[str, object], **options: Any) -> Read:
    return read(write("list.jsonl", "\n".join(map(json.dumps, listed))), **options)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"url": ""}, "has no url"),
        ({"url": " \t"}, "has no url"),
        ({"url": None, "collection": "x"}, "has no url"),
        ({"collection": "x"}, "has no url"),
        ({"url": "ftp://h/a.mp4"}, "cannot fetch ftp://"),
        ({"url": "s3://bucket/a.mp4"}, "cannot fetch s3://"),
        ({"url": "http://"}, "cannot fetch http://"),
        ({"url": "https:///a.mp4"}, "cannot fetch https://"),
        ({"url": "ftp://[h"}, "is neither a URL nor a path"),
        ({"url": "a.mp4"}, "is a local path, which only the local API can read"),
        ({"url": "/a/b.mp4"}, "is a local path, which only the local API can read"),
        ({"url": "file:///a/b.mp4"}, "is a local path, which only the local API can read"),
        ({"url": 7}, "is a local path"),
        ({"url": {"href": "https://h/a.mp4"}}, "is a local path"),
        ({"url": "https://h/a.mp4", "added_at": "yesterday"}, "added_at is yesterday, which is no date"),
        ({"url": "https://h/a.mp4", "added_at": "31/01/2026"}, "which is no date"),
        ({"url": "https://h/a.mp4", "added_at": "2026-02-30"}, "which is no date"),
        ({"url": "https://h/a.mp4", "added_at": 1738324800}, "which is no date"),
        ({"url": "https://h/a.mp4", "added_at": "infinity"}, "which is no date"),
        ({"url": "https://h/a.mp4", "added_at": "-infinity"}, "which is no date"),
        ({"url": "https://h/a.mp4", "added_at": "1999-12-31T23:59:59Z"}, "before the earliest day, 2000-01-01"),
        ({"url": "https://h/a.mp4", "added_at": "2000-01-01T01:00:00+02:00"}, "before the earliest day"),
        ({"url": "https://h/a.mp4", "metadata": "author"}, "metadata is not a JSON object"),
        ({"url": "https://h/a.mp4", "metadata": [1]}, "metadata is not a JSON object"),
        ({"url": "https://h/a.mp4", "metadata": 3}, "metadata is not a JSON object"),
        ({"url": "https://h/a.mp4", "metadata": '{"a":'}, "metadata is not a JSON object"),
        ({"url": "https://h/a.mp4", "metadata": "null"}, "metadata is not a JSON object"),
    ],
)
def test_a_row_that_is_no_video_is_a_problem_and_stops_no_other(
    write: Write, row: dict[str, object], reason: str
) -> None:
    found = read_rows(write, GOOD, row, {"url": "https://h/other.mp4"})
    assert found.urls == ["https://h/good.mp4", "https://h/other.mp4"]
    assert (found.manifest.lines, found.manifest.unusable, found.manifest.repeated) == (3, 1, 0)
    [problem] = found.manifest.problems
    assert problem["object_id"] == f"{found.manifest.source} row 2"
    assert reason in problem["reason"]
    assert len(problem["excerpt"]) <= 300


def test_problems_come_with_their_rows_in_order(write: Write) -> None:
    found = read_rows(write, {"url": ""}, GOOD, {"url": "ftp://h/x"}, GOOD, {"url": "a.mp4"})
    numbers = [problem["object_id"].rpartition(" row ")[2] for problem in found.manifest.problems]
    assert numbers == ["1", "3", "5"]
    assert [problem["excerpt"] for problem in found.manifest.problems] == ["", "ftp://h/x", "a.mp4"]


def test_of_very_many_problems_all_are_counted_and_a_thousand_shown(write: Write) -> None:
    lines = "\n".join(["url", "https://h/a.mp4", *(f"ftp://h/{number}" for number in range(5000))])
    found = read(write("list.csv", lines))
    assert found.manifest.unusable == 5000
    assert len(found.manifest.problems) == 1000


def test_a_manifest_without_a_usable_row_is_an_error_that_says_why(write: Write) -> None:
    with pytest.raises(ManifestError, match=r"None of the 2 rows of .* can be used; the first: .* row 1 .*ftp://"):
        read_rows(write, {"url": "ftp://h/a"}, {"url": ""})


def test_the_same_video_twice_is_one_and_the_first_row_counts(write: Write) -> None:
    found = read_rows(
        write,
        {**GOOD, "metadata": {"n": 1}, "added_at": "2026-01-01"},
        {**GOOD, "metadata": {"n": 2}, "added_at": "2025-01-01"},
        {"url": " https://h/good.mp4 "},
        {**GOOD, "collection": "default"},
        {**GOOD, "collection": "other"},
    )
    assert (found.manifest.lines, found.manifest.repeated, found.manifest.unusable) == (5, 3, 0)
    assert [video["collection"] for video in found.videos] == ["default", "other"]
    assert json.loads(found.videos[0]["metadata"]) == {"n": 1}
    assert found.videos[0]["added_at"].year == 2026


def test_an_unusable_row_does_not_stand_in_the_way_of_the_same_video(write: Write) -> None:
    found = read_rows(write, {**GOOD, "added_at": "never"}, {**GOOD, "metadata": {"n": 2}})
    assert (found.manifest.repeated, found.manifest.unusable) == (0, 1)
    assert [json.loads(video["metadata"]) for video in found.videos] == [{"n": 2}]


def test_a_videos_id_is_stable_and_differs_by_collection_and_url(write: Write) -> None:
    listed = [
        {"url": "https://h/a.mp4", "collection": "one"},
        {"url": "https://h/a.mp4", "collection": "two"},
        {"url": "https://h/b.mp4", "collection": "one"},
    ]
    first = [video["video_id"] for video in read_rows(write, *listed).videos]
    assert len(set(first)) == 3
    again = read(write("copy.csv", "collection,url\n" + "".join(f"{r['collection']},{r['url']}\n" for r in listed)))
    assert sorted(video["video_id"] for video in again.videos) == sorted(first)
    # It is a key in tables that outlive this version: the hash is not to change.
    assert first[0] == "b6040af8bcd7d772647923e6bb7f2bf0"


def test_rows_of_other_collections_are_left_to_others(write: Write) -> None:
    rows = [{**GOOD, "collection": "lectures"}, {"url": "https://h/mine.mp4"}, {"url": "", "collection": "lectures"}]
    found = read_rows(write, *rows, collection="trailers", only_collection=True)
    assert found.urls == ["https://h/mine.mp4"]
    assert found.manifest.lines == 2, "an unusable row is named by all who read the manifest"
    assert found.reasons == ["has no url"]


def test_a_manifest_without_a_video_of_the_collection_says_so(write: Write) -> None:
    with pytest.raises(ManifestError, match="lists no video of the collection 'trailers'"):
        read_rows(write, {**GOOD, "collection": "lectures"}, collection="trailers", only_collection=True)


def test_the_collection_of_the_environment_is_for_rows_that_name_none(write: Write) -> None:
    listed = [GOOD, {**GOOD, "collection": " "}, {**GOOD, "collection": "own"}]
    found = read_rows(write, *listed, collection="films")
    assert [video["collection"] for video in found.videos] == ["films", "own"]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        (" 2026-01-31 ", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31 12:34:56", datetime(2026, 1, 31, 12, 34, 56, tzinfo=UTC)),
        ("2026-01-31T12:34:56.5", datetime(2026, 1, 31, 12, 34, 56, 500_000, tzinfo=UTC)),
        ("2026-01-31T12:34:56Z", datetime(2026, 1, 31, 12, 34, 56, tzinfo=UTC)),
        ("2026-01-31T00:30:00+02:00", datetime(2026, 1, 30, 22, 30, tzinfo=UTC)),
        ("2026-01-31T23:30:00-05:00", datetime(2026, 2, 1, 4, 30, tzinfo=UTC)),
        ("2024-01-01", datetime(2024, 1, 1, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_a_date_with_or_without_a_zone_becomes_utc_wherever_we_are(
    write: Write, monkeypatch: pytest.MonkeyPatch, written: str, moment: datetime, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    for name, text in (
        ("list.jsonl", json.dumps({**GOOD, "added_at": written})),
        ("list.csv", f"url,added_at\n{GOOD['url']},{written}\n"),
    ):
        [video] = read(write(name, text)).videos
        assert video["added_at"].astimezone(UTC) == moment


def test_an_earlier_first_partition_lets_earlier_dates_in(write: Write) -> None:
    row = {**GOOD, "added_at": "2019-05-05"}
    assert read_rows(write, row, first_partition=date(2019, 5, 5)).manifest.unusable == 0
    with pytest.raises(ManifestError, match="MIXPEEK_FIRST_PARTITION"):
        read_rows(write, row, first_partition=date(2019, 5, 6))


def test_local_paths_are_read_against_the_manifests_folder(write: Write, tmp_path: Path) -> None:
    clip, other = write("lists/clips/a b#1.mp4"), write("elsewhere/ü🎬.mp4")
    path = write(
        "lists/list.csv", f"url\nclips/a b#1.mp4\n{other}\n{clip.as_uri()}\n../elsewhere/ü🎬.mp4\n./clips/no.mp4\n"
    )
    found = read(path, key=None)
    assert clip.as_uri() in found.urls
    assert other.as_uri() in found.urls
    assert (found.manifest.lines, found.manifest.repeated) == (5, 2), "one file has one URL"
    assert found.reasons == [f"there is no file {tmp_path / 'lists/clips/no.mp4'}"]


def test_a_bracket_in_a_folders_name_is_no_pattern_for_local_paths(write: Write) -> None:
    clip = write("takes [1]/a.mp4")
    assert read(write("takes [1]/list.csv", "url\na.mp4\n"), key=None).urls == [clip.as_uri()]


def test_a_folder_is_no_video(write: Write, tmp_path: Path) -> None:
    (tmp_path / "clips.mp4").mkdir()
    clip = write("a.mp4")
    found = read(write("list.csv", "url\nclips.mp4\na.mp4\n"), key=None)
    assert found.urls == [clip.as_uri()]
    assert len(found.reasons) == 1


def test_http_urls_are_kept_as_they_are_with_the_local_api(write: Write) -> None:
    urls = ["HTTPS://H/A.mp4", "http://127.0.0.1:8000/a%20b.mp4?x=1#t=2", "https://h/ü 🎬.mp4"]
    assert read(write("list.csv", "url\n" + "\n".join(urls)), key=None).urls == sorted(urls)
