"""The packaged sample videos, as files."""

import csv
import json
import stat
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from mixpeek_local.extract.ocr import reader
from mixpeek_local.samples import FOLDER, MANIFEST
from mixpeek_local.samples.lettering import FADE
from mixpeek_local.samples.make_samples import FPS, encode, soundtrack, write_manifest
from mixpeek_local.samples.scenes import CLIPS, SEA, Clip, Scene
from mixpeek_local.samples.sounds import RATE
from mixpeek_local.samples.speech import voice_track
from mixpeek_local.samples.words import Said

EVERY_SCENE = pytest.mark.parametrize(
    "scene", [scene for clip in CLIPS for scene in clip.scenes], ids=lambda scene: scene.name
)
EVERY_CLIP = pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.file)
SPEAKING = pytest.mark.parametrize("clip", [clip for clip in CLIPS if clip.said], ids=lambda clip: clip.file)


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
        wanted = {
            (start + s) * FPS: scene.name
            for start, scene in zip(clip.starts, clip.scenes, strict=True)
            for s in (2, 5, 8)
        }
        with av.open(str(FOLDER / clip.file)) as file:
            for number, frame in enumerate(file.decode(video=0)):
                if number in wanted:
                    found.setdefault((clip.file, wanted[number]), []).append(grid(frame))
    return found


def pictures(clip: Clip, moments: list[float]) -> dict[float, npt.NDArray[Any]]:
    """The frames of a packaged video at some moments, as red, green and blue."""
    numbers = {round(moment * FPS): moment for moment in moments}
    with av.open(str(FOLDER / clip.file)) as file:
        return {
            numbers[number]: frame.to_ndarray(format="rgb24")
            for number, frame in enumerate(file.decode(video=0))
            if number in numbers
        }


def heard(clip: Clip) -> npt.NDArray[Any]:
    """The sound of a packaged video, 2 channels x samples."""
    with av.open(str(FOLDER / clip.file)) as file:
        return np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)


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
    assert max(sizes) < 1_000_000
    assert sum(sizes) < 4_200_000


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
    sound = heard(clip)
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
    assert len(grids) == sum(len(clip.scenes) for clip in CLIPS)
    keys = [key for key in grids if key[1] != SEA]
    apart = {(a, b): distance(grids[a], grids[b]) for a in keys for b in keys if a < b}
    assert min(apart.values()) > 15, min(apart.items(), key=lambda pair: pair[1])


@EVERY_CLIP
def test_a_packaged_video_shows_what_the_program_draws(clip: Clip) -> None:
    middles = {start + scene.seconds / 2: scene for start, scene in zip(clip.starts, clip.scenes, strict=True)}
    for moment, frame in pictures(clip, list(middles)).items():
        scene = middles.pop(moment)
        drawn = scene.picture(scene.start + scene.seconds / 2)
        assert np.abs(frame.astype(float) - drawn).mean() < 5, scene.name
    assert not middles


@EVERY_CLIP
def test_what_is_said_and_shown_keeps_to_its_scene_and_voices_take_turns(clip: Clip) -> None:
    for scene in clip.scenes:
        assert all(0 < line.start < line.end < scene.seconds for line in scene.said)
        assert all(0 < line.start < line.end <= scene.seconds for line in scene.shown)
        assert all(one.end < other.start for one, other in zip(scene.said, scene.said[1:], strict=False))
    assert bool(clip.said) == bool(clip.voice)


def test_one_clip_speaks_and_another_speaks_and_shows_other_words() -> None:
    speaking = [clip for clip in CLIPS if clip.said]
    assert [(clip.file, bool(clip.shown)) for clip in speaking] == [("talk.mp4", False), ("lesson.mp4", True)]
    said = {word for line in speaking[1].said for word in line.text.lower().strip(".").replace(",", "").split()}
    shown = {word for line in speaking[1].shown for word in line.text.lower().replace(":", "").split()}
    assert said & shown <= {"a", "in", "and"}
    assert [scene.name for scene in speaking[1].scenes if not scene.said and not scene.shown], "music and no words"


@SPEAKING
def test_a_voice_is_heard_when_something_is_said_and_not_in_between(clip: Clip) -> None:
    mono = heard(clip).mean(axis=0)

    def loudness(start: float, end: float) -> float:
        return float(np.sqrt(np.mean(mono[round(start * RATE) : round(end * RATE)] ** 2)))

    for start, scene in zip(clip.starts, clip.scenes, strict=True):
        if scene.said:
            quiet = max(loudness(start + 0.1, start + 0.7), loudness(start + 9.3, start + 9.9))
            voices = [loudness(start + line.start, start + line.end) for line in scene.said]
            assert min(voices) > 2.5 * quiet, scene.name


def test_the_words_on_the_screen_can_be_read_in_the_video() -> None:
    model = reader()
    assert model is not None, "the model is not there: make models"
    (clip,) = [clip for clip in CLIPS if clip.shown]
    moments = sorted({round((line.start + line.end) / 2, 1) for line in clip.shown} | {25.0})
    for moment, frame in pictures(clip, moments).items():
        read = {line.text for line in model.read(frame)}
        whole = {line.text for line in clip.shown if line.start <= moment < line.end}
        faint = {line.text for line in clip.shown if line.start - FADE < moment < line.end + FADE}
        assert whole <= read <= faint, moment


@pytest.fixture
def flite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name that takes half a second to say anything."""
    with wave.open(str(tmp_path / "hum.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((8_000 * np.sin(np.arange(8_000) * 0.1)).astype("<i2").tobytes())
    program = tmp_path / "flite"
    program.write_text(f'#!/bin/sh\nfor last; do :; done\n/bin/cp "{tmp_path}/hum.wav" "$last"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    return program


def test_a_voice_speaks_at_its_time_as_loud_as_it_should(flite: Path) -> None:
    track = voice_track((Said(1.0, 1.6, "Hello."),), "slt", 3)
    assert track.shape == (3 * RATE, 1)
    spoken = np.flatnonzero(np.abs(track) > 0.01) / RATE
    assert spoken.min() == pytest.approx(1.0, abs=0.01)
    assert spoken.max() == pytest.approx(1.5, abs=0.01)
    assert np.abs(track).max() == pytest.approx(0.7, abs=0.01)


def test_a_line_that_takes_longer_than_its_times_say_is_refused(flite: Path) -> None:
    with pytest.raises(ValueError, match=r"'Hello\.' takes 0\.50 s, not 0\.40 s"):
        voice_track((Said(1.0, 1.4, "Hello."),), "slt", 3)


def test_without_flite_the_maker_of_the_samples_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="apt-get install flite"):
        voice_track((Said(1.0, 1.4, "Hello."),), "slt", 3)
