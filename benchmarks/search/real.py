"""Real embeddings, by the local API's own models: of the sentences of Python's own documentation, and of frames."""

import ast
import re
import sysconfig
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.space import shared_space
from mixpeek_local.extract.vision import vision_model
from mixpeek_local.samples import FOLDER

KINDS = ("sentences", "frames")
"""`sentences`: 384 numbers, of the `multimodal` space. `frames`: 512, of the samples' frames by the vision model."""

_EVERY = 2
"""Every second frame: the next hardly differs."""
_AT_ONCE = 500
_PROCESSES = 2


def embeddings(kind: str, keep: Path | None = None) -> NDArray[np.float32]:
    """Return one embedding of unit length a row, in an order that says nothing.

    Args:
        kind: One of `KINDS`.
        keep: A folder to keep them in: they take some minutes.

    Raises:
        LookupError: The models are not installed.
    """
    kept = keep and keep / f"{kind}.npy"
    if kept and kept.exists():
        return np.load(kept)
    if shared_space() is None or vision_model() is None:
        raise LookupError("The models are not there: make models")
    with ProcessPoolExecutor(_PROCESSES) as processes:
        if kind == "sentences":
            texts = _documentation(Path(sysconfig.get_path("stdlib")))
            parts = [texts[first : first + _AT_ONCE] for first in range(0, len(texts), _AT_ONCE)]
            rows = list(processes.map(_of_sentences, parts))
        else:
            rows = list(processes.map(_of_frames, sorted(FOLDER.glob("*.mp4"))))
    made = np.random.default_rng(1).permutation(np.concatenate(rows))
    if kept:
        np.save(kept, made)
    return made


def _of_sentences(texts: Sequence[str]) -> NDArray[np.float32]:
    space = shared_space()
    assert space is not None
    return space.of_words(texts)


def _of_frames(clip: Path) -> NDArray[np.float32]:
    model = vision_model()
    assert model is not None
    with av.open(str(clip)) as container:
        frames = (frame for number, frame in enumerate(container.decode(video=0)) if number % _EVERY == 0)
        return np.stack([model.see(np.asarray(frame.to_image())) for frame in frames])


def _documentation(folder: Path) -> list[str]:
    """The sentences of all docstrings, each once."""
    files = [file for file in sorted(folder.rglob("*.py")) if "site-packages" not in file.parts]
    return list({sentence: None for file in files for sentence in sentences_of(file) if 30 < len(sentence) < 300})


def sentences_of(file: Path) -> Iterator[str]:
    """Yield the sentences of a module's docstrings."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # what Python's own tests of its parser cannot read
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield from (" ".join(sentence.split()) for sentence in re.split(r"(?<=[.!?])\s+|\n\n", text))
