"""A warehouse to search in, and searches in a line each."""

from typing import Any

import pytest

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import add_videos, asset_reply, feature, feature_reply, land, query, video, write


def search_warehouse(warehouse: Warehouse) -> None:
    """Three films' pictures on a quarter of a circle, a picture of other dimensions, and one that is all zeros."""
    add_videos(warehouse, video("v1"), video("v2", collection="films"))
    vectors: dict[str, list[float]] = {
        "east": [1, 0],
        "north-east": [1, 1],
        "north": [0, 2],
        "west": [-3, 0],
        "elsewhere": [1, 0, 0],
        "nowhere": [0, 0],
    }
    listed = [feature(name, start_time=float(number), end_time=number + 1.0) for number, name in enumerate(vectors)]
    write(warehouse.landing_folder, "assets", asset_reply("a1", *listed[:2]))
    write(warehouse.landing_folder, "assets", asset_reply("a2", *listed[2:], video_id="v2"))
    replies = [
        feature_reply(name, {"clip": vector, "Other": [9, 9]}, asset_id="a1", video_id="v1" if number < 2 else "v2")
        for number, (name, vector) in enumerate(vectors.items())
    ]
    land(warehouse, "vectors", *replies)


def found(warehouse: Warehouse, call: str) -> list[tuple[str, Any]]:
    return query(warehouse, f"SELECT feature_id, similarity FROM {call}")


def names(warehouse: Warehouse, call: str) -> list[str]:
    return [name for name, _ in found(warehouse, call)]


def near(similarity: float) -> Any:
    return pytest.approx(similarity, abs=1e-4)
