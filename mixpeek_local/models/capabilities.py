"""What the installed models and packages allow, and what is missing without them."""

from collections.abc import Iterable, Mapping
from importlib.util import find_spec

from mixpeek_local.errors import UnusableClipError
from mixpeek_local.models.catalogue import Capability, Model, wanted
from mixpeek_local.models.own_clip import own_clip

_PACKAGES: Mapping[Capability, tuple[str, ...]] = {
    "vision": ("onnxruntime", "PIL", "tokenizers"),  # the last is for the user's own CLIP
    "ocr": ("onnxruntime", "PIL"),
    "sounds": ("onnxruntime",),
    "speech": ("faster_whisper",),
    "sentences": ("onnxruntime", "tokenizers"),
}
"""The packages that each capability runs on, by the names under which they are imported."""

_GET_PACKAGES = "`pip install 'mixpeek-assets[local]'` installs it."


def capabilities() -> dict[Capability, str | None]:
    """Each capability, with None if it is there, else with what is missing, why, and how to get it.

    Raises:
        UnknownSensesError: There are no such senses as were chosen.
    """
    models = wanted()
    return {capability: _missing(capability, models) for capability in _PACKAGES}


def packages_are_installed(capability: Capability) -> bool:
    """Whether the packages that a capability runs on are installed; none is imported."""
    return all(map(find_spec, _PACKAGES[capability]))


def _missing(capability: Capability, models: Iterable[Model]) -> str | None:
    models = [model for model in models if model.capability == capability]
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
            return f"{model.without} The model {model.name} is missing; {_how_to_get(model)}"
    return None


def _how_to_get(model: Model) -> str:
    only = "" if model.senses in (None, "english") else f" --only {model.name}"
    return f"`python -m mixpeek_local.get_models{only}` gets it."
