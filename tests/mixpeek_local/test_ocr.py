"""Text in pictures becomes lines, with their places; pictures without text give none."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mixpeek_local.extract.ocr import Line, Reader, reader
from mixpeek_local.extract.text_areas import text_areas
from tests.mixpeek_local.clips import place, plain
from tests.mixpeek_local.drawings import clock, spider_web, umbrella

Picture = NDArray[np.uint8]
WIDE = (640, 360)


@pytest.fixture(scope="module")
def eyes() -> Reader:
    found = reader()
    assert found is not None, "the tests need the models: python -m mixpeek_local.get_models"
    return found


def scenery(kind: str, width: int, height: int) -> Picture:
    if kind == "noise":
        return np.random.default_rng(3).integers(0, 110, (height, width, 3)).astype(np.uint8)
    if kind == "gradient":
        across = np.linspace(20, 160, width)[None, :, None] * np.array([1, 0.6, 0.3])
        return np.broadcast_to(across, (height, width, 3)).astype(np.uint8)
    if kind == "place":
        return place(7)(1.0, width, height)
    return plain({"black": 0, "white": 250}[kind])(1.0, width, height)


def written(
    ground: Picture, *texts: tuple[str, int, int], size: int = 28, colour: str = "white", bold: int = 0
) -> Picture:
    """Write each text at its place, with the font that Pillow has inside."""
    image = Image.fromarray(ground)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    for text, left, top in texts:
        pen.text((left, top), text, fill=colour, font=font, stroke_width=bold, stroke_fill=colour)
    return np.asarray(image)


def said(lines: Iterable[Line]) -> list[str]:
    """What was read; a space more or less is no fault."""
    return ["".join(line.text.split()) for line in lines]


@pytest.mark.parametrize("size", [16, 28, 90])
@pytest.mark.parametrize("kind", ["black", "white", "gradient", "noise", "place"])
def test_words_are_read_large_and_small_on_any_ground(eyes: Reader, kind: str, size: int) -> None:
    colour = "black" if kind == "white" else "white"
    picture = written(scenery(kind, *WIDE), ("Harbour 1998", 30, 150), size=size, colour=colour)
    assert said(eyes.read(picture)) == ["Harbour1998"]


@pytest.mark.parametrize(("width", "height"), [(360, 640), (1920, 1080), (3840, 2160), (320, 180)])
def test_words_are_read_in_pictures_of_any_size_and_shape(eyes: Reader, width: int, height: int) -> None:
    ground = scenery("gradient", width, height)
    picture = written(ground, ("Harbour 1998", width // 10, height // 2), size=height // 16)
    assert said(eyes.read(picture)) == ["Harbour1998"]


def test_a_picture_that_a_player_turns_is_read_as_it_shows(eyes: Reader) -> None:
    upright = written(scenery("place", *WIDE), ("Harbour 1998", 30, 150))
    lying = np.ascontiguousarray(np.rot90(upright, k=-1))
    assert eyes.read(np.rot90(lying)) == eyes.read(upright) != []


@pytest.mark.parametrize("degrees", [-30, 8, 30])
def test_a_leaning_line_is_read(eyes: Reader, degrees: int) -> None:
    level = written(scenery("black", *WIDE), ("All rights reserved", 150, 150), size=36)
    assert said(eyes.read(np.asarray(Image.fromarray(level).rotate(degrees)))) == ["Allrightsreserved"]


def test_a_line_is_where_it_was_written(eyes: Reader) -> None:
    (line,) = eyes.read(written(scenery("gradient", *WIDE), ("Harbour 1998", 200, 250), size=30))
    left, top, right, bottom = ImageFont.load_default(30).getbbox("Harbour 1998")
    width, height = WIDE
    assert line.box[0] == pytest.approx((200 + left) / width, abs=0.02)
    assert line.box[0] + line.box[2] == pytest.approx((200 + right) / width, abs=0.02)
    assert line.box[1] <= (250 + top) / height + 0.01
    assert line.box[1] + line.box[3] >= (250 + bottom) / height - 0.01
    assert line.box[3] < 2.5 * (bottom - top) / height


def test_lines_come_in_reading_order(eyes: Reader) -> None:
    texts = [("fourth line", 40, 300), ("second", 400, 62), ("first words", 40, 60), ("third line", 40, 180)]
    picture = written(scenery("black", *WIDE), *texts)
    assert said(eyes.read(picture)) == ["firstwords", "second", "thirdline", "fourthline"]


def test_a_title_whose_two_lines_touch_is_read_as_two(eyes: Reader) -> None:
    title = [("GRAND", 60, 20), ("HOTEL", 60, 120)]
    assert said(eyes.read(written(scenery("place", *WIDE), *title, size=130, bold=6))) == ["GRAND", "HOTEL"]


@pytest.mark.parametrize("kind", ["black", "white", "gradient", "noise", "place"])
def test_nothing_is_read_where_nothing_is_written(eyes: Reader, kind: str) -> None:
    assert eyes.read(scenery(kind, *WIDE)) == []


def test_scenes_and_drawings_are_not_taken_for_text(eyes: Reader) -> None:
    stripes = np.broadcast_to((np.arange(640) // 6 % 2 * 255).astype(np.uint8)[None, :, None], (360, 640, 3))
    squares = np.kron(np.random.default_rng(1).integers(0, 2, (36, 64)), np.full((10, 10), 255)).astype(np.uint8)
    pictures = [clock(), spider_web(), umbrella(), stripes, np.repeat(squares[..., None], 3, axis=2)]
    pictures += [place(seed)(0.0, *WIDE) for seed in range(20, 32)]
    assert [eyes.read(picture) for picture in pictures] == [[] for _ in pictures]


@pytest.mark.parametrize("text", ["X", "8", "M", "m.", "•", "--"])
def test_a_single_letter_is_not_told(eyes: Reader, text: str) -> None:
    assert eyes.read(written(scenery("black", *WIDE), (text, 300, 150), size=60)) == []


@pytest.mark.parametrize("size", [5, 7])
def test_text_too_small_to_be_read_well_is_left_out(eyes: Reader, size: int) -> None:
    assert eyes.read(written(scenery("black", *WIDE), ("Harbour at dawn, 1998", 30, 150), size=size)) == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (20, 20)])
def test_the_smallest_and_the_narrowest_pictures_are_fine(eyes: Reader, shape: tuple[int, int]) -> None:
    assert eyes.read(np.full((*shape, 3), 120, np.uint8)) == []


def test_of_a_crowded_page_the_hundred_largest_lines_are_read(eyes: Reader) -> None:
    small = [
        (f"entry number {row * 4 + column}", 10 + 320 * column, 60 + 16 * row)
        for row in range(40)
        for column in range(4)
    ]
    page = written(scenery("white", 1280, 720), *small, size=12, colour="black")
    lines = eyes.read(written(page, ("The whole list", 400, 8), size=40, colour="black"))
    assert 50 < len(lines) <= 100
    assert "Thewholelist" in said(lines)


def test_reading_again_gives_the_same_also_with_more_threads(eyes: Reader) -> None:
    picture = written(scenery("place", *WIDE), ("Harbour at dawn, 1998", 30, 150), ("part two", 400, 300))
    again = reader(threads=2)
    assert again is not None
    first = eyes.read(picture)
    assert len(first) == 2
    assert eyes.read(picture) == first
    assert [(line.text, line.box) for line in again.read(picture)] == [(line.text, line.box) for line in first]


_ALONE = """
import socket, sys
socket.socket.connect = socket.getaddrinfo = lambda *_: sys.exit("the network was wanted")
from mixpeek_local.extract.ocr import reader
assert not {"onnxruntime", "PIL"} & set(sys.modules), "not lazy"
import numpy as np
assert reader().read(np.zeros((90, 160, 3), np.uint8)) == []
"""


def test_the_reader_loads_when_it_is_needed_and_says_and_fetches_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ALONE], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_without_its_models_there_is_no_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path))
    assert reader() is None


@given(
    st.sets(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=20),
    st.integers(3, 11),
    st.integers(3, 40),
)
def test_every_marked_patch_is_one_area_and_lies_inside_it(cells: set[tuple[int, int]], high: int, wide: int) -> None:
    marked = np.zeros((80, 200), np.float32)
    patches = {(16 * row, 50 * column) for row, column in cells}
    for top, left in patches:
        marked[top : top + high, left : left + wide] = 0.9
    areas = [(quad.min(axis=0), quad.max(axis=0)) for quad in text_areas(marked)]
    assert len(areas) == len(patches)
    for top, left in patches:
        centre = np.array([left + wide / 2, top + high / 2])
        (area,) = [(low, up) for low, up in areas if np.allclose((low + up) / 2, centre)]
        assert np.all(area[0] < (left, top))
        assert np.all(area[1] > (left + wide, top + high))
