"""Everything that is found in the media, as one index."""

import json
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import repeat
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

import mixpeek_local.extract
from benchmarks.found.media import PHOTOS
from mixpeek_local.extract import Feature, extract, version
from mixpeek_local.extract.settings import ExtractionSettings

SPACES = ("multimodal", "text")
_LARGEST_PHOTO = 1280
_PROCESSES = 2


@dataclass(frozen=True)
class Moment:
    """A feature that can be found.

    Attributes:
        medium: The name of its file.
        start: Its first second.
        end: Its last second.
        modality: `video`, `image`, `audio` or `text`.
        tells: What is told of it in words.
    """

    medium: str
    start: float
    end: float
    modality: str
    tells: str


@dataclass(frozen=True)
class Index:
    """All features of all media.

    Attributes:
        moments: The features.
        vectors: By the name of their space, in the order of the moments; NaN where a feature has none.
    """

    moments: list[Moment]
    vectors: Mapping[str, NDArray[np.float32]]


def index(media: Mapping[str, Path], keep: Path) -> Index:
    """Extract all media, or read what was extracted before by the same models and code.

    Args:
        media: Names and files.
        keep: Keeps what is extracted.
    """
    folder = keep / f"features-{_version()}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: folder / f"{name}.npz" for name in media}
    missing = [name for name in media if not kept[name].exists()]
    with ProcessPoolExecutor(_PROCESSES) as processes:
        for name in processes.map(_extract, missing, [media[name] for name in missing], repeat(folder)):
            print(f"extracted: {name}", flush=True)
    return _joined(kept.values())


def _version() -> str:
    """Changes with the models, and with each file of the code that runs them."""
    code = sorted(path for path in Path(mixpeek_local.extract.__file__).parent.rglob("*") if path.suffix != ".pyc")
    digest = sha256(version().encode())
    for path in code:
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()[:8]


def _joined(files: Iterable[Path]) -> Index:
    moments: list[Moment] = []
    vectors: dict[str, list[NDArray[np.float32]]] = {space: [] for space in SPACES}
    for file in files:
        with np.load(file) as arrays:
            moments += [Moment(**one) for one in json.loads(str(arrays["moments"]))]
            for space in SPACES:
                vectors[space].append(arrays[space])
    return Index(moments, {space: np.concatenate(rows) for space, rows in vectors.items()})


def _extract(name: str, path: Path, folder: Path) -> str:
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        work = Path(temporary)
        video = _one_frame(path, work / "photo.avi") if path.suffix.lower() in PHOTOS else path
        features = extract(video, ExtractionSettings()).features
        made = work / "made.npz"
        moments = json.dumps([asdict(_moment(name, feature)) for feature in features])
        multimodal, text = (_rows(features, space) for space in SPACES)
        np.savez(made, moments=np.array(moments), multimodal=multimodal, text=text)
        made.rename(folder / f"{name}.npz")
    return name


def _moment(name: str, feature: Feature) -> Moment:
    tells = feature.details.get("description") or feature.details.get("text", "")
    return Moment(name, feature.start_time, feature.end_time, feature.modality, " ".join(tells.split()))


def _rows(features: Iterable[Feature], space: str) -> NDArray[np.float32]:
    nothing = np.full(384, np.nan, np.float32)
    return np.stack([feature.vectors.get(space, nothing) for feature in features])


def _one_frame(photo: Path, video: Path) -> Path:
    """A photo as a video of one frame, which is what this server takes."""
    with Image.open(photo) as opened, av.open(str(video), "w") as container:
        opened.thumbnail((_LARGEST_PHOTO, _LARGEST_PHOTO))
        picture = Image.new("RGBA", (opened.width // 2 * 2, opened.height // 2 * 2), "white")
        picture.alpha_composite(opened.convert("RGBA").crop((0, 0, *picture.size)))
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = *picture.size, "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = 2
        container.mux(stream.encode(av.VideoFrame.from_image(picture.convert("RGB"))))
        container.mux(stream.encode(None))
    return video
