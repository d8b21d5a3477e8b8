"""The packaged sample videos, as files."""

import csv
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from mixpeek_assets.samples import FOLDER, MANIFEST
from mixpeek_assets.samples.make_samples import FPS, encode, soundtrack, write_manifest
from mixpeek_assets.samples.scenes import CLIPS, SEA, Clip, Scene
from mixpeek_assets.samples.sounds import RATE

EVERY_SCENE = pytest.mark.parametrize(
    "scene", [scene for clip in CLIPS for scene in clip.scenes], ids=lambda scene: scene.name
)
EVERY_CLIP = pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.file)


def manifest() -> list[dict[str, str]]:
    with MANIFEST.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def grid(frame: av.VideoFrame) -> npt.NDArray[np.float64]:
    """The mean colours of 16 x 9 fields of a frame."""
    pixels = frame.to_ndarray(format="rgb24").astype(float)
    return pixels.reshape(9, 40, 16, 40, 3).mean(axis=(1, 3))


@pytest.fixture(scope="module")
def grids() -> dict[tuple[str, str], list[npt.NDArray[np.float64]]]:
    """For each scene of each file, the colours of its frames after 2, 5 and 8 seconds."""
    found: dict[tuple[str, str], list[npt.NDArray[np.float64]]] = {}
    for clip in CLIPS:
        wanted = {(10 * n + s) * FPS: scene.name for n, scene in enumerate(clip.scenes) for s in (2, 5, 8)}
        with av.open(str(FOLDER / clip.file)) as file:
            for number, frame in enumerate(file.decode(video=0)):
                if number in wanted:
                    found.setdefault((clip.file, wanted[number]), []).append(grid(frame))
    return found


def distance(one: list[npt.NDArray[Any]], other: list[npt.NDArray[Any]]) -> float:
    """The smallest mean difference between any two frames of two scenes."""
    return min(float(np.abs(a - b).mean()) for a in one for b in other)


def test_the_manifest_names_exactly_the_videos_that_are_there() -> None:
    videos = {path.name for path in FOLDER.iterdir() if path.suffix in {".mp4", ".webm", ".mov", ".mkv"}}
    assert [row["url"] for row in manifest()] == sorted(videos, key=[clip.file for clip in CLIPS].index)
    assert {row["collection"] for row in manifest()} == {"samples"}


def test_the_manifest_is_the_one_the_program_writes(tmp_path: Path) -> None:
    write_manifest(tmp_path / "manifest.csv")
    assert (tmp_path / "manifest.csv").read_bytes() == MANIFEST.read_bytes()


def test_the_metadata_tell_the_title_and_the_scenes_of_each_video() -> None:
    about = [json.loads(row["metadata"]) for row in manifest()]
    assert about == [{"title": clip.title, "scenes": [s.name for s in clip.scenes]} for clip in CLIPS]


def test_the_videos_are_small_enough_to_be_packaged() -> None:
    sizes = [(FOLDER / clip.file).stat().st_size for clip in CLIPS]
    assert sum(sizes) < 3_000_000


@EVERY_CLIP
def test_a_video_has_picture_and_sound_to_its_end_and_no_longer(clip: Clip) -> None:
    with av.open(str(FOLDER / clip.file)) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (640, 360, FPS)
        assert file.duration == clip.seconds * 1_000_000
        pictures = sum(1 for packet in file.demux(video) if packet.size)
        file.seek(0)
        samples = sum(frame.samples for frame in file.decode(audio))
    assert pictures == clip.seconds * FPS
    assert clip.seconds - 0.05 < samples / RATE < clip.seconds + 0.05


@EVERY_CLIP
def test_every_second_of_a_video_can_be_heard_and_none_is_clipped(clip: Clip) -> None:
    with av.open(str(FOLDER / clip.file)) as file:
        sound = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
    seconds = sound[:, : (clip.seconds - 1) * RATE].reshape(2, -1, RATE)
    assert np.sqrt((seconds**2).mean(axis=(0, 2))).min() > 0.005
    assert np.abs(sound).max() < 1


@EVERY_SCENE
def test_a_frame_that_is_drawn_twice_has_the_same_pixels_and_another_moment_has_others(scene: Scene) -> None:
    first = scene.picture(4.1)
    assert first.shape == (360, 640, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, scene.picture(4.1))
    assert not np.array_equal(first, scene.picture(4.6))


@EVERY_SCENE
def test_a_sound_that_is_made_twice_is_the_same(scene: Scene) -> None:
    assert np.array_equal(scene.sound(2.0, scene.seed), scene.sound(2.0, scene.seed))


def test_a_clip_is_encoded_to_the_same_bytes_each_time(tmp_path: Path) -> None:
    scene = Scene(SEA, CLIPS[0].scenes[0].picture, CLIPS[0].scenes[0].sound, seed=1, seconds=1)
    clip = Clip("short.mp4", "A short one", (scene,), crf=30)
    first = encode(clip, tmp_path).read_bytes()
    assert encode(clip, tmp_path).read_bytes() == first
    assert len(soundtrack(clip)) <= RATE


def test_the_scene_that_two_videos_share_is_near_but_not_the_same(
    grids: dict[tuple[str, str], list[npt.NDArray[np.float64]]],
) -> None:
    shared = [key for key in grids if key[1] == SEA]
    assert len(shared) == 2
    near = distance(grids[shared[0]], grids[shared[1]])
    assert near > 0.5
    for key in shared:
        others = {other: distance(grids[key], grids[other]) for other in grids if other[1] != SEA}
        assert min(others.values()) > 4 * near, others


def test_the_other_scenes_differ_clearly_from_each_other(
    grids: dict[tuple[str, str], list[npt.NDArray[np.float64]]],
) -> None:
    assert len(grids) == 9
    keys = [key for key in grids if key[1] != SEA]
    apart = {(a, b): distance(grids[a], grids[b]) for a in keys for b in keys if a < b}
    assert min(apart.values()) > 15, min(apart.items(), key=lambda pair: pair[1])
