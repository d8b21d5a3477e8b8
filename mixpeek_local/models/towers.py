"""The two towers of a CLIP whose files we have never seen: what they take and give is read from them."""

import re
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.errors import UnusableClipError
from mixpeek_local.models.clip_settings import ClipSettings
from mixpeek_local.models.onnx import session

_NUMBERS = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}
_FLOATS, _INTS = ("tensor(float)", "tensor(float16)"), ("tensor(int64)", "tensor(int32)")
_MOST_WINDOWS, _MOST_CHARACTERS = 16, 40_000
_AGAIN = "export it again as docs/own-clip.md says"


class _Tower:
    """An ONNX file that gives a vector.

    Args:
        file: Where it is.
        output: The name that its vector usually has; otherwise it is the first output of batch x dimensions.
        threads: How many it may use.
    """

    def __init__(self, file: Path, output: str, threads: int) -> None:
        self.file = file
        try:
            self._session = session(file, threads, repack=False)
        except Exception as error:  # onnxruntime has a class for each of its codes, and no common one
            raise UnusableClipError(f"{file} cannot be read as an ONNX model ({_line(error)}): {_AGAIN}") from None
        vectors = [one.name for one in self._session.get_outputs() if len(one.shape) == 2]
        if not vectors:
            gives = ", ".join(f"{one.name} {one.shape}" for one in self._session.get_outputs())
            raise UnusableClipError(f"{file} gives no vector (batch x dimensions), but {gives}: {_AGAIN}")
        self._output = output if output in vectors else vectors[0]
        self.inputs = {one.name: one for one in self._session.get_inputs()}

    def run(self, inputs: dict[str, NDArray]) -> NDArray[np.float64]:
        """The vector, scaled to length 1."""
        typed = {name: value.astype(_NUMBERS[self.inputs[name].type]) for name, value in inputs.items()}
        try:
            (found,) = self._session.run([self._output], typed)
        except Exception as error:
            raise UnusableClipError(f"{self.file} cannot be run ({_line(error)}): {_AGAIN}") from None
        vector = np.asarray(found, np.float64)[0]
        length = np.linalg.norm(vector)
        if not np.isfinite(length) or length == 0:
            raise UnusableClipError(f"{self.file} gives numbers without a direction ({vector[:3]} …): {_AGAIN}")
        return vector / length


class ImageTower(_Tower):
    """Turns pictures into vectors."""

    def __init__(self, file: Path, settings: ClipSettings, threads: int) -> None:
        super().__init__(file, "image_embeds", threads)
        self._settings = settings
        match [one for one in self.inputs.values() if one.type in _FLOATS]:
            case [one] if len(self.inputs) == 1 and len(one.shape) == 4 and not _is_other(one.shape[1], 3):
                height, width = (size if isinstance(size, int) else settings.pixels for size in one.shape[2:])
                self._name, self._size = one.name, (width, height)
            case _:
                takes = _named(self.inputs)
                raise UnusableClipError(f"{file} takes {takes}, not pictures (batch x 3 x height x width): {_AGAIN}")

    def see(self, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The vector of a picture: height x width x 3, red, green and blue, of any size."""
        from PIL import Image, ImageOps

        image, bicubic = Image.fromarray(picture), Image.Resampling.BICUBIC
        if self._settings.resize == "crop":
            small = ImageOps.fit(image, self._size, bicubic)
        else:
            small = image.resize(self._size, bicubic)
        values = (np.asarray(small, np.float32) / 255 - self._settings.mean) / self._settings.deviation
        return self.run({self._name: np.ascontiguousarray(values.transpose(2, 0, 1)[None])})


class TextTower(_Tower):
    """Turns texts into vectors."""

    def __init__(self, file: Path, tokenizer: Path, settings: ClipSettings, threads: int) -> None:
        super().__init__(file, "text_embeds", threads)
        from tokenizers import Tokenizer

        rows = [one for one in self.inputs.values() if len(one.shape) == 2 and one.type in _NUMBERS]
        self._ids = next((one.name for one in rows if "mask" not in one.name and one.type in _INTS), "")
        self._mask = next((one.name for one in rows if "mask" in one.name), None)
        if not self._ids or self.inputs.keys() - {self._ids, self._mask}:
            raise UnusableClipError(f"{file} takes {_named(self.inputs)}, not tokens (batch x length): {_AGAIN}")
        self._file_of_tokenizer = tokenizer
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # the package raises this very class
            why = _line(error)
            raise UnusableClipError(f"{tokenizer} cannot be read as a tokenizer ({why}): {_AGAIN}") from None
        self._pad = settings.pad
        self._fit(self.inputs[self._ids].shape[1], settings.tokens)

    def _fit(self, length: int | str | None, most: int) -> None:
        """Cut longer texts, and fill shorter ones up where the model takes one length only."""
        own = (self._tokenizer.truncation or {}).get("max_length", most)
        self._tokenizer.enable_truncation(length if isinstance(length, int) else own)
        if isinstance(length, int):
            padding = self._tokenizer.padding or {"pad_id": self._pad}
            self._tokenizer.enable_padding(**{**padding, "length": length, "direction": "right"})

    def embed(self, text: str) -> NDArray[np.float64]:
        """The vector of a text; one longer than the model takes gets the mean of its parts', weighted by length."""
        try:
            first = self._tokenizer.encode(text[:_MOST_CHARACTERS])
        except Exception as error:
            raise UnusableClipError(
                f"{self._file_of_tokenizer} cannot read a text ({_line(error)}): {_AGAIN}"
            ) from None
        parts = islice([first, *first.overflowing], _MOST_WINDOWS)
        weighted = [max(sum(part.attention_mask), 1) * self._part(part.ids, part.attention_mask) for part in parts]
        whole = np.sum(weighted, axis=0)
        return whole / np.linalg.norm(whole)

    def _part(self, ids: list[int], mask: list[int]) -> NDArray[np.float64]:
        if not ids:  # such as the text " "
            ids, mask = [self._pad], [1]
        inputs = {self._ids: np.array([ids])}
        if self._mask is not None:
            inputs[self._mask] = np.array([mask])
        return self.run(inputs)


def common_dimensions(image: Path, text: Path, tokenizer: Path, settings: ClipSettings) -> int:
    """Look at two pictures and read two texts; return how many numbers the vectors of both have.

    Raises:
        UnusableClipError: A file cannot be used, or they do not belong together.
    """
    tower = ImageTower(image, settings, threads=1)
    seen = [tower.see(np.full((64, 64, 3), colour, np.uint8)) for colour in ((200, 20, 30), (20, 40, 200))]
    del tower  # one at a time in memory
    reader = TextTower(text, tokenizer, settings, threads=1)
    read = [reader.embed(words) for words in ("a red rose", "the blue sea")]
    reader.embed("Ωδῖνες, 12 % 🦔")  # letters that a vocabulary may lack
    for file, (one, other) in ((image, seen), (text, read)):
        if np.allclose(one, other, atol=1e-6):
            raise UnusableClipError(f"{file} gives the same vector whatever it gets: {_AGAIN}")
    if len(seen[0]) != len(read[0]):
        raise UnusableClipError(
            f"{image} gives {len(seen[0])} numbers and {text.name} {len(read[0])}:"
            " export both from one model, with their projections, as docs/own-clip.md says"
        )
    return len(seen[0])


def _is_other(size: int | str | None, wanted: int) -> bool:
    return isinstance(size, int) and size != wanted


def _named(inputs: dict) -> str:
    return ", ".join(f"{name} {one.shape}" for name, one in inputs.items()) or "nothing"


def _line(error: Exception) -> str:
    words = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error)).strip() or type(error).__name__
    return words.splitlines()[0][:300]
