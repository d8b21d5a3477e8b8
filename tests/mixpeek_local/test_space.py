"""Words, pictures and sounds in one space: what means the same is near, the same every time."""

import csv
from pathlib import Path

import numpy as np
import pytest

from mixpeek_local.extract.learned import learned
from mixpeek_local.extract.sentences import SentenceModel, sentence_model
from mixpeek_local.extract.space import SharedSpace, shared_space
from mixpeek_local.extract.vision import vision_model
from mixpeek_local.models.catalogue import folder
from tests.mixpeek_local.drawings import clock, spider_web, umbrella


@pytest.fixture(scope="module")
def sentences() -> SentenceModel:
    model = sentence_model()
    assert model is not None, "the tests need the models: python -m mixpeek_local.get_models"
    return model


@pytest.fixture(scope="module")
def space() -> SharedSpace:
    space = shared_space()
    assert space is not None
    return space


def label_place(space: SharedSpace, name: str) -> np.ndarray:
    known = learned()
    return space.of_picture(known.places_of_labels[known.labels.index(name)])


def of_sound_class(space: SharedSpace, name: str) -> np.ndarray:
    vector = space.of_sound(scores({name: 1}))
    assert vector is not None
    return vector


def scores(heard: dict[str, float]) -> np.ndarray:
    where = folder("yamnet")
    assert where is not None
    with (where / "classes.csv").open(newline="") as file:
        names = [row["display_name"] for row in csv.DictReader(file)]
    assert heard.keys() <= set(names)
    return np.array([heard.get(name, 0) for name in names], np.float32)


def test_sentences_that_mean_the_same_are_nearest(sentences: SentenceModel) -> None:
    one = sentences.embed(["How do I bake bread?", "The stock market fell.", "A dog runs on the beach."])
    other = sentences.embed(["Share prices are down.", "A puppy plays by the sea.", "a recipe for a loaf"])
    assert np.argmax(one @ other.T, axis=1).tolist() == [2, 0, 1]


def test_a_text_has_the_same_vector_whatever_stands_beside_it(sentences: SentenceModel) -> None:
    texts = ["a cat", "", "An answer which is a good deal longer than the others, and says less.", "Ωδῖνες", "🦔"]
    together = sentences.embed(texts)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(1)
    for text, vector in zip(texts, together, strict=True):
        assert sentences.embed([text])[0].tobytes() == vector.tobytes()


def test_no_texts_have_no_vectors(sentences: SentenceModel) -> None:
    assert sentences.embed([]).shape == (0, 384)


def test_the_end_of_a_long_text_counts(sentences: SentenceModel) -> None:
    talk = "We went on to discuss the budget of the town for the next year. " * 40
    question, plain, ending = sentences.embed(
        ["penguins in Antarctica", talk, talk + "Penguins live in Antarctica, on the ice. " * 20]
    )
    assert question @ ending > question @ plain + 0.1


def test_a_text_without_end_is_read_up_to_a_limit(sentences: SentenceModel) -> None:
    long, endless = sentences.embed(["word " * 50_000, "word " * 1_000_000])
    assert long.tobytes() == endless.tobytes()


def test_words_find_the_label_that_they_mean(space: SharedSpace) -> None:
    named = {"kittens": "cat", "the king of the savannah": "lion", "a plane takes off": "aeroplane", "lunch": "soup"}
    places = np.stack([label_place(space, name) for name in named.values()])
    assert np.argmax(space.of_words(named) @ places.T, axis=1).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("a barking dog", "Bark"),
        ("somebody at the piano", "Piano"),
        ("bad weather", "Thunderstorm"),
        ("an ambulance with its siren on", "Siren"),
        ("the audience claps", "Applause"),
    ],
)
def test_words_find_the_class_of_sounds_that_they_mean(space: SharedSpace, words: str, name: str) -> None:
    names = ["Bark", "Piano", "Thunderstorm", "Siren", "Applause"]
    classes = np.stack([of_sound_class(space, one) for one in names])
    assert names[np.argmax(classes @ space.of_words([words])[0])] == name


def test_a_thing_is_near_its_sound_and_its_name(space: SharedSpace) -> None:
    things = {"guitar": "Guitar", "ambulance": "Ambulance (siren)", "puppy": "Bark"}
    seen = np.stack([label_place(space, name) for name in things])
    heard = np.stack([of_sound_class(space, name) for name in things.values()])
    named = space.of_words(["a guitar", "an ambulance", "a dog"])
    for one, other in ((seen, heard), (heard, named), (named, seen)):
        assert np.argmax(one @ other.T, axis=1).tolist() == [0, 1, 2]


def test_words_find_the_picture_that_shows_it(space: SharedSpace) -> None:
    model = vision_model()
    assert model is not None
    seen = np.stack([space.of_picture(model.see(draw())) for draw in (clock, umbrella, spider_web)])
    asked = space.of_words(["protection from the rain", "what time is it", "a cobweb"])
    assert np.argmax(asked @ seen.T, axis=1).tolist() == [1, 0, 2]


def test_every_vector_has_unit_length_so_that_cosines_compare(space: SharedSpace) -> None:
    vectors = [label_place(space, "rain"), of_sound_class(space, "Rain"), *space.of_words(["rain", ""])]
    assert [np.linalg.norm(vector) for vector in vectors] == pytest.approx([1] * 4)
    assert {(vector.shape, vector.dtype.name) for vector in vectors} == {((384,), "float32")}


def test_a_sound_is_found_beside_louder_ones(space: SharedSpace) -> None:
    typing = space.of_sound(scores({"Speech": 1, "Music": 0.6, "Typing": 0.2, "Computer keyboard": 0.2}))
    piano = space.of_sound(scores({"Music": 0.9, "Piano": 0.6, "Keyboard (musical)": 0.5, "Electric piano": 0.4}))
    assert typing is not None
    assert piano is not None
    words = space.of_words(["somebody types on a keyboard", "a pianist plays"])
    assert np.argmax(words @ np.stack([typing, piano]).T, axis=1).tolist() == [0, 1]


def test_silence_has_no_place(space: SharedSpace) -> None:
    assert space.of_sound(scores({"Silence": 1, "Inside, small room": 0.02})) is None


def test_a_sound_without_a_name_has_no_place(space: SharedSpace) -> None:
    assert space.of_sound(np.zeros(521, np.float32)) is None
    assert space.of_sound(np.full(521, 0.05, np.float32)) is None


def test_without_the_model_for_sentences_there_is_no_space(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path))
    assert sentence_model() is None
    assert shared_space() is None


def own_copy(sentences: SentenceModel, tmp_path: Path) -> tuple[SentenceModel, Path]:
    """The sentence model in a folder that a test may write to, and a folder with the names of two sounds."""
    model, names = tmp_path / "sentences", tmp_path / "names"
    for path in (model, names):
        path.mkdir()
    for file in ("model.onnx", "tokenizer.json"):
        (model / file).symlink_to(sentences.folder / file)
    (names / "classes.csv").write_text("index,mid,display_name\n0,a,Purr\n1,b,Harp\n")
    return SentenceModel(model, threads=1), names


def test_the_places_of_sounds_are_worked_out_once_and_kept(sentences: SentenceModel, tmp_path: Path) -> None:
    own, names = own_copy(sentences, tmp_path)
    classes = np.eye(2, dtype=np.float32)
    first = [SharedSpace(own, names).of_sound(one) for one in classes]
    kept = {path: path.read_bytes() for path in own.folder.glob("places-*.npy")}
    assert len(kept) == 1
    again = [SharedSpace(own, names).of_sound(one) for one in classes]
    assert np.array_equal(np.array(first), np.array(again))
    assert {path: path.read_bytes() for path in own.folder.glob("*.npy")} == kept
    assert sorted(path.name for path in own.folder.iterdir() if path not in kept) == ["model.onnx", "tokenizer.json"]


def test_without_the_model_for_sounds_a_sound_is_refused(sentences: SentenceModel) -> None:
    with pytest.raises(LookupError, match="yamnet"):
        SharedSpace(sentences, None).of_sound(np.ones(521, np.float32))
