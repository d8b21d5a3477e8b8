"""A day as the warehouse gives it, made up: ten moments a video, one embedding each."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from mixpeek_assets.sinks.rows import SCHEMA

DAY = date(2026, 1, 1)
NAME = "multimodal"
DIMENSIONS = 1024
_BATCH = 2_048
_MOMENTS = 10


def made(vectors: int, changed_every: int = 0) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a day; each so-manieth has another embedding than otherwise, if that is not 0."""
    for first in range(0, vectors, _BATCH):
        numbers = np.arange(first, min(first + _BATCH, vectors))
        embeddings = np.random.default_rng(first).standard_normal((len(numbers), DIMENSIONS), dtype=np.float32)
        is_changed = numbers % changed_every == 0 if changed_every else np.zeros(len(numbers), bool)
        embeddings[is_changed] += 1
        digests = np.where(is_changed, -numbers - 1, numbers)
        columns = {**_texts(numbers), "embedding": _lists(embeddings), "digest": pa.array(digests, pa.int64())}
        yield pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _texts(numbers: "np.ndarray[Any, Any]") -> dict[str, pa.Array]:
    count, videos = len(numbers), (numbers // _MOMENTS).tolist()
    values: dict[str, list[Any]] = {
        "feature_id": [f"feature {number:09}" for number in numbers],
        "vector_name": [NAME] * count,
        "sparse": [None] * count,
        "dimensions": [DIMENSIONS] * count,
        "partition_date": [DAY] * count,
        "collection": ["default"] * count,
        "video_id": [f"video {video:08}" for video in videos],
        "url": [f"https://videos.test/{video:08}.mp4" for video in videos],
        "asset_id": [f"asset {video:08}" for video in videos],
        "modality": ["video"] * count,
        "start_time": [float(number) for number in numbers % _MOMENTS],
        "end_time": [number + 1.0 for number in numbers % _MOMENTS],
        "text": [None] * count,
        "transcription": [f"a sentence that somebody says in moment {number}" for number in numbers],
        "description": [None] * count,
        "metadata": ['{"shot": 1}'] * count,
        "video_metadata": ['{"title": "a video"}'] * count,
    }
    return {name: pa.array(column, SCHEMA.field(name).type) for name, column in values.items()}


def _lists(embeddings: "np.ndarray[Any, Any]") -> pa.Array:
    count, dimensions = embeddings.shape
    ends = np.arange(0, (count + 1) * dimensions, dimensions, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(embeddings.ravel()))
