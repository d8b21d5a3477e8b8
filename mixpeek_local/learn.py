"""`python -m mixpeek_local.learn PICTURES`: make `extract/data/clip.npz` again, when the vision model is another one.

It draws the texts of `data/texts.txt` and the labels of `data/labels.txt`, and looks at them; some ten minutes.
`extract/learned.py` says what for.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mixpeek_local.extract.learned import FOLDER
from mixpeek_local.extract.sentences import sentence_model
from mixpeek_local.extract.vectors import unit, units
from mixpeek_local.extract.vision import CHECKED, VisionModel
from mixpeek_local.models.catalogue import folder

Rows = NDArray[np.float32]

_RIDGE = 4.0
"""Of 1 to 12, words found most pictures with 3 and 4."""
_SIDE, _ROOM, _LARGEST, _SMALLEST = 160, 144, 43, 11
"""In pixels: the picture, what of it may be written on, and the letters."""
_LINE = 1.2
_FRAME = 1.08
"""A picture without a background stands on white, with a little room around it."""


@click.command()
@click.argument("pictures", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(pictures: Path) -> None:
    """Learn the constants of the vision model.

    Of the PNG files in the folder PICTURES only the mean is kept, so they should show many different things, one each.
    """
    where, sentences = folder("clip-vit-b16"), sentence_model()
    if where is None or sentences is None:
        raise click.ClickException("the models are not there: python -m mixpeek_local.get_models")
    model = VisionModel(where, threads=1, precise=True)
    texts, labels = (_lines(FOLDER / name) for name in ("texts.txt", "labels.txt"))
    mean_of_words, to_words = fitted(_seen(model, map(drawn, texts), "texts"), sentences.embed(texts))
    mean_of_pictures = _seen(model, map(_on_white, sorted(pictures.rglob("*.png"))), "pictures").mean(axis=0)
    looks = [[drawn(name) for name in labels], [drawn(f"a photo of {_article(name)} {name}") for name in labels]]
    np.savez(
        FOLDER / "clip.npz",
        mean_of_pictures=mean_of_pictures,
        checked=unit(model.see_as_it_is(CHECKED) - mean_of_pictures),
        mean_of_words=mean_of_words,
        to_words=to_words.astype(np.float16),
        places_of_labels=placed(*(_seen(model, look, "labels") for look in looks)).astype(np.float16),
    )


def fitted(seen: Rows, embedded: Rows) -> tuple[Rows, Rows]:
    """The mean of the texts' vectors, and the map from pictures to words: ridge regression.

    Args:
        seen: The vectors of the drawn texts, text x 512.
        embedded: The sentence model's vectors of the texts, text x 384.
    """
    known, wanted = _spread(seen), _spread(embedded)
    to_words = np.linalg.solve(known.T @ known + _RIDGE * np.eye(known.shape[1], dtype=np.float32), known.T @ wanted)
    return embedded.mean(axis=0), to_words


def placed(*looks: Rows) -> Rows:
    """The labels' places among pictures: the mean over several ways to draw them, label x 512, unit length."""
    return units(np.sum([_spread(seen) for seen in looks], axis=0))


def drawn(text: str) -> NDArray[np.uint8]:
    """A text as a picture: black on white, in letters as large as fit."""
    image = Image.new("RGB", (_SIDE, _SIDE), "white")
    pen = ImageDraw.Draw(image)
    size, lines = next(layout for layout in _layouts(text) if _fits(*layout) or layout[0] == _SMALLEST)
    top = (_SIDE - len(lines) * size * _LINE) / 2
    for number, line in enumerate(lines):
        left = (_SIDE - _width(line, size)) / 2
        pen.text((left, top + number * size * _LINE), line, "black", _font(size))
    return np.asarray(image)


def _layouts(text: str) -> Iterator[tuple[int, list[str]]]:
    """Sizes of letters, the largest first, with the lines that the text has in them."""
    for size in range(_LARGEST, _SMALLEST - 1, -2):
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if not lines[-1] or _width(longer, size) <= _ROOM:
                lines[-1] = longer
            else:
                lines.append(word)
        yield size, lines


def _fits(size: int, lines: Sequence[str]) -> bool:
    return len(lines) * size * _LINE <= _ROOM and all(_width(line, size) <= _ROOM for line in lines)


def _width(line: str, size: int) -> float:
    return _font(size).getlength(line)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _on_white(file: Path) -> NDArray[np.uint8]:
    """A picture in the middle of a white square."""
    with Image.open(file) as opened:
        picture = opened.convert("RGBA")
    side = int(max(picture.size) * _FRAME)
    square = Image.new("RGBA", (side, side), "white")
    square.alpha_composite(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return np.asarray(square.convert("RGB"))


def _seen(model: VisionModel, pictures: Iterable[NDArray[np.uint8]], what: str) -> Rows:
    rows = []
    for picture in pictures:
        rows.append(model.see_as_it_is(picture))
        if len(rows) % 500 == 0:
            click.echo(f"{len(rows)} {what}", err=True)
    return np.stack(rows)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def _article(name: str) -> str:
    return "an" if name[0] in "aeiou" else "a"


def _spread(rows: Rows) -> Rows:
    """Without what all have in common."""
    return units(rows - rows.mean(axis=0))


if __name__ == "__main__":
    main()
