"""Every kind of file that people send: a good one gives features, a bad one a reason."""

import shutil
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.local_files import local_file
from mixpeek_local.samples import GUIDE_VIDEO
from tests.mixpeek_local.caller import Caller, until
from tests.mixpeek_local.clips import Scene, place, plain, silence, tone, write_clip
from tests.mixpeek_local.video_host import VideoHost


def counts(body: dict) -> dict[str, int]:
    return {modality: len(several) for modality, several in body["features"].items()}


def test_a_relative_path_is_looked_up_in_the_allowed_folders(api: Caller, clip: Path) -> None:
    assert counts(api.process(clip.name))["video"] == 2


@pytest.mark.parametrize("name", ["missing.mp4", "below/video.mp4"])
def test_a_relative_path_that_is_in_none_of_them_is_told_where_to_put_it(api: Caller, folder: Path, name: str) -> None:
    reason = api.reason(name)
    assert reason.startswith(f"{name} is not in the folders that this server may read ({folder}")
    assert reason.endswith("put it there, start the server with --allow-folder, or give an http(s) URL")


def test_a_video_mp4_of_ones_own_comes_before_the_sample(own: LocalApiConfig, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    config = replace(own, allowed_folders=(tmp_path / "mine",))
    assert local_file("video.mp4", config) == GUIDE_VIDEO
    mine = Path(shutil.copy(clip, tmp_path / "mine" / "video.mp4"))
    assert local_file("video.mp4", config) == mine.resolve()


def test_a_file_url_is_a_path(api: Caller, folder: Path, clip: Path) -> None:
    spaced = folder / "with space.mp4"
    spaced.write_bytes(clip.read_bytes())
    assert counts(api.process(spaced.as_uri()))["video"] == 2


def test_a_missing_file_is_named(api: Caller, folder: Path) -> None:
    assert api.reason(folder / "missing.mp4").endswith("missing.mp4 does not exist")


def test_a_folder_is_no_file(api: Caller, folder: Path) -> None:
    assert "is not a file" in api.reason(folder)


def test_a_file_outside_the_allowed_folders_is_not_read(api: Caller, tmp_path: Path, clip: Path) -> None:
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(clip.read_bytes())
    reason = api.reason(outside)
    assert "outside the folders that this server may read" in reason
    assert "--allow-folder" in reason


def test_neither_a_link_nor_dots_lead_out_of_the_allowed_folders(
    api: Caller, tmp_path: Path, folder: Path, clip: Path
) -> None:
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(clip.read_bytes())
    (folder / "link.mp4").symlink_to(outside)
    (folder / "linked").symlink_to(tmp_path)
    for way in (folder / "link.mp4", folder / "linked" / "outside.mp4", f"{folder}/../{tmp_path.name}/outside.mp4"):
        assert "outside the folders" in api.reason(way)


def test_text_is_no_video(api: Caller, folder: Path) -> None:
    for name in ("text.txt", "text.mp4"):
        (folder / name).write_text("This is no video.\n" * 100)
        assert "the file is" in api.reason(folder / name)


def test_a_picture_is_no_video(api: Caller, folder: Path) -> None:
    frame = write_clip(folder / "one.mkv", [Scene(place(1), 0.1)], codec="mjpeg")
    picture = folder / "picture.jpg"
    data = frame.read_bytes()
    picture.write_bytes(data[data.index(b"\xff\xd8") : data.rindex(b"\xff\xd9") + 2])
    assert api.reason(picture) == "the file is a picture, not a video"


def test_an_empty_file_is_said_to_be_empty(api: Caller, folder: Path) -> None:
    (folder / "empty.mp4").touch()
    assert api.reason(folder / "empty.mp4") == "the file is empty"


def test_noise_is_no_video(api: Caller, folder: Path) -> None:
    (folder / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(100_000))
    assert "the file" in api.reason(folder / "noise.mp4")


def test_an_mp4_cut_off_before_its_index_fails(api: Caller, folder: Path, clip: Path) -> None:
    (folder / "cut.mp4").write_bytes(clip.read_bytes()[:-50_000])
    assert "not a video that FFmpeg can read" in api.reason(folder / "cut.mp4")


def test_a_video_with_its_index_but_no_picture_data_fails(api: Caller, folder: Path) -> None:
    whole = write_clip(folder / "start.mp4", [Scene(place(1), 3)], options={"movflags": "faststart"})
    data = whole.read_bytes()
    (folder / "start-only.mp4").write_bytes(data[: data.index(b"mdat") + 20])
    assert "not one frame" in api.reason(folder / "start-only.mp4")


def test_a_broken_tail_costs_only_the_tail(api: Caller, folder: Path) -> None:
    whole = write_clip(folder / "fast.mp4", [Scene(place(1), 12, tone(300))], options={"movflags": "faststart"})
    (folder / "broken.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    body = api.process(folder / "broken.mp4")
    assert 1 <= counts(body)["video"] <= 2
    assert 3 < body["asset"]["file_data"]["duration"] < 11
    assert "seconds could be decoded" in body["asset"]["file_data"]["damage"]


def test_a_damaged_middle_costs_only_the_middle(api: Caller, folder: Path) -> None:
    whole = write_clip(folder / "whole.mkv", [Scene(place(1), 12, tone(300))], codec="mpeg4")
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3_000] = np.random.default_rng(2).bytes(3_000)
    (folder / "damaged.mkv").write_bytes(data)
    body = api.process(folder / "damaged.mkv")
    assert counts(body)["video"] == 2
    assert body["asset"]["file_data"]["duration"] == pytest.approx(12, abs=0.3)


def test_without_sound_there_are_no_audio_features(api: Caller, folder: Path) -> None:
    body = api.process(write_clip(folder / "mute.mp4", [Scene(place(1), 3)]))
    assert counts(body) == {"video": 1, "image": 1, "text": 0, "audio": 0}


def test_without_a_picture_there_are_only_audio_features(api: Caller, folder: Path) -> None:
    body = api.process(write_clip(folder / "sound.m4a", [Scene(plain(0), 12, tone(300))], video=False))
    assert counts(body) == {"video": 0, "image": 0, "text": 0, "audio": 2}
    assert body["asset"]["modality"] == "audio"


def test_joined_recordings_whose_times_start_again_follow_one_another(api: Caller, folder: Path) -> None:
    parts = [
        write_clip(folder / f"part-{seed}.ts", [Scene(place(seed), 6, tone(300))], codec="mpeg2video", fps=25)
        for seed in (1, 2, 3)
    ]
    (folder / "joined.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    body = api.process(folder / "joined.ts", feature_extractors=[{"interval_sec": 6}])
    assert body["asset"]["file_data"]["duration"] == pytest.approx(18, abs=0.3)
    found = [np.array(api.vectors(feature)["image"]) for feature in body["features"]["video"]]
    assert len(found) == 3
    assert max(found[0] @ found[1], found[1] @ found[2], found[0] @ found[2]) < 0.97


def test_a_video_longer_than_four_hours_is_refused(api: Caller, folder: Path) -> None:
    path = write_clip(folder / "long.mkv", [Scene(place(1), 20_000)], codec="mpeg4", frame_times=[0, 14_500])
    assert "longer than 4 hours" in api.reason(path)


def test_one_frame_is_a_video(api: Caller, folder: Path) -> None:
    body = api.process(write_clip(folder / "frame.mp4", [Scene(place(1), 0.1)]))
    assert counts(body) == {"video": 1, "image": 1, "text": 0, "audio": 0}


def test_black_and_silence_have_vectors_of_length_one(api: Caller, folder: Path) -> None:
    features = api.process(write_clip(folder / "black.mp4", [Scene(plain(0), 3, silence)]))["features"]
    for modality, name in (("video", "multimodal"), ("image", "multimodal"), ("audio", "audio")):
        assert np.linalg.norm(api.vectors(features[modality][0])[name]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "codec", "audio_codec", "size"),
    [
        ("portrait.mp4", "libx264", "aac", (90, 160)),
        ("odd.mkv", "mpeg4", "mp3", (163, 121)),
        ("motion.avi", "mjpeg", "pcm_s16le", (160, 120)),
        ("web.webm", "libvpx", "libopus", (160, 120)),
        ("tiny.mkv", "ffv1", "flac", (16, 16)),
        ("stream.ts", "mpeg2video", "mp2", (160, 120)),
    ],
)
def test_containers_codecs_and_sizes_do_not_matter(
    api: Caller, folder: Path, name: str, codec: str, audio_codec: str, size: tuple[int, int]
) -> None:
    scenes = [Scene(place(3), 6, tone(250))]
    path = write_clip(folder / name, scenes, codec=codec, audio_codec=audio_codec, size=size, fps=25)
    body = api.process(path)
    images = counts(body)["image"]
    assert counts(body) == {"video": 1, "image": images, "text": 0, "audio": 1}
    assert 1 <= images <= 4
    assert (body["asset"]["file_data"]["width"], body["asset"]["file_data"]["height"]) == size
    assert body["asset"]["file_data"]["duration"] == pytest.approx(6, abs=0.2)


def test_a_slide_show_fills_the_segments_in_which_no_frame_begins(api: Caller, folder: Path) -> None:
    scenes = [Scene(place(1), 16), Scene(place(2), 4)]
    path = write_clip(folder / "slides.mp4", scenes, frame_times=[0, 16, 19.9])
    features = api.process(path, feature_extractors=[{"interval_sec": 5}])["features"]
    assert [feature["start_time"] for feature in features["video"]] == [0, 5, 10, 15]
    first, second = (api.vectors(feature)["multimodal"] for feature in features["video"][:2])
    assert first == second


def test_a_rotated_video_looks_like_what_a_player_shows(api: Caller, folder: Path) -> None:
    upright = write_clip(folder / "upright.mp4", [Scene(place(4), 2)])
    turned = write_clip(folder / "turned.mp4", [Scene(place(4), 2)], rotation=90)
    bodies = [api.process(path) for path in (upright, turned)]
    sizes = [(body["asset"]["file_data"]["width"], body["asset"]["file_data"]["height"]) for body in bodies]
    assert sizes == [(160, 120), (120, 160)]


def test_a_video_comes_over_http(api: Caller, host: VideoHost) -> None:
    assert counts(api.process(host.address("/clip?signature=secret")))["video"] == 2


@pytest.mark.parametrize(
    ("path", "words"),
    [("/missing?signature=secret", "answered 404"), ("/cut?signature=secret", "could not be downloaded")],
)
def test_a_failed_download_says_why_and_keeps_the_signature_secret(
    api: Caller, host: VideoHost, path: str, words: str
) -> None:
    reason = api.reason(host.address(path))
    assert words in reason
    assert "secret" not in reason


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1/video.mp4", "could not be downloaded: no connection"),
        ("http:///video.mp4", "could not be downloaded"),
        ("http://localhost:99999/video.mp4", "could not be downloaded"),
        ("http://[half/video.mp4", "is not a URL"),
        ("ftp://example.com/video.mp4", "ftp:// addresses are not supported"),
        ("file://elsewhere/video.mp4", "is on another machine"),
        ("nul\0.mp4", "nul"),
        ("/" + "long" * 1_000, "outside the folders"),
        ("long" * 1_000, "cannot be read"),
    ],
)
def test_an_address_that_leads_nowhere_fails_with_a_reason(api: Caller, url: str, words: str) -> None:
    assert words in api.reason(url)


def test_a_file_above_the_limit_is_refused(api: Caller, folder: Path, config: LocalApiConfig, host: VideoHost) -> None:
    (folder / "large.mp4").write_bytes(bytes(config.max_bytes + 1))
    host.content = bytes(config.max_bytes + 1)
    for url in (folder / "large.mp4", host.address("/clip")):
        assert "larger than 5,000,000 bytes" in api.reason(url)


def test_downloads_are_deleted(api: Caller, host: VideoHost, config: LocalApiConfig) -> None:
    api.process(host.address("/clip"))
    until(lambda: not list(config.downloads.iterdir()))  # a moment after the task is over


def test_a_title_in_an_old_code_page_is_no_obstacle(api: Caller, folder: Path, clip: Path) -> None:
    titled = folder / "titled.mkv"
    with av.open(str(clip)) as source, av.open(str(titled), "w") as copy:
        copy.metadata["title"] = "XXXXXXXX"
        stream = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    content = titled.read_bytes()
    assert b"XXXXXXXX" in content
    titled.write_bytes(content.replace(b"XXXXXXXX", b"caf\xe9 \xa9\xff\xfe"))
    assert counts(api.process(titled))["video"] == 2
