"""Rows for sinks, as the warehouse gives them, from a few words each."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from mixpeek_assets.sinks.rows import SCHEMA

DAY = date(2026, 1, 1)
NEXT_DAY = date(2026, 1, 2)


def row(feature: str, embedding: Sequence[float] | None = (1.0, 0.0, 0.0), **other: Any) -> dict[str, Any]:
    """Return a row: a moment of a second, in a video of its own, unless `other` says something else."""
    shown = {
        "feature_id": feature,
        "vector_name": "multimodal",
        "embedding": None if embedding is None else [float(one) for one in embedding],
        "sparse": None,
        "dimensions": None if embedding is None else len(embedding),
        "partition_date": DAY,
        "collection": "default",
        "video_id": f"video of {feature}",
        "url": f"http://127.0.0.1/{feature}.mp4",
        "asset_id": f"asset of {feature}",
        "modality": "video",
        "start_time": 1.0,
        "end_time": 2.0,
        "text": None,
        "transcription": f"what is said in {feature}",
        "description": None,
        "metadata": '{"shot": 1}',
        "video_metadata": None,
        **other,
    }
    content = json.dumps(shown, default=str, sort_keys=True)
    return {**shown, "digest": xxhash.xxh3_64_intdigest(content) - (1 << 63)}


def batches(rows: Iterable[dict[str, Any]], size: int = 2_048) -> Iterator[pa.RecordBatch]:
    """Yield rows as a sink is sent them: in the order of their keys."""
    ordered = sorted(rows, key=lambda one: (one["feature_id"], one["vector_name"]))
    for start in range(0, len(ordered), size):
        yield pa.RecordBatch.from_pylist(ordered[start : start + size], schema=SCHEMA)


def many_rows(vectors: "np.ndarray[Any, Any]", **other: Any) -> list[dict[str, Any]]:
    """Return a row for each embedding of an array (n x d)."""
    return [row(f"feature {number:06}", one.tolist(), **other) for number, one in enumerate(vectors)]
