"""The named vectors that this server makes with the installed models."""

from dataclasses import dataclass

from mixpeek_local.errors import UnusableClipError
from mixpeek_local.extract import color_stats, sentences, sounds, spectrum, vision
from mixpeek_local.extract.records import Modality
from mixpeek_local.models.capabilities import capabilities, packages_are_installed
from mixpeek_local.models.catalogue import wanted
from mixpeek_local.models.own_clip import ClipFiles, own_clip

_METHOD = "3"
"""Raise it when the same models come to mean something else."""

OWN_SPACE = "; own CLIP "
"""What is before the digest of the user's own CLIP in a version."""


@dataclass(frozen=True)
class VectorKind:
    """A named vector.

    Attributes:
        dimensions: How many numbers it has.
        modalities: The modalities of the features that have it.
    """

    dimensions: int
    modalities: tuple[Modality, ...]


def vectors_offered() -> dict[str, VectorKind]:
    """Each named vector, with the dimensions of its model."""
    available = {name for name, missing in capabilities().items() if missing is None}
    own = _own() if "vision" in available else None
    seen = own.dimensions if own else vision.DIMENSIONS
    offered = {
        "image": VectorKind(seen if "vision" in available else color_stats.DIMENSIONS, ("video", "image")),
        "audio": VectorKind(sounds.DIMENSIONS if "sounds" in available else spectrum.DIMENSIONS, ("audio",)),
    }
    if "sentences" in available:
        offered["text"] = VectorKind(sentences.DIMENSIONS, ("video", "text", "audio"))
    if own or {"sentences", "vision"} <= available:
        dimensions = own.dimensions if own else sentences.DIMENSIONS
        offered["multimodal"] = VectorKind(dimensions, ("video", "image", "text", "audio"))
    return offered


def version() -> str:
    """A text that changes with what features mean: features of one version are not copied to assets of another.

    Raises:
        UnusableClipError: The user's own CLIP cannot be used.
    """
    own = _own()
    used = [
        model.package
        for model in wanted()
        if model.folder() and packages_are_installed(model.capability) and not (own and model.capability == "vision")
    ]
    return "; ".join([_METHOD, *sorted(used)]) + own_space()


def own_space() -> str:
    """The end of the version, if pictures and words are in the space of a usable CLIP of the user's own; else empty."""
    try:
        own = _own()
    except UnusableClipError:
        return ""
    return f"{OWN_SPACE}{own.digest}" if own else ""


def _own() -> ClipFiles | None:
    return own_clip() if packages_are_installed("vision") else None
