"""What the installed models and packages allow, and what is missing without them."""

from collections.abc import Mapping
from importlib.util import find_spec

from mixpeek_local.errors import UnusableClipError
from mixpeek_local.models.catalogue import MODELS, Capability
from mixpeek_local.models.own_clip import own_clip

_PACKAGES: Mapping[Capability, tuple[str, ...]] = {
    "vision": ("onnxruntime", "PIL", "tokenizers"),  # the last is for the user's own CLIP
    "ocr": ("onnxruntime", "PIL"),
    "sounds": ("onnxruntime",),
    "speech": ("faster_whisper",),
    "sentences": ("onnxruntime", "tokenizers"),
}
"""The packages that each capability runs on, by the names under which they are imported."""

_GET_MODELS = "`python -m mixpeek_local.get_models` gets it."
_GET_PACKAGES = "`pip install 'mixpeek-assets[local]'` installs it."


def capabilities() -> dict[Capability, str | None]:
    """Each capability, with None if it is there, else with what is missing, why, and how to get it."""
    return {capability: _missing(capability) for capability in _PACKAGES}


def packages_are_installed(capability: Capability) -> bool:
    """Whether the packages that a capability runs on are installed; none is imported."""
    return all(map(find_spec, _PACKAGES[capability]))


def _missing(capability: Capability) -> str | None:
    models = [model for model in MODELS.values() if model.capability == capability]
    for package in _PACKAGES[capability]:
        if find_spec(package) is None:
            return f"{models[0].without} The package {package} is missing; {_GET_PACKAGES}"
    try:
        if capability == "vision" and own_clip() is not None:
            return None
    except UnusableClipError as error:
        return f"{error}."
    for model in models:
        if model.folder() is None:
            return f"{model.without} The model {model.name} is missing; {_GET_MODELS}"
    return None
