"""A vision transformer made to take smaller pictures: fewer patches, less time.

CLIP's ViT-B/16 looks at 14 x 14 patches of 16 pixels, each with a learned vector for its place. For smaller pictures
the grid of these vectors is resized (bicubic), as is usual for such models. At 160 pixels a picture takes half the
time, and words find as many pictures as at 224.

An ONNX file is a protocol buffer (onnx.proto). Fields of a model: 7 graph. Of a graph: 1 nodes, 5 initializers,
11 inputs, 12 outputs, 13 shapes between nodes. Of a tensor: 1 dimensions, 2 type, 8 name, 9 raw data.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

PATCH = 16
"""Width and height of a patch in pixels."""

_PLACES = b"vision_model.embeddings.position_embedding.weight"
_NUMBERS = b"position_embedding/Constant_output_0"
_INPUT, _OUTPUT = b"pixel_values", b"image_embeds"
_FLOAT, _INT64 = 1, 7


@dataclass(frozen=True)
class _Field:
    """A field of a message, and its bytes as they stand in the file."""

    number: int
    value: bytes | int
    raw: bytes

    @property
    def content(self) -> bytes:
        return self.value if isinstance(self.value, bytes) else b""


def for_pictures_of(pixels: int, model: bytes) -> bytes:
    """Return the same model for pictures of `pixels` x `pixels`.

    Args:
        pixels: A multiple of 16.
        model: The content of an ONNX file with CLIP's image tower.

    Raises:
        KeyError: It is another model.
    """
    grid, tail = divmod(pixels, PATCH)
    if tail:
        raise ValueError(f"{pixels} is not a multiple of {PATCH}")
    changed = {_PLACES: False, _NUMBERS: False, _INPUT: False}
    parts = [
        field(7, b"".join(_graph(one.content, grid, changed))) if one.number == 7 else one.raw for one in _fields(model)
    ]
    for name, is_changed in changed.items():
        if not is_changed:
            raise KeyError(f"it has no {name.decode()}")
    return b"".join(parts)


def _graph(graph: bytes, grid: int, changed: dict[bytes, bool]) -> Iterator[bytes]:
    for one in _fields(graph):
        if one.number == 13 or (one.number == 12 and _OUTPUT not in one.content):
            continue  # these state sizes that are no longer true
        if one.number == 5 and _PLACES in one.content[:256]:
            changed[_PLACES] = True
            yield field(5, _places(one.content, grid))
        elif one.number == 1 and _NUMBERS in one.content and b"Constant" in one.content:
            changed[_NUMBERS] = True
            yield field(1, _numbers(one.content, grid))
        elif one.number == 11 and _INPUT in one.content:
            changed[_INPUT] = True
            yield field(11, _picture(grid * PATCH))
        else:
            yield one.raw


def _places(initializer: bytes, grid: int) -> bytes:
    """The vectors of the places: the first is that of the whole picture, the others are a square grid."""
    from PIL import Image

    raw = next(one.content for one in _fields(initializer) if one.number == 9)
    _, width = (int(one.value) for one in _fields(initializer) if one.number == 1)
    vectors = np.frombuffer(raw, "<f4").reshape(-1, width)
    side = round((len(vectors) - 1) ** 0.5)
    planes = np.ascontiguousarray(vectors[1:].reshape(side, side, width).transpose(2, 0, 1))
    small = [np.asarray(Image.fromarray(plane).resize((grid, grid), Image.Resampling.BICUBIC)) for plane in planes]
    resized = np.concatenate([vectors[:1], np.stack(small, -1).reshape(-1, width)]).astype("<f4")
    return _tensor(_PLACES, _FLOAT, resized)


def _numbers(node: bytes, grid: int) -> bytes:
    """The constant 0, 1, 2 … that looks the vectors up. Fields of an attribute: 1 name, 5 tensor, 20 type."""
    value = _tensor(b"", _INT64, np.arange(grid * grid + 1, dtype="<i8")[None])
    attribute = field(1, b"value") + field(5, value) + field(20, 4)
    return b"".join(field(5, attribute) if one.number == 5 else one.raw for one in _fields(node))


def _picture(pixels: int) -> bytes:
    """The input: its name, and a batch of pictures with three colours."""
    sizes = b"".join(field(1, field(1, size)) for size in (3, pixels, pixels))
    shape = field(1, field(2, b"batch")) + sizes
    return field(1, _INPUT) + field(2, field(1, field(1, _FLOAT) + field(2, shape)))


def _tensor(name: bytes, kind: int, values: np.ndarray) -> bytes:
    sizes = b"".join(field(1, size) for size in values.shape)
    return sizes + field(2, kind) + field(8, name) + field(9, values.tobytes())


def _fields(message: bytes) -> Iterator[_Field]:
    """The fields of a message. Their wire types: 0 a number, 1 eight bytes, 2 bytes with their length, 5 four bytes."""
    place = 0
    while place < len(message):
        begin = place
        key, place = _varint(message, place)
        wire = key & 7
        if wire == 0:
            value, place = _varint(message, place)
        else:
            if wire == 2:
                size, place = _varint(message, place)
            else:
                size = {1: 8, 5: 4}[wire]
            value, place = message[place : place + size], place + size
        yield _Field(key >> 3, value, message[begin:place])


def _varint(message: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place


def field(number: int, value: bytes | int) -> bytes:
    """A field of a message, as it stands in the file."""
    if isinstance(value, int):
        return _encoded(number << 3) + _encoded(value)
    return _encoded(number << 3 | 2) + _encoded(len(value)) + value


def _encoded(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
