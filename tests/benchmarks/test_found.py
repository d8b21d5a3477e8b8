"""What is found is counted right: the right file, the right time, and nothing for what nowhere is."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.found.__main__ import first_right
from benchmarks.found.ask import HALVES, KINDS, Query, absent, queries
from benchmarks.found.floors import floors
from benchmarks.found.index import Index, Moment, index
from mixpeek_local.extract.space import shared_space

SPOKEN = Query("a boat", "said", "tune", {"trip.mp4": [(10.0, 20.0), (40.0, 45.0)], "boat.jpg": []})


def moment(medium: str, start: float, end: float, tells: str = "") -> Moment:
    return Moment(medium, start, end, "text", tells)


@pytest.mark.parametrize(
    "right",
    [("trip.mp4", 10, 20), ("trip.mp4", 5, 11), ("trip.mp4", 44, 60), ("trip.mp4", 10, 10), ("boat.jpg", 0, 1)],
)
def test_a_moment_is_right_if_it_is_of_the_right_file_and_overlaps_the_time(right: tuple[str, float, float]) -> None:
    assert SPOKEN.is_answered_by(moment(*right))


@pytest.mark.parametrize(
    "wrong", [("trip.mp4", 0, 10), ("trip.mp4", 20, 20), ("trip.mp4", 21, 40), ("town.mp4", 10, 20)]
)
def test_another_time_and_another_file_are_wrong(wrong: tuple[str, float, float]) -> None:
    assert not SPOKEN.is_answered_by(moment(*wrong))


def test_every_kind_has_queries_in_both_halves_and_none_is_asked_twice() -> None:
    asked = queries()
    assert {(one.kind, one.half) for one in asked} == {(kind, half) for kind in KINDS for half in HALVES}
    words = [one.words for one in asked] + [words for words, _ in absent()]
    assert len(words) == len(set(words))


@pytest.mark.slow
def test_the_place_is_that_of_the_first_right_moment_among_all() -> None:
    space = shared_space()
    assert space is not None, "the tests need the models: python -m mixpeek_local.get_models"
    told = ["a train", "a ship on the sea", "nothing to see here"]
    moments = [moment("trip.mp4", 10 * number, 10 * number + 9, text) for number, text in enumerate(told)]
    nothing = np.full((3, 384), np.nan, np.float32)
    everything = Index(moments, {"multimodal": space.of_words(told), "text": nothing})
    elsewhere = Query("a boat", "said", "tune", {"trip.mp4": [(0.0, 5.0)]})
    (_, first), (_, other) = first_right(everything, [SPOKEN, elsewhere])
    assert first == 0
    assert other > 0


@pytest.mark.slow
def test_a_photo_is_extracted_once(tmp_path: Path) -> None:
    from PIL import Image

    photo = tmp_path / "sky.png"
    Image.new("RGBA", (65, 41), (90, 140, 255, 200)).save(photo)
    first = index({"sky.png": photo}, tmp_path)
    photo.unlink()
    again = index({"sky.png": photo}, tmp_path)
    assert {one.modality for one in first.moments} == {"video", "image"}
    assert again.moments == first.moments


@pytest.mark.slow
def test_a_floor_stops_what_nothing_is_like_and_keeps_what_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    space = shared_space()
    assert space is not None
    kinds = {"text": "said", "video": "shown", "audio": "heard"}
    asked = [Query("a boat", kind, half, {f"{kind}.mp4": []}) for kind in kinds.values() for half in HALVES]
    moments = [Moment(f"{kind}.mp4", 0, 1, modality, "a boat") for modality, kind in kinds.items()]
    same = space.of_words(["a boat"] * len(moments))
    floors(Index(moments, {"multimodal": same, "text": same}), asked)
    last = capsys.readouterr().out.splitlines()[-1]
    # Of the absent queries, 0.98 of the half that the floor was chosen by; the boat is the boat.
    assert last.startswith("| 0.98 |")
    shares = [float(cell) for cell in last.strip("| ").split(" | ")[-4:]]
    assert shares[0] > 0.9
    assert shares[1] == shares[3] == 1
