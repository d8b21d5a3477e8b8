"""Which senses are there, and what the user misses without the others."""

from collections.abc import Mapping
from importlib.util import find_spec

from mixpeek_local.models.catalogue import MODELS

# Sense -> the modules that it runs on.
_ENGINES: Mapping[str, tuple[str, ...]] = {
    "see": ("onnxruntime", "PIL"),
    "read": ("onnxruntime", "PIL"),
    "hear": ("onnxruntime",),
    "transcribe": ("faster_whisper",),
    "words": ("onnxruntime", "tokenizers"),
}
_GET_MODELS = "python -m mixpeek_local.models"


def senses() -> dict[str, str | None]:
    """Every sense by its name, with None when it is there, else with what is missing, why, and how to get it."""
    return {sense: _missing(sense) for sense in _ENGINES}


def engines_are_there(sense: str) -> bool:
    """Whether the modules that a sense runs on are installed; none is imported."""
    return all(map(find_spec, _ENGINES[sense]))


def _missing(sense: str) -> str | None:
    models = [model for model in MODELS.values() if model.sense == sense]
    if not engines_are_there(sense):
        return f"{models[0].without} It takes these Python modules: {', '.join(_ENGINES[sense])}."
    for model in models:
        if model.folder() is None:
            return f"{model.without} The model {model.name} is not there; `{_GET_MODELS}` gets it."
    return None
