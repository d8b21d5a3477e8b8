"""Which named vectors this server makes, with the models that are there."""

from dataclasses import dataclass

from mixpeek_local.extract import look, see, sentences, sounds, spectrum
from mixpeek_local.extract.records import Modality
from mixpeek_local.models.catalogue import MODELS, folder
from mixpeek_local.models.senses import engines_are_there, senses

_METHOD = "2"
"""To be raised when the same models come to mean something else."""


@dataclass(frozen=True)
class VectorKind:
    """A named vector.

    Attributes:
        dimensions: How many numbers it has.
        modalities: What it is made of.
    """

    dimensions: int
    modalities: tuple[Modality, ...]


def vectors_offered() -> dict[str, VectorKind]:
    """The named vectors by name: a space each, with its models' dimensions."""
    there = {sense for sense, missing in senses().items() if missing is None}
    offered = {
        "image": VectorKind(see.DIMENSIONS if "see" in there else look.DIMENSIONS, ("video", "image")),
        "audio": VectorKind(sounds.DIMENSIONS if "hear" in there else spectrum.DIMENSIONS, ("audio",)),
    }
    if "words" in there:
        offered["text"] = VectorKind(sentences.DIMENSIONS, ("video", "text", "audio"))
    if {"words", "see"} <= there:
        offered["multimodal"] = VectorKind(sentences.DIMENSIONS, ("video", "image", "text", "audio"))
    return offered


def version() -> str:
    """Names what the features mean: those of two versions must not be copied for one another."""
    models = [model.package for model in MODELS.values() if folder(model.name) and engines_are_there(model.sense)]
    return "; ".join([_METHOD, *sorted(models)])
