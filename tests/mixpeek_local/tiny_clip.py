"""A CLIP of some hundred numbers: pictures by their mean colour, words by the colours that they are known to mean.

An ONNX file is a protocol buffer (onnx.proto). Fields of a model: 1 IR version, 7 graph, 8 operator set (2 version).
Of a graph: 1 nodes, 2 name, 5 weights, 11 inputs, 12 outputs. Of a node: 1 inputs, 2 outputs, 4 operator, 5 attributes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.models.smaller_pictures import field

FLOAT, INT32, INT64 = 1, 6, 7

# What each word means: how much red, green and blue.
MEANINGS: Mapping[str, tuple[float, float, float]] = {
    "red": (1, 0, 0),
    "rose": (1, 0, 0.2),
    "fire": (1, 0.3, 0),
    "blue": (0, 0, 1),
    "sea": (0, 0.2, 1),
    "sky": (0.2, 0.2, 1),
    "green": (0, 1, 0),
    "forest": (0.1, 1, 0),
    "grass": (0.2, 1, 0),
}


def write_pair(folder: Path, *, dimensions: int = 4, text_dimensions: int | None = None) -> Path:
    """Write the three files of a pair."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "image.onnx").write_bytes(image_tower(dimensions))
    (folder / "text.onnx").write_bytes(text_tower(text_dimensions or dimensions))
    (folder / "tokenizer.json").write_text(tokenizer())
    return folder


def image_tower(dimensions: int = 4, apart: float = 0) -> bytes:
    """The mean of each colour, and a constant: what all pictures share.

    Args:
        dimensions: Of the vectors.
        apart: How much of each colour is also in a dimension that no word has.
    """
    weights = np.eye(3, dimensions, dtype="<f4") + apart * np.eye(3, dimensions, k=4, dtype="<f4")
    constant = np.full(dimensions, 0.3, "<f4")
    nodes = [
        _node("ReduceMean", ["pixel_values"], ["colours"], axes=[2, 3], keepdims=0),
        _node("Gemm", ["colours", "weights", "constant"], ["image_embeds"]),
    ]
    inputs = [_value("pixel_values", FLOAT, ["batch", 3, 8, 8])]
    outputs = [_value("image_embeds", FLOAT, ["batch", dimensions])]
    return _model(nodes, {"weights": weights, "constant": constant}, inputs, outputs)


def text_tower(dimensions: int = 4, *, length: int | str = "length", kind: int = INT64, masked: bool = False) -> bytes:
    """The mean of what the words mean, and a constant that is not that of pictures.

    Args:
        dimensions: Of the vectors.
        length: How many words it takes; a name if any.
        kind: Of its input.
        masked: Whether it also takes which words count.
    """
    table = np.full((len(MEANINGS) + 1, dimensions), -0.4, "<f4")
    table[1:, :3] += np.array(list(MEANINGS.values()), "<f4")
    nodes = [_node("Gather", ["table", "input_ids"], ["words"])]
    inputs = [_value("input_ids", kind, ["batch", length])]
    if masked:
        inputs.append(_value("attention_mask", kind, ["batch", length]))
        nodes += [
            _node("Cast", ["attention_mask"], ["counts"], to=FLOAT),
            _node("Unsqueeze", ["counts", "last"], ["weights"]),
            _node("Mul", ["words", "weights"], ["counted"]),
        ]
    nodes.append(_node("ReduceMean", ["counted" if masked else "words"], ["text_embeds"], axes=[1], keepdims=0))
    outputs = [_value("text_embeds", FLOAT, ["batch", dimensions])]
    return _model(nodes, {"table": table, "last": np.array([2], "<i8")}, inputs, outputs)


def tokenizer(words: Mapping[str, int] | None = None) -> str:
    """A tokenizer that knows the words, and takes any other for `?`."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = words or {word: number for number, word in enumerate(["?", *MEANINGS])}
    known = Tokenizer(WordLevel(dict(words), unk_token="?"))
    known.pre_tokenizer = Whitespace()  # pyright: ignore[reportAttributeAccessIssue]
    return known.to_str()


def _model(
    nodes: Sequence[bytes], weights: Mapping[str, NDArray], inputs: Sequence[bytes], outputs: Sequence[bytes]
) -> bytes:
    graph = b"".join(field(1, node) for node in nodes) + field(2, b"tiny")
    graph += b"".join(field(5, _tensor(name, values)) for name, values in weights.items())
    graph += b"".join(field(11, one) for one in inputs) + b"".join(field(12, one) for one in outputs)
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def _node(operator: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: int | list[int]) -> bytes:
    names = b"".join(field(1, name.encode()) for name in inputs) + b"".join(field(2, one.encode()) for one in outputs)
    return names + field(4, operator.encode()) + b"".join(_attribute(*one) for one in attributes.items())


def _attribute(name: str, value: int | list[int]) -> bytes:
    """Fields: 1 name, 3 a number, 8 several, 20 which of both."""
    if isinstance(value, int):
        return field(5, field(1, name.encode()) + field(3, value) + field(20, 2))
    return field(5, field(1, name.encode()) + b"".join(field(8, one) for one in value) + field(20, 7))


def _tensor(name: str, values: NDArray) -> bytes:
    sizes = b"".join(field(1, size) for size in values.shape)
    return (
        sizes
        + field(2, INT64 if values.dtype.kind == "i" else FLOAT)
        + field(8, name.encode())
        + field(9, values.tobytes())
    )


def _value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    sizes = [field(1, size) if isinstance(size, int) else field(2, size.encode()) for size in shape]
    tensor = field(1, kind) + field(2, b"".join(field(1, size) for size in sizes))
    return field(1, name.encode()) + field(2, field(1, tensor))
