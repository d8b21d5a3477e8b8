"""A map of embeddings: the nearer two dots, the more alike; a colour is a video, a shape a modality."""

import base64
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mixpeek_assets.defs import charts, markdown
from mixpeek_assets.labels import brief, file_name
from mixpeek_assets.warehouse.rows import SampledEmbedding

_WIDTH, _HEIGHT, _MARGIN, _LEGEND = 880, 560, 40, 150
# All are drawn clockwise, because overlapping ones that are not would cut holes into each other.
_SHAPES = {
    "video": "m-4-4h8v8h-8z",
    "image": "m-4 0a4 4 0 1 1 8 0a4 4 0 1 1-8 0",
    "text": "m0-5l5 9h-10z",
    "audio": "m0-6l5 6-5 6-5-6z",
    "other": "m-5-1h4v-4h2v4h4v2h-4v4h-2v-4h-4z",
}
_THUMBNAILS, _THUMBNAIL_BYTES, _PICTURES_TRIED = 6, 48_000, 100
_GLANCE_WIDTH, _GLANCE_HEIGHT, _GLANCE_SCALE = 120, 64, 4


@dataclass(frozen=True)
class Dot:
    """An embedding on the map, at a place between 0 and 1."""

    x: float
    y: float
    colour: str
    shape: str
    preview: str | None


@dataclass(frozen=True)
class EmbeddingMap:
    """The dots of a map.

    Attributes:
        dots: The embeddings.
        videos: The names of the videos that have a colour, by colour.
        kept: The share of the embeddings' variance that two dimensions can show.
    """

    dots: list[Dot]
    videos: dict[str, str]
    kept: float


def embedding_map(sample: Sequence[SampledEmbedding]) -> EmbeddingMap | None:
    """Lay out a sample of embeddings in two dimensions; None if they differ in nothing."""
    places, kept = _project([row.embedding for row in sample])
    if not places:
        return None
    frequent = Counter(row.url or "" for row in sample).most_common(len(charts.COLOURS))
    colours = {url: colour for (url, _), colour in zip(sorted(frequent), charts.COLOURS, strict=False)}
    dots = [
        Dot(x, y, colours.get(row.url or "", charts.FAINT), _shape(row.modality), row.preview_url)
        for (x, y), row in zip(places, sample, strict=True)
    ]
    return EmbeddingMap(dots, {colour: file_name(url) for url, colour in colours.items()}, kept)


def glance(found: EmbeddingMap, longest: int) -> str:
    """Draw as many dots as this many characters of Markdown hold."""
    for count in (100, 80, 60, 45, 30, 15):
        drawn = markdown.picture(_small(found.dots[:count]), "map")
        if len(drawn) <= longest:
            return drawn
    return ""


def large(found: EmbeddingMap, thumbnails: Path | None) -> str:
    """Draw every dot with a legend, and some with the picture that the API took of the moment.

    Args:
        found: The map.
        thumbnails: The local API's folder of pictures; None: the API is another.
    """
    glyphs: defaultdict[str, str] = defaultdict(str)
    for dot in found.dots:
        x, y = _on_card(dot)
        glyphs[dot.colour] += f"M{x} {y}{_SHAPES[dot.shape]}"
    drawn = [f"<path fill='{colour}' fill-opacity='.85' d='{path}'/>" for colour, path in glyphs.items()]
    pictures = [_thumbnail(dot, jpeg) for dot, jpeg in _with_pictures(found.dots, thumbnails)]
    return markdown.picture(charts.card(_WIDTH, _HEIGHT, [*drawn, *pictures, *_legend(found)]), "map")


def _project(embeddings: list[list[float]]) -> tuple[list[tuple[float, float]], float]:
    """Return the two principal components of directions, each between 0 and 1, and their share of the variance."""
    import numpy as np  # in 0.1 s, of which the code location needs nothing

    if len(embeddings) < 3:
        return [], 0
    vectors = np.array(embeddings, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.where(lengths > 0, lengths, 1)
    centred = directions - directions.mean(axis=0)
    # Mostly there are fewer embeddings than dimensions: the products of pairs are the smaller matrix. Its two largest
    # eigenvectors are found by iteration, in a tenth of the time of finding all.
    products = centred @ centred.T
    total = float(products.trace())
    if total < 1e-9:
        return [], 0
    axes = np.random.default_rng(0).normal(size=(len(embeddings), 2))
    for _ in range(30):
        axes, _ = np.linalg.qr(products @ axes)
    variances, turned = np.linalg.eigh(axes.T @ products @ axes)
    axes = (axes @ turned * np.sqrt(variances.clip(0)))[:, ::-1]
    # The sign of a component is any; the same sample is to give the same map.
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1, 1)
    spread = np.ptp(axes, axis=0)
    places = np.where(spread > 1e-6, (axes - axes.min(axis=0)) / np.where(spread > 1e-6, spread, 1), 0.5)
    return [(float(x), float(y)) for x, y in places], float(variances.sum()) / total


def _small(dots: Sequence[Dot]) -> str:
    paths: defaultdict[str, str] = defaultdict(str)
    for dot in dots:
        x, y = round(4 + dot.x * (_GLANCE_WIDTH - 8)), round(4 + dot.y * (_GLANCE_HEIGHT - 8))
        paths[dot.colour] += f"M{x} {y}h0"
    drawn = [f"<path stroke='{colour}' d='{path}'/>" for colour, path in paths.items()]
    group = f"<g stroke-width='2' stroke-linecap='round'>{''.join(drawn)}</g>"
    return charts.card(_GLANCE_WIDTH, _GLANCE_HEIGHT, [group], _GLANCE_SCALE)


def _legend(found: EmbeddingMap) -> list[str]:
    used = {dot.colour for dot in found.dots}
    entries = [(colour, _SHAPES["image"], name) for colour, name in found.videos.items()]
    entries += [(charts.FAINT, _SHAPES["image"], "other videos")] if charts.FAINT in used else []
    shapes = {dot.shape for dot in found.dots}
    entries += [(charts.INK, glyph, shape) for shape, glyph in _SHAPES.items() if shape in shapes]
    left, top = _WIDTH - _LEGEND, 24
    glyphs = [
        f"<path fill='{colour}' d='M{left} {top + 20 * row}{glyph}'/>" for row, (colour, glyph, _) in enumerate(entries)
    ]
    names = [charts.text(left + 12, top + 4 + 20 * row, brief(name, 20)) for row, (_, _, name) in enumerate(entries)]
    return [*glyphs, charts.texts(names)]


def _with_pictures(dots: Sequence[Dot], folder: Path | None) -> list[tuple[Dot, bytes]]:
    """Choose dots that are far from each other and have different pictures."""
    left = {dot.preview: dot for dot in dots[:_PICTURES_TRIED] if folder and dot.preview}
    chosen: list[tuple[Dot, bytes]] = []
    size = 0
    while left and len(chosen) < _THUMBNAILS:
        taken = [dot for dot, _ in chosen]
        url = max(left, key=lambda url: min([_distance(left[url], dot) for dot in taken], default=0))
        dot, jpeg = left.pop(url), _jpeg(folder, url)
        if jpeg and size + len(jpeg) <= _THUMBNAIL_BYTES:
            chosen.append((dot, jpeg))
            size += len(jpeg)
    return chosen


def _distance(one: Dot, other: Dot) -> float:
    return (one.x - other.x) ** 2 + (one.y - other.y) ** 2


def _jpeg(folder: Path | None, preview_url: str) -> bytes:
    """Read a picture of the local API by its name alone: the address is the server's, and could be any file's."""
    name = preview_url.rsplit("/", 1)[-1]
    if folder is None or not re.fullmatch(r"[0-9a-f]{32}\.jpg", name):
        return b""
    try:
        file = folder / name
        content = file.read_bytes() if file.stat().st_size <= _THUMBNAIL_BYTES else b""
    except OSError:  # its asset has been deleted
        return b""
    return content if content.startswith(b"\xff\xd8") else b""


def _thumbnail(dot: Dot, jpeg: bytes) -> str:
    x, y = _on_card(dot)
    left, top = min(max(x - 48, 4), _WIDTH - _LEGEND - 116), max(y - 66, 4)
    return (
        f"<image x='{left}' y='{top}' width='96' height='54' preserveAspectRatio='xMidYMid slice'"
        f" href='data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}'/>"
        f"<rect x='{left}' y='{top}' width='96' height='54' fill='none' stroke='{dot.colour}' stroke-width='2'/>"
    )


def _on_card(dot: Dot) -> tuple[int, int]:
    width = _WIDTH - _LEGEND - 2 * _MARGIN
    return round(_MARGIN + dot.x * width), round(_MARGIN + 30 + dot.y * (_HEIGHT - 2 * _MARGIN - 30))


def _shape(modality: str | None) -> str:
    return modality if modality in _SHAPES else "other"
