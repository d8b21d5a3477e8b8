"""A picture becomes names and a vector: the right ones, for any size, the same every time."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mixpeek_local.extract.vision import VisionModel, labels, vision_model
from tests.mixpeek_local.drawings import Picture, clock, plain, spider_web, umbrella

DRAWINGS = {"clock": clock(), "umbrella": umbrella(), "spider web": spider_web()}


@pytest.fixture(scope="module")
def model() -> VisionModel:
    model = vision_model()
    assert model is not None, "the tests need the models: python -m mixpeek_local.get_models"
    return model


def first_label(model: VisionModel, picture: Picture) -> str:
    found = labels(model.classify(picture).probabilities)
    return found[0][0] if found else "nothing"


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_called_by_its_name(model: VisionModel, name: str) -> None:
    assert name in first_label(model, DRAWINGS[name])


def test_labels_come_with_their_probabilities_the_best_first(model: VisionModel) -> None:
    probabilities = model.classify(DRAWINGS["clock"]).probabilities
    found = labels(probabilities)
    assert [name for name, _ in found] == ["analog clock", "wall clock"]
    assert [score for _, score in found] == sorted(np.sort(probabilities)[-2:].tolist(), reverse=True)
    assert len(labels(probabilities, at_least=0)) == 5


@pytest.mark.parametrize("level", [0, 128, 255])
def test_of_a_blank_picture_nothing_is_said(model: VisionModel, level: int) -> None:
    assert labels(model.classify(plain(90, 160, level)).probabilities) == []


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("end", [0, 1])
def test_what_is_at_either_end_of_a_long_picture_is_seen(model: VisionModel, axis: int, end: int) -> None:
    drawing = clock(240)
    wall = np.broadcast_to(drawing[:1, :1], (400, 240, 3) if axis == 0 else (240, 400, 3))
    picture = np.concatenate([drawing, wall] if end == 0 else [wall, drawing], axis=axis)
    assert "clock" in first_label(model, picture)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 2000), (2000, 3), (224, 224), (1081, 607)])
def test_a_picture_of_any_size_has_a_sight(model: VisionModel, height: int, width: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    result = model.classify(noise)
    assert result.probabilities.shape == (1000,)
    assert result.probabilities.sum() == pytest.approx(1)
    assert result.vector.shape == (1280,)
    assert np.linalg.norm(result.vector) == pytest.approx(1)
    assert result.probabilities.dtype == result.vector.dtype == np.float32


def test_the_nearest_vector_is_that_of_the_same_thing_in_another_size_and_light(model: VisionModel) -> None:
    known = np.stack([model.classify(picture).vector for picture in DRAWINGS.values()])
    others = [clock(150, minutes=200), umbrella(400), spider_web(301)]
    for number, picture in enumerate(others):
        darker = (picture * 0.8).astype(np.uint8)
        assert np.argmax(known @ model.classify(darker).vector) == number


def test_the_same_picture_gives_the_same_numbers_whatever_the_number_of_threads(model: VisionModel) -> None:
    two_threads = vision_model(threads=2)
    assert two_threads is not None
    results = [one.classify(DRAWINGS["clock"]) for one in (model, model, two_threads)]
    assert len({result.vector.tobytes() for result in results}) == 1
    assert len({result.probabilities.tobytes() for result in results}) == 1


def test_the_model_is_loaded_once(model: VisionModel) -> None:
    assert vision_model() is model


def test_without_the_model_there_is_no_sight_and_no_label(
    model: VisionModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    probabilities = model.classify(DRAWINGS["clock"]).probabilities
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path))
    assert vision_model() is None
    assert labels(probabilities) == []


def test_no_engine_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys; import mixpeek_local.extract.space, mixpeek_local.models.capabilities as models;"
        "models.capabilities(); print([name for name in ('onnxruntime', 'tokenizers', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
