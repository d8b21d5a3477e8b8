"""Sounds are named, and have vectors that are near for near sounds; gaps, odd formats and missing models do no harm."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from mixpeek_local.extract import sounds, spectrum
from mixpeek_local.extract.audio import AudioAnalyser
from mixpeek_local.extract.pcm import RATE, Batch
from mixpeek_local.models.catalogue import MODELS, SOURCE_FILE
from mixpeek_local.samples import FOLDER
from tests.mixpeek_local.clips import Scene, plain, silence, tone, write_clip
from tests.mixpeek_local.listening import Samples, busy_signal, decoded, frames, heard, melody, noise, quiet


def labels(samples: Samples, start: float = 0, end: float = 10) -> list[str]:
    found = heard(samples, speech=False).sound(start, end)
    assert found is not None
    return [label.label for label in found.labels]


@pytest.fixture(scope="module", autouse=True)
def model() -> sounds.SoundModel:
    model = sounds.sound_model()
    assert model is not None, "the tests need the models: python -m mixpeek_local.get_models"
    return model


@pytest.fixture(scope="module")
def talk() -> Samples:
    return decoded(FOLDER / "talk.mp4")


@pytest.fixture
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path))
    return tmp_path


def test_sounds_are_named(talk: Samples) -> None:
    assert labels(melody(10))[0] == "Music"
    assert "Busy signal" in labels(busy_signal(10))
    assert "White noise" in labels(noise(10))
    assert labels(talk)[0] == "Speech"
    assert labels(quiet(10)) == ["Silence"]


def test_a_short_sound_among_others_is_named(talk: Samples) -> None:
    mixed = talk[: 10 * RATE].copy()
    mixed[5 * RATE : 7 * RATE] = busy_signal(2)
    assert {"Speech", "Busy signal"} <= set(labels(mixed))


def test_pauses_in_speech_are_not_called_silence(talk: Samples) -> None:
    mixed = talk[: 10 * RATE].copy()
    mixed[6 * RATE : 8 * RATE] = 0
    assert "Silence" not in labels(mixed)


def test_scores_and_labels_agree(model: sounds.SoundModel, talk: Samples) -> None:
    found = heard(talk, speech=False).sound(0, 10)
    assert found is not None
    assert found.scores is not None
    assert found.scores.shape == (521,)
    assert found.scores.dtype == np.float32
    assert 0 <= found.scores.min() <= found.scores.max() <= 1
    scores = dict(zip(model.names, found.scores.tolist(), strict=True))
    assert {label.label: label.score for label in found.labels}.items() <= scores.items()


def test_the_nearest_sound_is_the_same_from_another_encoder_and_rate(tmp_path: Path) -> None:
    kinds = [tone(110, 1), tone(440, 5), tone(1500, 12), silence]
    scenes = [Scene(plain(90), 5, sound) for sound in kinds]
    one = heard(decoded(write_clip(tmp_path / "one.mkv", scenes, audio_codec="mp3")), speech=False)
    two = heard(decoded(write_clip(tmp_path / "two.mp4", [scenes[n] for n in (2, 0, 3, 1)])), speech=False)
    first, second = (
        np.stack([found.vector for start in range(0, 20, 5) if (found := listener.sound(start, start + 5))])
        for listener in (one, two)
    )
    assert first.shape == (4, sounds.DIMENSIONS)
    assert np.linalg.norm(first, axis=1) == pytest.approx(1, abs=1e-5)
    assert (second @ first.T).argmax(axis=1).tolist() == [2, 0, 3, 1]


def test_what_is_heard_does_not_depend_on_the_sizes_of_frames(talk: Samples) -> None:
    vectors = [heard(talk, size=size, speech=False).sound(10, 20) for size in (317, 1024, 40_000)]
    assert len({found.vector.tobytes() for found in vectors if found}) == 1
    assert all(vectors)


def cut(samples: Samples, size: int) -> Iterator[Batch]:
    for start in range(0, len(samples), size):
        yield Batch(start / RATE, samples[start : start + size], last=start + size >= len(samples))


@pytest.mark.parametrize("size", [1_000, 7_680, 50_001])
def test_what_is_heard_does_not_depend_on_where_batches_end(model: sounds.SoundModel, talk: Samples, size: int) -> None:
    talk = talk[: 12 * RATE]
    whole, parts = sounds.Sounds(model), sounds.Sounds(model)
    whole_spectrum, parts_spectrum = spectrum.Spectrum(), spectrum.Spectrum()
    for batch in cut(talk, len(talk)):
        whole.hear(batch)
        whole_spectrum.hear(batch)
    for batch in cut(talk, size):
        parts.hear(batch)
        parts_spectrum.hear(batch)
    for start in (0, 5, 10):
        one, two = whole.sound(start, start + 5), parts.sound(start, start + 5)
        assert one is not None
        assert two is not None
        assert two.vector == pytest.approx(one.vector, abs=1e-6)
        assert two.scores == pytest.approx(one.scores, abs=1e-6)
        assert parts_spectrum.vector(start, start + 5) == pytest.approx(
            whole_spectrum.vector(start, start + 5), abs=1e-5
        )


def test_nothing_is_heard_in_a_gap_and_what_follows_keeps_its_time() -> None:
    with AudioAnalyser(speech=False) as listener:
        for frame, time in frames(melody(4)):
            listener.add(frame, time)
        for frame, time in frames(busy_signal(4)):
            listener.add(frame, time + 11)
        listener.finish()
    assert listener.end == pytest.approx(15)
    before, gap, after = (listener.sound(start, start + 5) for start in (0, 5, 10))
    assert before is not None
    assert gap is None
    assert after is not None
    assert before.labels[0].label == "Music"
    assert "Busy signal" in [label.label for label in after.labels]


def test_a_clock_that_goes_back_loses_nothing() -> None:
    with AudioAnalyser(speech=False) as listener:
        for start in (0.0, 4.0, 3.2, 6.0):
            for frame, time in frames(busy_signal(4)):
                listener.add(frame, start + time)
        listener.finish()
    assert listener.end == pytest.approx(10)
    assert all(listener.sound(start, start + 2.5) for start in (0, 2.5, 5, 7.5))


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.1, 0.5, 0.97, 0.98, 1.2, 8.192, 8.2])
def test_a_sound_of_any_length_has_a_vector(seconds: float) -> None:
    found = heard(melody(max(seconds, 1))[: round(seconds * RATE)], speech=False).sound(0, 10)
    assert found is not None
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("format_name", "kind", "layout", "rate"),
    [
        ("s16", np.int16, "stereo", 8_000),
        ("u8", np.uint8, "mono", 11_025),
        ("fltp", np.float32, "5.1", 48_000),
        ("dblp", np.float64, "stereo", 96_000),
    ],
)
def test_samples_of_any_format_and_any_value_are_heard(format_name: str, kind: type, layout: str, rate: int) -> None:
    shape = av.AudioLayout(layout).nb_channels, 4 * rate
    random = np.random.default_rng(1)
    if issubclass(kind, np.floating):
        values = random.choice(np.array([0.1, -0.2, 7e30, np.nan, np.inf, -np.inf], kind), shape)
    else:
        values = random.integers(np.iinfo(kind).min, np.iinfo(kind).max, shape, kind, endpoint=True)
    packed = values if format_name.endswith("p") else values.T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed, kind), format=format_name, layout=layout)
    frame.sample_rate = rate
    with AudioAnalyser() as listener:
        listener.add(frame, 0)
        listener.finish()
    found = listener.sound(0, 4)
    assert found is not None
    assert np.isfinite(found.vector).all()


def test_sounds_that_are_not_asked_for_are_not_told(talk: Samples) -> None:
    assert heard(talk[: 3 * RATE], sounds=False, speech=False).sound(0, 3) is None


def test_nothing_is_heard_where_there_is_no_sound() -> None:
    listener = heard(quiet(0))
    assert listener.sound(0, 10) is None
    assert (listener.end, listener.sentences) == (0, [])


def test_without_the_models_sounds_still_have_vectors(no_models: Path) -> None:
    listener = heard(np.concatenate([melody(5), busy_signal(5), melody(5)]))
    found = [listener.sound(start, start + 5) for start in (0, 5, 10)]
    vectors = np.stack([one.vector for one in found if one])
    assert vectors.shape == (3, spectrum.DIMENSIONS)
    assert vectors[0] @ vectors[2] > 0.95 > vectors[0] @ vectors[1]
    assert all(one is not None and one.scores is None and one.labels == () for one in found)
    assert listener.sentences == []


def broken_model(root: Path) -> None:
    model = MODELS["yamnet"]
    (root / model.name).mkdir()
    for name in model.files:
        (root / model.name / name).write_bytes(b"index,mid,display_name\n")
    (root / model.name / SOURCE_FILE).write_text(model.requirement)


def test_what_goes_wrong_while_hearing_reaches_the_caller(no_models: Path) -> None:
    broken_model(no_models)
    with AudioAnalyser() as listener:
        for frame, time in frames(melody(1)):
            listener.add(frame, time)
        with pytest.raises(Exception, match=r"(?i)protobuf|onnx"):
            listener.finish()


def test_what_goes_wrong_is_told_before_the_end(no_models: Path) -> None:
    broken_model(no_models)
    with AudioAnalyser() as listener, pytest.raises(Exception, match=r"(?i)protobuf|onnx"):
        for frame, time in frames(quiet(300), size=RATE):
            listener.add(frame, time)


def test_breaking_off_leaves_no_work_behind(talk: Samples) -> None:
    with pytest.raises(KeyError), AudioAnalyser() as listener:
        for frame, time in frames(talk):
            listener.add(frame, time)
        raise KeyError
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("listener")]


def test_importing_loads_no_engine() -> None:
    code = (
        "import sys, mixpeek_local.extract.audio\n"
        "print(sorted({'onnxruntime', 'faster_whisper', 'ctranslate2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
