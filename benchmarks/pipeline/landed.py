"""Checked replies of `GET /features/{id}` in landing files, as the pipeline keeps them: no server is waited for."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.pipeline.world import DAY
from mixpeek_assets.warehouse.landing_files import LandingFile
from mixpeek_assets.warehouse.landing_lines import FeatureLine
from mixpeek_assets.warehouse.spool import FILE_BYTES

DIMENSIONS = 1024
ONE_DAY = timedelta(days=1)

_EMBEDDINGS = 64
"""So many different ones there are, in the order of the benchmark server."""

_THEN = datetime(2026, 1, 2, tzinfo=UTC)


def replies(count: int, *, first: int = 0, dimensions: int = DIMENSIONS, day: date = DAY) -> Iterator[FeatureLine]:
    """Yield the replies of features whose assets have ten each, as `world.fill` numbers them."""
    random = np.random.default_rng(1)
    vectors = random.normal(0, 0.03, (_EMBEDDINGS, dimensions)).astype(np.float32)
    embeddings = [orjson.Fragment(orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY)) for vector in vectors]
    for number in range(first, first + count):
        asset, place = divmod(number, 10)
        feature_id, asset_id = f"feature-{asset}-{place}", f"asset-{asset}"
        said = {"created_at": "2024-11-06T18:19:43.340820Z", "metadata": {}, "modality": "video"}
        unsaid = dict.fromkeys(
            ("collection_id", "start_time", "end_time", "text", "transcription", "description"),
        )
        yield FeatureLine(
            feature_id=feature_id,
            asset_id=asset_id,
            video_id=f"video-{asset}",
            modality="video",
            partition_date=day,
            run_id="benchmark",
            fetched_at=_THEN,
            feature={
                "feature_id": feature_id,
                **unsaid,
                **said,
                "payload": {"asset_id": asset_id, "feature_id": feature_id, **said},
            },
            dense={"multimodal": embeddings[number % _EMBEDDINGS]},
            sparse={},
            vectors=1,
        )


def write(folder: Path, count: int, **chosen: Any) -> int:
    """Keep replies in landing files of the size that a run gives them, and return how many bytes they are."""
    written = 0
    file = LandingFile(folder, "vectors")
    for reply in replies(count, **chosen):
        file.append(reply)
        if file.size > FILE_BYTES:
            written += file.size
            file.close()
            file = LandingFile(folder, "vectors")
    written += file.size
    file.close()
    return written
