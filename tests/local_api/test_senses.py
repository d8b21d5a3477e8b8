"""What is seen and heard: near for near content, far for other content, the same every time."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_assets.local_api.extract import Extraction, Feature, extract
from mixpeek_assets.local_api.extract.look import Look, look
from mixpeek_assets.local_api.extract.segments import representative, segments, within
from mixpeek_assets.local_api.extract.settings import ExtractionSettings
from tests.local_api.clips import Scene, place, plain, silence, tone, write_clip

SCENE_SECONDS = 3


def looks(path: Path, every: float) -> list[Look]:
    """Look at a frame each `every` seconds, from the middle of the first stretch on."""
    found, wanted = [], every / 2
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time >= wanted:
                found.append(look(frame, frame.time, VideoReformatter()))
                wanted += every
    return found


def vectors(extraction: Extraction, modality: str) -> np.ndarray:
    features: list[Feature] = [feature for feature in extraction.features if feature.modality == modality]
    return np.stack([next(iter(feature.vectors.values())) for feature in features])


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[list[int]], list[Path], list[Path]]:
    """Three clips of four places each, of which the first two share one; and each clip again, small and coarse."""
    folder = tmp_path_factory.mktemp("places")
    plan = [[10, 11, 12, 13], [14, 12, 15, 16], [17, 18, 19, 20]]
    sharp, coarse = [], []
    for number, seeds in enumerate(plan):
        scenes = [Scene(place(seed), SCENE_SECONDS) for seed in seeds]
        sharp.append(write_clip(folder / f"{number}.mp4", scenes, size=(240, 180), bit_rate=600_000))
        coarse.append(
            write_clip(folder / f"{number}.mkv", scenes, size=(144, 104), fps=8, codec="mpeg4", bit_rate=60_000)
        )
    return plan, sharp, coarse


def test_the_nearest_frame_shows_the_same_place_in_another_size_codec_and_clip(places) -> None:
    plan, sharp, coarse = places
    known = [
        (seeds[int(one.time // SCENE_SECONDS)], one.vector)
        for seeds, path in zip(plan, sharp, strict=True)
        for one in looks(path, 0.5)
    ]
    stacked = np.stack([vector for _, vector in known])
    labels = np.array([seed for seed, _ in known])
    same, other = [], []
    for seeds, path in zip(plan, coarse, strict=True):
        for one in looks(path, 0.7):
            seed = seeds[int(one.time // SCENE_SECONDS)]
            cosines = stacked @ one.vector
            assert labels[cosines.argmax()] == seed
            same.append(cosines[labels == seed].max())
            other.append(cosines[labels != seed].max())
    assert min(same) > 0.9
    assert max(other) < 0.8


def test_a_shared_place_is_found_in_the_other_clip(places) -> None:
    plan, sharp, coarse = places
    start = plan[1].index(12) * SCENE_SECONDS
    query = [one for one in looks(coarse[1], 0.5) if start <= one.time < start + SCENE_SECONDS]
    others = [(0, one) for one in looks(sharp[0], 0.5)] + [(2, one) for one in looks(sharp[2], 0.5)]
    for one in query:
        clip_number, found = max(others, key=lambda other: float(other[1].vector @ one.vector))
        assert clip_number == 0
        assert plan[0][int(found.time // SCENE_SECONDS)] == 12


def test_a_representative_frame_finds_its_own_segment(tmp_path: Path) -> None:
    scenes = [Scene(place(seed), 5) for seed in (30, 31, 32, 33)]
    found = extract(write_clip(tmp_path / "clip.mp4", scenes), ExtractionSettings(5))
    cosines = vectors(found, "image") @ vectors(found, "video").T
    assert cosines.argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert cosines.diagonal().min() > 0.9
    assert cosines[~np.eye(4, dtype=bool)].max() < 0.8


def test_the_nearest_sound_is_the_same_sound_from_another_encoder(tmp_path: Path) -> None:
    sounds = [tone(110, 1), tone(440, 5), tone(1500, 12), silence]
    scenes = [Scene(plain(90), 5, sound) for sound in sounds]
    one = vectors(extract(write_clip(tmp_path / "one.mkv", scenes, audio_codec="mp3"), ExtractionSettings(5)), "audio")
    two = vectors(
        extract(write_clip(tmp_path / "two.mp4", [scenes[n] for n in (2, 0, 3, 1)]), ExtractionSettings(5)), "audio"
    )
    cosines = two @ one.T
    assert cosines.argmax(axis=1).tolist() == [2, 0, 3, 1]


def test_extraction_is_deterministic(clip: Path) -> None:
    one, two = extract(clip, ExtractionSettings()), extract(clip, ExtractionSettings())
    assert one.file_data == two.file_data
    for first, second in zip(one.features, two.features, strict=True):
        assert (first.modality, first.start_time, first.end_time) == (
            second.modality,
            second.start_time,
            second.end_time,
        )
        for name, vector in first.vectors.items():
            assert vector.dtype == np.float32
            assert vector.tobytes() == second.vectors[name].tobytes()


def test_a_segment_without_sound_in_it_has_no_audio_feature(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "short.mkv", [Scene(place(1), 6, tone(300))], frame_times=[0, 5, 10, 14])
    audio = [
        feature.start_time for feature in extract(path, ExtractionSettings(5)).features if feature.modality == "audio"
    ]
    assert audio == [0, 5]


def test_the_representative_frame_is_neither_black_nor_blurred_nor_mid_cut(tmp_path: Path) -> None:
    sharp, other = place(40), place(41)

    def blurred(time: float, width: int, height: int) -> np.ndarray:
        small = sharp(time, width // 8, height // 8)
        return np.repeat(np.repeat(small, 8, axis=0), 8, axis=1)

    def mixed(time: float, width: int, height: int) -> np.ndarray:
        return ((sharp(time, width, height).astype(int) + other(time, width, height)) // 2).astype(np.uint8)

    scenes = [Scene(plain(0), 1), Scene(sharp, 1), Scene(mixed, 0.4), Scene(other, 1), Scene(plain(255), 1)]
    path = write_clip(tmp_path / "cuts.mp4", scenes, size=(320, 240), bit_rate=900_000)
    (image,) = (feature for feature in extract(path, ExtractionSettings()).features if feature.modality == "image")
    assert 1 <= image.start_time < 2 or 2.4 <= image.start_time < 3.4


def test_of_equally_typical_frames_the_sharpest_stands_for_the_segment() -> None:
    vector = np.eye(1, 8, dtype=np.float32)[0]
    frames = [Look(number, vector, sharpness, 50) for number, sharpness in enumerate([5.0, 9.0, 7.0, 9.0])]
    assert representative(frames).time == 1


def test_a_segment_of_black_frames_is_represented_by_one_of_them() -> None:
    vector = np.eye(1, 8, dtype=np.float32)[0]
    assert representative([Look(0, vector, 0, 0), Look(1, vector, 0, 0)]).time == 0


@given(seconds=st.floats(0.01, 20_000), interval=st.floats(5, 119.9))
def test_segments_cover_the_video_without_gaps_overlaps_or_slivers(seconds: float, interval: float) -> None:
    spans = segments(seconds, interval)
    assert spans[0][0] == 0
    assert spans[-1][1] == pytest.approx(seconds, abs=0.001)
    for (_, end), (start, _) in pairwise(spans):
        assert end == start
    lengths = [end - start for start, end in spans]
    assert all(length == pytest.approx(interval, abs=0.002) for length in lengths[:-1])
    assert lengths[-1] <= interval + 0.26
    assert len(spans) == 1 or lengths[-1] >= 0.24


@given(times=st.lists(st.floats(0, 100), min_size=1, unique=True), start=st.floats(0, 90), length=st.floats(1, 10))
def test_a_segment_has_the_frames_that_begin_in_it_or_the_one_still_on_show(times, start, length) -> None:
    frames = [Look(time, np.zeros(1, np.float32), 0, 0) for time in sorted(times)]
    chosen = [one.time for one in within(frames, start, start + length)]
    inside = [one.time for one in frames if start <= one.time < start + length]
    before = [one.time for one in frames if one.time < start][-1:]
    assert chosen == (inside or before)
