"""Where the list of videos can come from."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.manifest import sources
from mixpeek_assets.manifest.errors import ManifestError
from mixpeek_assets.settings import load_settings
from mixpeek_local.samples import MANIFEST
from tests.manifest.conftest import read, served

Write = Callable[..., Path]


def test_with_nothing_set_the_samples_are_the_list() -> None:
    found = read(key=None)
    assert found.manifest.source == str(MANIFEST)
    assert found.manifest.problems == []
    assert {Path(url).suffix for url in found.urls} == {".mp4"}
    assert all(url.startswith("file://") for url in found.urls)


def test_the_environment_names_the_list_and_an_argument_goes_before_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_VIDEOS", str(write("a.csv", "url\nhttps://h/a.mp4\n")))
    assert read().urls == ["https://h/a.mp4"]
    assert read(write("b.csv", "url\nhttps://h/b.mp4\n")).urls == ["https://h/b.mp4"]


def test_a_relative_name_is_looked_for_in_the_working_folder(write: Write) -> None:
    write("lists/a.csv", "url\nhttps://h/a.mp4\n")
    assert read("lists/a.csv").urls == ["https://h/a.mp4"]
    assert read("./lists/../lists/*.csv").urls == ["https://h/a.mp4"]


def test_a_tilde_is_the_home(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write("a.csv", "url\nhttps://h/a.mp4\n")
    assert read("~/a.csv").urls == ["https://h/a.mp4"]


def test_a_folder_is_the_videos_below_it(write: Write, tmp_path: Path) -> None:
    videos = [write("clips/a.mp4"), write("clips/deep/er/B.MOV"), write("clips/c d.webm")]
    for name in ("notes.txt", ".hidden.mp4", "._a.mp4", ".git/d.mp4", "deep/.cache/e.mp4", "mp4"):
        write(f"clips/{name}")
    (tmp_path / "clips" / "folder.mp4").mkdir()
    assert read(tmp_path / "clips", key=None).urls == sorted(video.as_uri() for video in videos)


def test_a_hidden_folder_that_is_named_itself_is_read(write: Write, tmp_path: Path) -> None:
    video = write(".clips/a.mp4")
    assert read(tmp_path / ".clips", key=None).urls == [video.as_uri()]


def test_a_folder_without_a_video_is_an_error(write: Write, tmp_path: Path) -> None:
    write("clips/notes.txt")
    with pytest.raises(ManifestError, match=r"contains no video .*\.mp4"):
        read(tmp_path / "clips", key=None)


@pytest.mark.parametrize("name", ["a.mp4", "without_ending", "odd.xyz", "take [1].mp4", "what?.mp4", "100%.mp4"])
def test_one_file_is_one_video_whatever_its_ending(write: Write, name: str) -> None:
    video = write(name)
    assert read(video, key=None).urls == [video.as_uri()]


def test_a_local_video_is_nothing_to_the_real_api(write: Write) -> None:
    with pytest.raises(ManifestError, match="which only the local API can read: give an http"):
        read(write("a.mp4"))


def test_a_pattern_is_the_files_that_match(write: Write, tmp_path: Path) -> None:
    first, second = write("2025/a.mp4"), write("2026/b.mp4")
    write("2026/b.txt")
    assert read(tmp_path / "*" / "*.mp4", key=None).urls == [first.as_uri(), second.as_uri()]
    assert read(tmp_path / "**" / "[b].mp4", key=None).urls == [second.as_uri()]


def test_a_pattern_of_manifests_is_one_list(write: Write, tmp_path: Path) -> None:
    for number in range(3):
        write(f"part-{number}.jsonl", f'{{"url": "https://h/{number}.mp4"}}\n{{"url": "https://h/0.mp4"}}\n')
    found = read(tmp_path / "part-?.jsonl")
    assert found.urls == [f"https://h/{number}.mp4" for number in range(3)]
    assert (found.manifest.lines, found.manifest.repeated) == (6, 3)


@pytest.mark.parametrize("source", ["no/such.csv", "no-such-folder/", "*.csv", "no/*/such.csv", "a**b", "x" * 300])
def test_what_is_not_there_is_an_error_that_names_it(source: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read(source)
    assert source in str(caught.value)
    assert "MIXPEEK_VIDEOS" in str(caught.value)
    with pytest.raises(ManifestError):
        sources.fingerprint(load_settings(videos=source))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["list.csv", "list.json", "LIST.JSONL"])
def test_a_manifest_is_fetched_from_its_url(write: Write, tmp_path: Path, name: str) -> None:
    text = "url\nhttps://h/a.mp4\n" if "csv" in name else json.dumps({"url": "https://h/a.mp4"})
    write(name, text)
    with served(tmp_path) as url:
        found = read(f"{url}/{name}?version=2#top")
    assert found.urls == ["https://h/a.mp4"]
    assert found.manifest.source == f"{url}/{name}?version=2#top"
    assert found.videos[0]["source"] == found.manifest.source


@pytest.mark.slow
def test_a_manifest_that_cannot_be_fetched_is_an_error_that_says_why(tmp_path: Path) -> None:
    with served(tmp_path) as url, pytest.raises(ManifestError, match="cannot be downloaded: the server answered 404"):
        read(f"{url}/list.csv")
    with pytest.raises(ManifestError, match="cannot be downloaded: ConnectionError"):
        read(f"{url}/list.csv")


def test_a_url_that_is_no_manifests_is_one_videos_and_is_not_fetched() -> None:
    for url in ("https://h/a.mp4", "http://127.0.0.1:9/watch?v=list.csv", "HTTPS://h/", "https://h"):
        assert read(url).urls == [url]


@pytest.mark.parametrize("url", ["http://", "https:///a.mp4", "http://[bad", "http://[bad/list.csv"])
def test_a_url_that_is_none_is_an_error(url: str) -> None:
    with pytest.raises(ManifestError):
        read(url)


def test_the_fingerprint_changes_with_the_file_and_only_then(write: Write) -> None:
    path = write("list.csv", "url\nhttps://h/a.mp4\n")
    first = fingerprint(path)
    assert fingerprint(path) == first
    os.utime(path, ns=(1, 1))
    touched = fingerprint(path)
    assert touched != first
    path.write_text("url\nhttps://h/a.mp4\nhttps://h/b.mp4\n")
    os.utime(path, ns=(1, 1))
    assert fingerprint(path) not in {first, touched}


def test_the_fingerprint_of_a_folder_or_pattern_changes_with_what_is_in_it(write: Write, tmp_path: Path) -> None:
    write("clips/a.mp4")
    seen = {fingerprint(tmp_path / "clips"), fingerprint(tmp_path / "clips" / "*.mp4")}
    assert len(seen) == 2
    added = write("clips/b.mp4")
    seen |= {fingerprint(tmp_path / "clips"), fingerprint(tmp_path / "clips" / "*.mp4")}
    assert len(seen) == 4
    added.rename(tmp_path / "clips" / "c.mp4")
    assert fingerprint(tmp_path / "clips") not in seen


@pytest.mark.parametrize("change", [{"collection": "x"}, {"api_key": "sk"}, {"first_partition": "2020-01-01"}])
def test_the_fingerprint_changes_with_the_settings_that_decide_what_a_row_is(
    write: Write, change: dict[str, Any]
) -> None:
    path = write("list.csv", "url\nhttps://h/a.mp4\n")
    assert fingerprint(path) != fingerprint(path, **change)


def test_a_list_behind_a_url_has_no_fingerprint() -> None:
    assert fingerprint("https://h/list.csv") is None


def test_the_local_api_may_read_what_the_list_lies_beside(write: Write, tmp_path: Path) -> None:
    samples = MANIFEST.parent
    manifest = write("lists/list.csv", "url\na.mp4\n")
    for source, folder in (
        (manifest, tmp_path / "lists"),
        (tmp_path / "lists", tmp_path / "lists"),
        (tmp_path / "lists" / "*.csv", tmp_path / "lists"),
        (tmp_path / "*" / "*.csv", tmp_path),
    ):
        assert set(sources.readable_folders(load_settings(videos=str(source)))) == {samples, folder}
    assert sources.readable_folders(load_settings(videos="https://h/list.csv")) == [samples]
    assert sources.readable_folders(load_settings()) == [samples]


def fingerprint(source: Path | str, **settings: Any) -> str | None:
    return sources.fingerprint(load_settings(videos=str(source), **settings))
