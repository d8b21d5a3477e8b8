"""The names of vectors in requests: those of this server, and the names that the models of the time had."""

from typing import Annotated

from pydantic import AfterValidator

from mixpeek_local.extract.offered import vectors_offered

MODELS_OF_THE_TIME = {
    "openai-clip-vit-base-patch32": "image",
    "clip-v1": "image",
    "vertex-multimodal": "multimodal",
    "multimodal-v1": "multimodal",
    "vuse-generic-v1": "multimodal",
    "baai-bge-m3": "text",
    "modernbert": "text",
}
"""The vendor's models (contract b6), and the vector of this server that stands for each."""


def known_name(name: str) -> str:
    """The name that this server has for a vector."""
    return MODELS_OF_THE_TIME.get(name, name)


def _is_offered(name: str) -> str:
    offered = vectors_offered()
    if known_name(name) not in offered:
        raise ValueError(f"this server makes no vector {name!r}; it makes {', '.join(sorted(offered))}")
    return known_name(name)


VectorName = Annotated[str, AfterValidator(_is_offered)]
"""A vector that this server makes, under its own name."""
