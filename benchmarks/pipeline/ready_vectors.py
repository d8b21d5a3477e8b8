"""Embeddings as JSON, made once, so that a reply costs the server no more than a copy."""

import numpy as np
import orjson

MANY = 64
"""So many different ones there are."""


def ready_vectors(dimensions: int) -> list[bytes]:
    """Return embeddings as JSON arrays of the shortest digits that are a float32; the same in every run."""
    vectors = np.random.default_rng(1).normal(0, 0.03, (MANY, dimensions)).astype(np.float32)
    return [orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY) for vector in vectors]
