"""A CLIP that the user brings: its space takes the place of the packaged one, and a bad one is named in a sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.errors import NotStartedError, UnusableClipError
from mixpeek_local.extract.offered import vectors_offered, version
from mixpeek_local.extract.own_clip import OwnClip
from mixpeek_local.extract.space import SharedSpace, shared_space
from mixpeek_local.extract.vision import labels, vision_model
from mixpeek_local.get_models import main
from mixpeek_local.models.capabilities import capabilities
from mixpeek_local.models.clip_settings import ClipSettings
from mixpeek_local.models.own_clip import own_clip
from mixpeek_local.models.towers import ImageTower, TextTower
from mixpeek_local.process import running
from mixpeek_local.state import api_key
from tests.mixpeek_local import tiny_clip
from tests.mixpeek_local.caller import Caller
from tests.mixpeek_local.clips import Scene, write_clip
from tests.mixpeek_local.tiny_clip import write_pair

COLOURS = {"red": (200, 20, 30), "blue": (20, 30, 200), "green": (20, 160, 20)}


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a pair that can be used, where the user puts it."""
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path / "models"))
    return write_pair(tmp_path / "models" / "clip")


def plain(name: str, size: tuple[int, int] = (90, 160)) -> NDArray[np.uint8]:
    return np.full((*size, 3), COLOURS[name], np.uint8)


def loaded() -> tuple[SharedSpace, OwnClip]:
    space, model = shared_space(), vision_model()
    assert space is not None
    assert isinstance(model, OwnClip)
    return space, model


@pytest.mark.usefixtures("pair")
def test_words_find_pictures_and_texts_in_its_space() -> None:
    space, model = loaded()
    pictures = np.stack([space.of_picture(model.see(plain(name))) for name in COLOURS])
    for places in (pictures, space.of_words(COLOURS)):
        assert np.linalg.norm(places, axis=1) == pytest.approx(1)
        assert np.argmax(space.of_query(["a fire", "the sea", "a forest"]) @ places.T, axis=1).tolist() == [0, 1, 2]


@pytest.mark.usefixtures("pair")
def test_labels_are_the_nearest_words_with_probabilities() -> None:
    _, model = loaded()
    assert {label.label for label in labels(model.see(plain("red")))} <= {"rose", "fire", "fire engine"}
    assert labels(model.see(plain("red")))[0].score > 0.5


def test_stored_words_are_drawn_together_where_pictures_are_far_from_words(pair: Path) -> None:
    (pair / "image.onnx").write_bytes(tiny_clip.image_tower(dimensions=8, apart=3))
    (pair / "text.onnx").write_bytes(tiny_clip.text_tower(dimensions=8))
    space, _ = loaded()
    asked = space.of_query(COLOURS)
    stored = asked @ space.of_words(COLOURS).T
    assert stored.max() < 0.8 * (asked @ asked.T).max()
    assert np.array_equal(np.argsort(stored), np.argsort(asked @ asked.T))


@pytest.mark.usefixtures("pair")
def test_its_dimensions_are_offered_without_any_other_model() -> None:
    offered = vectors_offered()
    assert (offered["multimodal"].dimensions, offered["image"].dimensions) == (4, 4)
    assert capabilities()["vision"] is None


def test_the_version_is_that_of_the_content_of_its_files(pair: Path, tmp_path: Path) -> None:
    first = version()
    (pair / "clip.json").write_text('{"resize": "crop"}')
    assert version() != first
    (pair / "clip.json").unlink()
    assert version() == first
    shutil.rmtree(pair)
    assert version() not in (first, "")


@pytest.mark.usefixtures("pair")
def test_what_takes_a_while_is_worked_out_once_by_the_command_that_gets_models() -> None:
    files = own_clip()
    assert files is not None
    CliRunner().invoke(main, ["--only", "sentences"], env={"PIP_NO_INDEX": "1"})
    kept = {path: path.read_bytes() for path in files.made.rglob("*.npy")}
    assert sorted(path.name.partition("-")[0] for path in kept) == ["pictures", "places", "places"]
    loaded()[0].of_query(["red"])
    assert {path: path.read_bytes() for path in files.made.rglob("*.npy")} == kept


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    """Six seconds of red, six of blue."""
    scenes = [
        Scene(lambda _time, width, height, name=name: plain(name, (height, width)), 6) for name in ("red", "blue")
    ]
    return write_clip(folder / "colours.mp4", scenes)


def found(api: Caller, words: str) -> list[dict[str, Any]]:
    queries = [{"vector_index": "multimodal", "type": "text", "value": words}]
    reply = api.request("POST", "/features/search", json={"collections": ["example"], "queries": queries})
    assert reply.status_code == 200, reply.text
    return reply.json()["results"]


@pytest.mark.usefixtures("pair")
def test_a_server_finds_by_words_and_leaves_out_what_another_pair_has_made(
    own: LocalApiConfig, pair: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_MODELS", str(pair.parent))  # `own` has others
    with running(own) as url:
        api = Caller(url, api_key(own.state_dir))
        assert api.get("/namespaces/indexes")["vector_indexes"]["multimodal"]["size"] == 4
        api.process(film, feature_extractors=[{"interval_sec": 6}])
        assert found(api, "red")[0]["start_time"] < 6 <= found(api, "the sea")[0]["start_time"]
        assert not [why for why in api.get("/health")["missing"] if "another model" in why]

    (pair / "text.onnx").write_bytes(tiny_clip.text_tower() + b"\x32\x00")  # the same numbers, and an empty description
    with running(own) as url:
        api = Caller(url, api_key(own.state_dir))
        assert found(api, "red") == []
        [told] = [why for why in api.get("/health")["missing"] if "another model" in why]
        assert "whose pictures another model saw than this server has (1): ingest their videos again" in told
        api.process(film, feature_extractors=[{"interval_sec": 6}])
        assert found(api, "red")[0]["start_time"] < 6

    (pair / "text.onnx").unlink()
    with (
        pytest.raises(NotStartedError, match=rf"{pair}/text\.onnx is missing: export it as docs/own-clip\.md says"),
        running(own),
    ):
        pass


def swapped(pair: Path) -> None:
    (pair / "image.onnx").write_bytes((pair / "text.onnx").read_bytes())


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "no picture tower": (lambda pair: (pair / "image.onnx").unlink(), "image.onnx is missing: export it"),
    "no tokenizer": (lambda pair: (pair / "tokenizer.json").unlink(), "tokenizer.json is missing: export it"),
    "a text for a model": (
        lambda pair: (pair / "text.onnx").write_text("version https://git-lfs.github.com/spec/v1"),
        "text.onnx cannot be read as an ONNX model (",
    ),
    "half a model": (
        lambda pair: (pair / "image.onnx").write_bytes((pair / "image.onnx").read_bytes()[:150]),
        "image.onnx cannot be read as an ONNX model (",
    ),
    "both the same tower": (swapped, "image.onnx takes input_ids ['batch', 'length'], not pictures ("),
    "towers of two models": (
        lambda pair: write_pair(pair, text_dimensions=5),
        "image.onnx gives 4 numbers and text.onnx 5: export both from one model",
    ),
    "a tokenizer of another kind": (
        lambda pair: (pair / "tokenizer.json").write_text('{"model": {}}'),
        "tokenizer.json cannot be read as a tokenizer (",
    ),
    "a tokenizer of a larger model": (
        lambda pair: (pair / "tokenizer.json").write_text((pair / "tokenizer.json").read_text().replace(":4", ":4000")),
        "text.onnx cannot be run (",
    ),
    "a tokenizer that fails over letters that it does not know": (
        lambda pair: (pair / "tokenizer.json").write_text(
            tiny_clip.tokenizer().replace('"unk_token":"?"', '"unk_token":"-"')
        ),
        "tokenizer.json cannot read a text (",
    ),
    "a tokenizer that knows no word": (
        lambda pair: (pair / "tokenizer.json").write_text(tiny_clip.tokenizer({"?": 0})),
        "text.onnx gives the same vector whatever it gets",
    ),
    "a setting that is not one": (
        lambda pair: (pair / "clip.json").write_text('{"size": 224}'),
        "clip.json has 'size', but may have only mean, deviation, resize,",
    ),
    "a mean of one number": (
        lambda pair: (pair / "clip.json").write_text('{"mean": 0.5}'),
        "clip.json has mean 0.5, which must be three numbers",
    ),
    "no JSON": (lambda pair: (pair / "clip.json").write_text("mean: 0.5"), "clip.json is not JSON ("),
}


@pytest.mark.parametrize("case", BAD)
def test_a_pair_that_cannot_be_used_is_told_in_one_sentence(pair: Path, case: str) -> None:
    spoil, sentence = BAD[case]
    spoil(pair)
    with pytest.raises(UnusableClipError) as caught:
        own_clip()
    told = str(caught.value)
    assert told.startswith(f"{pair}/{sentence}")
    assert "\n" not in told
    assert capabilities()["vision"] == f"{told}."
    assert "multimodal" not in vectors_offered()


def test_a_picture_is_squeezed_or_cropped_as_the_settings_say(pair: Path) -> None:
    picture = np.concatenate([plain("red", (60, 60)), plain("blue", (60, 60)), plain("red", (60, 60))], axis=1)
    squeezed = ImageTower(pair / "image.onnx", ClipSettings(resize="squeeze"), 1)
    cropped = ImageTower(pair / "image.onnx", ClipSettings(resize="crop"), 1)
    blue = squeezed.see(plain("blue"))
    assert blue @ cropped.see(picture) > 0.99 > blue @ squeezed.see(picture)


def text_tower(pair: Path, settings: ClipSettings) -> TextTower:
    return TextTower(pair / "text.onnx", pair / "tokenizer.json", settings, threads=1)


def test_a_long_text_is_read_in_parts(pair: Path) -> None:
    of_four = text_tower(pair, ClipSettings(tokens=4))
    long = "red " * 6 + "blue " * 6
    assert of_four.embed(long) == pytest.approx(text_tower(pair, ClipSettings()).embed(long), abs=0.05)
    assert not np.allclose(of_four.embed(long), of_four.embed("red " * 6), atol=0.05)


def test_a_short_text_is_filled_up_where_the_model_takes_one_length(pair: Path) -> None:
    (pair / "text.onnx").write_bytes(tiny_clip.text_tower(length=4, kind=tiny_clip.INT32))
    unknown, red = (text_tower(pair, ClipSettings(pad=pad)).embed("red") for pad in (0, 1))
    four = text_tower(pair, ClipSettings()).embed("red red red red")
    assert np.array_equal(red, four)
    assert not np.allclose(unknown, four)


def test_what_fills_a_text_up_does_not_count_where_the_model_takes_a_mask(pair: Path) -> None:
    red = text_tower(pair, ClipSettings()).embed("red")
    (pair / "text.onnx").write_bytes(tiny_clip.text_tower(length=4, masked=True))
    assert text_tower(pair, ClipSettings()).embed("red") == pytest.approx(red)


def test_a_text_without_a_token_has_a_vector(pair: Path) -> None:
    assert np.linalg.norm(text_tower(pair, ClipSettings()).embed(" ")) == pytest.approx(1)


def test_settings_are_read_from_a_file(pair: Path) -> None:
    (pair / "clip.json").write_text(json.dumps({"mean": [0.5, 0.5, 0.5], "deviation": [0.5, 0.5, 0.5], "pad": 1}))
    files = own_clip()
    assert files is not None
    assert files.settings == ClipSettings(mean=(0.5,) * 3, deviation=(0.5,) * 3, pad=1)
