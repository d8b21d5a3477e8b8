"""What the files of the user's own CLIP do not say: `clip.json`, all of which may be left out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mixpeek_local.errors import UnusableClipError


@dataclass(frozen=True)
class ClipSettings:
    """The settings; the defaults are those of OpenAI's models, and of most of open_clip's.

    Attributes:
        mean: Of red, green and blue in the training, 0 to 1.
        deviation: Of the same.
        resize: `squeeze` the whole picture into the square, or `crop` the largest square out of its middle.
        pixels: Width and height of pictures, if `image.onnx` takes any.
        tokens: The most tokens of a text, if neither `text.onnx` nor `tokenizer.json` says it.
        pad: The token that fills a text up, if `text.onnx` takes one length only and `tokenizer.json` names none.
        temperature: By which differences of cosines are divided before they become probabilities.
    """

    mean: tuple[float, ...] = (0.48145466, 0.4578275, 0.40821073)
    deviation: tuple[float, ...] = (0.26862954, 0.26130258, 0.27577711)
    resize: Literal["squeeze", "crop"] = "squeeze"
    pixels: int = 224
    tokens: int = 77
    pad: int = 0
    temperature: float = 0.01


def read_settings(file: Path) -> ClipSettings:
    """Read them; the defaults if there is no such file.

    Raises:
        UnusableClipError: It has something else.
    """
    if not file.exists():
        return ClipSettings()
    try:
        given = json.loads(file.read_bytes())
    except ValueError as error:
        raise UnusableClipError(f"{file} is not JSON ({error}): mend it, or delete it") from None
    if not isinstance(given, dict):
        raise UnusableClipError(f"{file} is not a JSON object, such as {{}}: mend it, or delete it")
    for name, value in given.items():
        if name not in _ALLOWED:
            raise UnusableClipError(f"{file} has {name!r}, but may have only {', '.join(_ALLOWED)}")
        what, fits = _ALLOWED[name]
        if not fits(value):
            raise UnusableClipError(f"{file} has {name} {json.dumps(value)}, which must be {what}")
    typed: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return ClipSettings(**typed)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _are_three(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_number, value))


_ALLOWED: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "mean": ("three numbers", _are_three),
    "deviation": ("three numbers above 0", lambda value: _are_three(value) and min(value) > 0),
    "resize": ("squeeze or crop", lambda value: value in ("squeeze", "crop")),
    "pixels": ("a whole number above 0", lambda value: type(value) is int and value > 0),
    "tokens": ("a whole number above 2", lambda value: type(value) is int and value > 2),
    "pad": ("the number of a token", lambda value: type(value) is int and value >= 0),
    "temperature": ("a number above 0", lambda value: _is_number(value) and value > 0),
}
