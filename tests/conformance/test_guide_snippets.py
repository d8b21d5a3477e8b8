"""The guide's own code, run against the local API."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.config import PROFILES
from tests.conformance.conftest import serving

SCRIPT = Path(__file__).parent / "guide_steps.py"
RUN_SECONDS = 120
PRINTED_ASSET = {
    "asset_id", "collection_id", "status", "url", "metadata", "error", "modality", "task_id", "unique_hash",
    "updated_at", "created_at", "score",
}  # fmt: skip
PRINTED_FEATURE = {"feature_id", "modality", "asset_id", "collection_id", "metadata", "created_at"}


@pytest.fixture(scope="module", params=[PROFILES, ("guide",)], ids=" ".join)
def replies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the guide's four snippets get, run in a process of their own with `requests`."""
    with serving(tmp_path_factory.mktemp("local-api"), *request.param) as api:
        command = [sys.executable, SCRIPT, api.url, api.key]
        done = subprocess.run(command, timeout=RUN_SECONDS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_step_1_queues_the_video_and_gives_a_task(replies: dict[str, Any]) -> None:
    assert replies["queued"]["message"] == "Video URL processing queued"
    assert replies["queued"]["task_id"]


def test_step_2_tells_when_the_task_is_done_and_which_asset_it_made(replies: dict[str, Any]) -> None:
    task = replies["task"]
    assert task["status"] == "DONE"
    assert task["task_id"] == replies["queued"]["task_id"]
    assert task["asset_id"]


def test_step_3_gives_the_asset_and_four_lists_with_all_that_the_guide_prints(replies: dict[str, Any]) -> None:
    asset, features = replies["grouped"]["asset"], replies["grouped"]["features"]
    assert set(asset) >= PRINTED_ASSET
    assert asset["asset_id"] == replies["task"]["asset_id"]
    assert asset["collection_id"] == "example"
    assert asset["status"] == "DONE"
    assert set(features) == {"video", "image", "text", "audio"}
    for modality, listed in features.items():
        for feature in listed:
            assert set(feature) >= PRINTED_FEATURE
            assert feature["modality"] == modality


def test_step_4_gives_every_listed_feature_with_its_named_vectors(replies: dict[str, Any]) -> None:
    assert replies["features"]
    for feature_id, feature in replies["features"].items():
        assert feature["feature_id"] == feature_id
        assert feature["vectors"]
        for vector in feature["vectors"].values():
            assert vector
            assert all(math.isfinite(value) for value in vector)
