"""What is seen and heard: near for near content, far for other content, the same every time."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_local.extract import Extraction, Feature, extract
from mixpeek_local.extract.color_stats import SIDE, FrameStats, frame_stats
from mixpeek_local.extract.decode import open_media
from mixpeek_local.extract.keyframes import Keyframe, KeyframeSelector
from mixpeek_local.extract.segments import ByInterval, ByShots, representative, segments
from mixpeek_local.extract.settings import ExtractionSettings
from tests.mixpeek_local.clips import Scene, place, plain, silence, tone, write_clip

SCENE_SECONDS = 2
GREY = np.full((SIDE, SIDE), 128, np.float32)


def sampled(path: Path, every: float) -> list[FrameStats]:
    """Analyse a frame each `every` seconds, from the middle of the first stretch on."""
    found, wanted = [], every / 2
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time >= wanted:
                found.append(frame_stats(frame, frame.time, VideoReformatter()))
                wanted += every
    return found


def vectors(extraction: Extraction, modality: str) -> np.ndarray:
    features: list[Feature] = [feature for feature in extraction.features if feature.modality == modality]
    name = "audio" if modality == "audio" else "image"
    return np.stack([feature.vectors[name] for feature in features])


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
        for one in sampled(path, 0.5)
    ]
    stacked = np.stack([vector for _, vector in known])
    labels = np.array([seed for seed, _ in known])
    same, other = [], []
    for seeds, path in zip(plan, coarse, strict=True):
        for one in sampled(path, 0.7):
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
    query = [one for one in sampled(coarse[1], 0.5) if start <= one.time < start + SCENE_SECONDS]
    others = [(0, one) for one in sampled(sharp[0], 0.5)] + [(2, one) for one in sampled(sharp[2], 0.5)]
    for one in query:
        clip_number, found = max(others, key=lambda other: float(other[1].vector @ one.vector))
        assert clip_number == 0
        assert plan[0][int(found.time // SCENE_SECONDS)] == 12


def test_a_frame_that_was_looked_at_finds_its_own_segment(tmp_path: Path) -> None:
    scenes = [Scene(place(seed), 5) for seed in (30, 31, 32, 33)]
    found = extract(write_clip(tmp_path / "clip.mp4", scenes), ExtractionSettings(5))
    cosines = vectors(found, "image") @ vectors(found, "video").T
    shown = [int(feature.start_time // 5) for feature in found.features if feature.modality == "image"]
    assert cosines.argmax(axis=1).tolist() == shown
    assert set(shown) == {0, 1, 2, 3}


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


def test_no_frame_that_is_looked_at_is_black_white_or_mid_cut(tmp_path: Path) -> None:
    sharp, other = place(40), place(41)

    def mixed(time: float, width: int, height: int) -> np.ndarray:
        return ((sharp(time, width, height).astype(int) + other(time, width, height)) // 2).astype(np.uint8)

    scenes = [Scene(plain(0), 1), Scene(sharp, 1), Scene(mixed, 0.4), Scene(other, 1), Scene(plain(255), 1)]
    path = write_clip(tmp_path / "cuts.mp4", scenes, size=(320, 240), bit_rate=900_000)
    looks = [one.start_time for one in extract(path, ExtractionSettings()).features if one.modality == "image"]
    assert any(1 <= look < 2 for look in looks)
    assert any(2.4 <= look < 3.4 for look in looks)
    assert len(looks) == 2


def test_of_equally_typical_frames_the_sharpest_stands_for_the_segment() -> None:
    vector = np.eye(1, 8, dtype=np.float32)[0]
    frames = [FrameStats(number, vector, sharpness, 50, GREY) for number, sharpness in enumerate([5.0, 9.0, 7.0, 9.0])]
    assert representative(frames) == 1


def test_a_segment_of_black_frames_is_represented_by_one_of_them() -> None:
    vector = np.eye(1, 8, dtype=np.float32)[0]
    assert representative([FrameStats(0, vector, 0, 0, GREY), FrameStats(1, vector, 0, 0, GREY)]) == 0


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


def test_shots_begin_where_the_picture_changes_at_once_and_cover_the_video(tmp_path: Path) -> None:
    scenes = [Scene(place(1), 4, tone(220)), Scene(place(2), 3, tone(300)), Scene(place(3), 5, tone(700))]
    path = write_clip(tmp_path / "shots.mp4", scenes)
    found = extract(path, ExtractionSettings(60, segment_by="shots"))
    spans = [(one.start_time, one.end_time) for one in found.features if one.modality == "video"]
    assert [start for start, _ in spans] == [0, pytest.approx(4, abs=0.4), pytest.approx(7, abs=0.4)]
    assert spans[-1][1] == pytest.approx(12, abs=0.1)
    for (_, end), (start, _) in pairwise(spans):
        assert end == start
    looks = [one.start_time for one in found.features if one.modality == "image"]
    assert looks == sorted(looks)
    for start, end in spans:
        assert any(start <= look < end for look in looks)


def test_a_shot_that_goes_on_is_cut_after_the_longest_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "still.mp4", [Scene(place(1), 12)])
    found = extract(path, ExtractionSettings(5, segment_by="shots"))
    assert [one.start_time for one in found.features if one.modality == "video"] == [0, 5, 10]


@given(
    times=st.lists(st.floats(0, 500), min_size=1, unique=True),
    changes=st.lists(st.booleans(), min_size=1),
    longest=st.floats(5, 119),
    rest=st.floats(0.01, 300),
)
def test_shots_cover_the_video_without_gaps_or_overlaps_whatever_is_seen_when(
    times: list[float], changes: list[bool], longest: float, rest: float
) -> None:
    shots = ByShots(longest)
    sides = np.eye(2, dtype=np.float32)
    numbers = [
        shots.place(FrameStats(time, sides[int(changes[place % len(changes)]) * place % 2], 1, 50, GREY))
        for place, time in enumerate(sorted(times))
    ]
    seconds = max(times) + rest
    spans = shots.spans(seconds)
    assert numbers == sorted(numbers)
    assert spans[0][0] == 0
    assert spans[-1][1] == pytest.approx(seconds, abs=0.001)
    for (_, end), (start, _) in pairwise(spans):
        assert end == start
    assert all(0 < end - start <= longest + 0.26 for start, end in spans)


def test_memory_holds_a_few_frames_of_a_segment_and_not_all(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "long.mp4", [Scene(place(1), 30)])
    seen: list[list[Keyframe]] = []
    selector = KeyframeSelector(ByInterval(119), lambda _number, keyframes: seen.append(keyframes))
    with open_media(path) as media:
        for frame, time in media.frames():
            if isinstance(frame, av.VideoFrame):
                selector.add(frame, time)
    selector.finish(0)
    ((keyframes),) = seen
    assert 8 <= len(keyframes) <= 17
    steps = [later.stats.time - one.stats.time for one, later in pairwise(keyframes)]
    assert max(steps) < 2 * min(steps)
    assert keyframes[-1].stats.time > 25
