"""The sentence model: texts become vectors, near each other if their meaning is (all-MiniLM-L6-v2, in 8 bits)."""

from collections.abc import Iterable
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.vectors import unit
from mixpeek_local.models.capabilities import packages_are_installed
from mixpeek_local.models.catalogue import folder
from mixpeek_local.models.onnx import session

DIMENSIONS = 384

# The model takes up to 256 tokens. Longer texts are cut into windows, enough for twenty minutes of speech.
_WINDOW_TOKENS = 256
_MOST_WINDOWS, _MOST_CHARACTERS = 16, 40_000


class SentenceModel:
    """The model and its tokenizer, loaded.

    Attributes:
        folder: The folder of the model.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        from tokenizers import Tokenizer

        self.folder = folder
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_WINDOW_TOKENS)
        self._tokenizer.no_padding()
        self._session = session(folder / "model.onnx", threads)

    def embed(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """One vector of unit length for each text: n x 384.

        A text longer than a window gets the mean of its windows' vectors, weighted by their lengths.
        """
        rows = [self._vector(text) for text in texts]
        return np.stack(rows) if rows else np.empty((0, DIMENSIONS), np.float32)

    def _vector(self, text: str) -> NDArray[np.float32]:
        first = self._tokenizer.encode(text[:_MOST_CHARACTERS])
        windows = islice([first, *first.overflowing], _MOST_WINDOWS)
        return unit(sum(len(window.ids) * self._window(window.ids) for window in windows))

    def _window(self, tokens: list[int]) -> NDArray[np.float64]:
        # One at a time: the model scales its 8-bit numbers by the whole batch, so the vector of a text would depend on
        # the other texts (cosines down to 0.97 were seen between the two).
        ids = np.array([tokens], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (hidden,) = self._session.run(["last_hidden_state"], inputs)
        mean = np.asarray(hidden, np.float64)[0].mean(axis=0)
        return mean / np.linalg.norm(mean)


def sentence_model(threads: int = 1) -> SentenceModel | None:
    """The model, loaded once in each process; None if it is not installed."""
    where = folder("sentences")
    return _loaded(where, threads) if where and packages_are_installed("sentences") else None


@cache
def _loaded(where: Path, threads: int) -> SentenceModel:
    return SentenceModel(where, threads)
