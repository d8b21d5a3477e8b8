"""Words find the right second: the real models, a real server, a video that is drawn here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.process import running
from mixpeek_local.state import api_key
from tests.mixpeek_local.caller import Caller
from tests.mixpeek_local.clips import Scene, write_clip
from tests.mixpeek_local.drawings import clock, spider_web, umbrella

SIZE = 240


def still(picture: NDArray[np.uint8]) -> Scene:
    """Ten seconds of one picture."""
    return Scene(lambda _time, _width, _height: picture, 10)


def card(*lines: str) -> NDArray[np.uint8]:
    """Words on a sheet of paper."""
    image = Image.new("RGB", (SIZE, SIZE), (245, 240, 225))
    for number, line in enumerate(lines):
        font = ImageFont.load_default(size=28)
        ImageDraw.Draw(image).text((SIZE / 2, 90 + 50 * number), line, fill=(20, 20, 30), font=font, anchor="mm")
    return np.asarray(image)


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    """A clock, a spider's web, an umbrella, and a page of a recipe: ten seconds each."""
    scenes = [still(clock()), still(spider_web()), still(umbrella()), still(card("Serve warm with", "maple syrup"))]
    return write_clip(folder / "film.mp4", scenes, size=(SIZE, SIZE), fps=4)


@pytest.fixture(scope="module")
def search(api: Caller, film: Path) -> Callable[..., dict[str, Any]]:
    api.process(film, collection="drawn")

    def search(*words: str, index: str = "multimodal", **body: Any) -> dict[str, Any]:
        queries = [{"vector_index": index, "type": "text", "value": one} for one in words]
        body = {"collections": ["drawn"], "queries": queries, **body}
        reply = api.request("POST", "/features/search", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    return search


@pytest.fixture(scope="module")
def find(search: Callable[..., dict[str, Any]]) -> Callable[..., list[dict[str, Any]]]:
    return lambda *words, **asked: search(*words, **asked)["results"]


@pytest.mark.parametrize(
    ("words", "second"),
    [("what time is it?", 0), ("a clock on the wall", 0), ("spiders", 10), ("protection from rain", 20)],
)
def test_words_find_the_picture_that_they_mean(
    words: str, second: int, find: Callable[..., list[dict[str, Any]]]
) -> None:
    best = find(words, filters={"AND": [{"key": "modality", "operator": "in", "value": ["image", "video"]}]})[0]

    assert second <= best["start_time"] < second + 10


@pytest.mark.parametrize("index", ["multimodal", "text"])
def test_words_find_words_on_the_screen_by_their_meaning(index: str, find: Callable[..., list[dict[str, Any]]]) -> None:
    best, *others = find("something sweet on a pancake", index=index)
    read = next(one for one in [best, *others] if one["modality"] == "text")

    assert 30 <= best["start_time"] < 40
    assert "syrup" in read["text"].lower()


@pytest.mark.parametrize(
    ("words", "index", "is_there"),
    [
        ("a clock on the wall", "multimodal", True),
        ("maple syrup", "multimodal", True),
        ("maple syrup", "text", True),
        ("quarterly tax form", "multimodal", False),
        ("a football match", "multimodal", False),
        ("quarterly tax form", "text", False),
    ],
)
def test_only_what_is_there_scores_above_the_floors(
    words: str, index: str, is_there: bool, search: Callable[..., dict[str, Any]]
) -> None:
    reply = search(words, index=index)

    floors = reply["score_floors"]
    assert reply["results"], "the nearest are given in any case"
    assert any(one["score"] >= floors[one["modality"]] for one in reply["results"]) == is_there


def test_two_searches_at_once_put_first_what_both_mean(find: Callable[..., list[dict[str, Any]]]) -> None:
    results = find("a spider's web", "an insect trap", group_by={"field": "start_time", "max_features": 1})

    assert 10 <= results[0]["start_time"] < 20
    assert len(results[0]["query_scores"]) == 2


def test_the_same_words_find_the_same_with_the_same_scores(find: Callable[..., list[dict[str, Any]]]) -> None:
    assert find("rain") == find("rain")


def test_without_the_sentence_model_words_are_refused_with_the_way_to_it(
    own: LocalApiConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path / "none"))
    body = {"collections": ["any"], "queries": [{"vector_index": "multimodal", "type": "text", "value": "rain"}]}

    with running(own) as url:
        reply = Caller(url, api_key(own.state_dir)).request("POST", "/features/search", json=body)

    assert reply.status_code == 422
    [mistake] = reply.json()["detail"]
    assert mistake["msg"].startswith("`multimodal` cannot be searched by words.")
    assert "The model sentences is missing; `python -m mixpeek_local.get_models` gets it" in mistake["msg"]
