"""A picture becomes names and a vector: the right ones, for any size, the same every time."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mixpeek_local.extract.vision import VisionModel, labels, vision_model
from tests.mixpeek_local.drawings import clock, plain, spider_web, umbrella

DRAWINGS = {"clock": clock(), "umbrella": umbrella(), "spider web": spider_web()}


@pytest.fixture(scope="module")
def model() -> VisionModel:
    model = vision_model()
    assert isinstance(model, VisionModel), "the tests need the models: python -m mixpeek_local.get_models"
    return model


@pytest.mark.parametrize("name", ["clock", "umbrella"])
def test_a_drawing_is_called_by_its_name(model: VisionModel, name: str) -> None:
    assert name in next(label.label for label in labels(model.see(DRAWINGS[name])))


def test_labels_come_with_their_probabilities_the_best_first(model: VisionModel) -> None:
    every = labels(model.see(DRAWINGS["clock"]), at_least=0)
    assert len(every) == 5
    scores = [label.score for label in every]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1
    assert labels(model.see(DRAWINGS["clock"]), at_least=scores[1]) == every[:2]


@pytest.mark.parametrize("level", [0, 128, 255])
def test_of_a_blank_picture_nothing_is_sure(model: VisionModel, level: int) -> None:
    assert labels(model.see(plain(90, 160, level)), at_least=0.5) == []


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("end", [0, 1])
def test_what_is_at_either_end_of_a_long_picture_is_seen(model: VisionModel, axis: int, end: int) -> None:
    drawing = clock(240)
    wall = np.broadcast_to(drawing[:1, :1], (400, 240, 3) if axis == 0 else (240, 400, 3))
    picture = np.concatenate([drawing, wall] if end == 0 else [wall, drawing], axis=axis)
    assert next(label.label for label in labels(model.see(picture))) == "clock"


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 2000), (2000, 3), (224, 224), (1081, 607)])
def test_a_picture_of_any_size_has_a_vector(model: VisionModel, height: int, width: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    vector = model.see(noise)
    assert vector.shape == (512,)
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert vector.dtype == np.float32


def test_the_nearest_vector_is_that_of_the_same_thing_in_another_size_and_light(model: VisionModel) -> None:
    known = np.stack([model.see(picture) for picture in DRAWINGS.values()])
    others = [clock(150, minutes=200), umbrella(400), spider_web(301)]
    for number, picture in enumerate(others):
        darker = (picture * 0.8).astype(np.uint8)
        assert np.argmax(known @ model.see(darker)) == number


def test_the_same_picture_gives_the_same_numbers_whatever_the_number_of_threads(model: VisionModel) -> None:
    two_threads = vision_model(threads=2)
    assert two_threads is not None
    assert len({one.see(DRAWINGS["clock"]).tobytes() for one in (model, model, two_threads)}) == 1


def test_the_model_is_loaded_once(model: VisionModel) -> None:
    assert vision_model() is model


def test_without_the_model_there_is_no_sight(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path))
    assert vision_model() is None


def test_no_engine_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys; import mixpeek_local.extract.space, mixpeek_local.models.capabilities as models;"
        "models.capabilities(); print([name for name in ('onnxruntime', 'tokenizers', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
