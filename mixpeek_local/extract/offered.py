"""The named vectors that this server makes with the installed models."""

from dataclasses import dataclass

from mixpeek_local.extract import color_stats, sentences, sounds, spectrum, vision
from mixpeek_local.extract.records import Modality
from mixpeek_local.models.capabilities import capabilities, packages_are_installed
from mixpeek_local.models.catalogue import wanted

_METHOD = "3"
"""Raise it when the same models come to mean something else."""


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
    offered = {
        "image": VectorKind(vision.DIMENSIONS if "vision" in available else color_stats.DIMENSIONS, ("video", "image")),
        "audio": VectorKind(sounds.DIMENSIONS if "sounds" in available else spectrum.DIMENSIONS, ("audio",)),
    }
    if "sentences" in available:
        offered["text"] = VectorKind(sentences.DIMENSIONS, ("video", "text", "audio"))
    if {"sentences", "vision"} <= available:
        offered["multimodal"] = VectorKind(sentences.DIMENSIONS, ("video", "image", "text", "audio"))
    return offered


def version() -> str:
    """A text that changes with what features mean: features of one version are not copied to assets of another."""
    models = [model.package for model in wanted() if model.folder() and packages_are_installed(model.capability)]
    return "; ".join([_METHOD, *sorted(models)])
