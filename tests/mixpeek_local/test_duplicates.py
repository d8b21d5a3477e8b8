"""What a video gets whose content is known: the three behaviours of contract b8, by the server's setting."""

from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.work.worker import run
from tests.mixpeek_local.clips import Scene, place, write_clip
from tests.mixpeek_local.served import Served, served


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds without sound."""
    return write_clip(tmp_path_factory.mktemp("films") / "film.mp4", [Scene(place(1), 2)])


def worked(api: Served, config: LocalApiConfig, film: Path, **fields: Any) -> dict[str, Any]:
    """Ingest a film and work on it here, as a worker does; gives the task."""
    task_id = api.ingest(film, **fields)
    job = api.store.tasks.claim("worker")
    assert job is not None
    run(api.store, job, config)
    return api.task(task_id)


def test_skip_ends_with_skipped_and_the_asset_that_is_there(tmp_path: Path, film: Path) -> None:
    config = LocalApiConfig(tmp_path, allowed_folders=(film.parent,), duplicates="skip")
    with served(tmp_path) as api:
        first = worked(api, config, film, metadata={"author": "Ann"})
        second = worked(api, config, film, metadata={"author": "Bob"})
        assert (first["status"], second["status"]) == ("DONE", "SKIPPED")
        assert second["asset_id"] == first["asset_id"]
        assert second["outputs"] == [first["asset_id"]]
        (asset,) = api.post("/assets", {"collections": ["example"]})["results"]
        assert asset["metadata"] == {"author": "Ann"}
        assert (asset["status"], asset["duplicate_of"]) == ("DONE", None)


def test_error_fails_and_names_the_asset_that_is_there(tmp_path: Path, film: Path) -> None:
    config = LocalApiConfig(tmp_path, allowed_folders=(film.parent,), duplicates="error")
    with served(tmp_path) as api:
        first = worked(api, config, film)
        second = worked(api, config, film)
        assert second["status"] == "FAILED"
        assert second["error"] == f"duplicate: asset {first['asset_id']} has the same content"


def test_copy_gives_an_asset_of_its_own_with_its_own_metadata(tmp_path: Path, film: Path) -> None:
    config = LocalApiConfig(tmp_path, allowed_folders=(film.parent,))
    with served(tmp_path) as api:
        first = worked(api, config, film, metadata={"author": "Ann"})
        second = worked(api, config, film, metadata={"author": "Bob"})
        assert second["status"] == "DONE"
        copy, original = (api.get(f"/assets/{task['asset_id']}/features") for task in (second, first))
        assert copy["asset"]["duplicate_of"] == original["asset"]["asset_id"]
        for mine, other in zip(copy["features"]["image"], original["features"]["image"], strict=True):
            assert mine["metadata"] == {"author": "Bob"}
            assert other["metadata"] == {"author": "Ann"}
            assert mine["preview_file"] == other["preview_file"]


@pytest.mark.parametrize("duplicates", ["copy", "skip", "error"])
def test_whoever_wants_no_skipping_gets_a_new_extraction(tmp_path: Path, film: Path, duplicates: Any) -> None:
    config = LocalApiConfig(tmp_path, allowed_folders=(film.parent,), duplicates=duplicates)
    with served(tmp_path) as api:
        first = worked(api, config, film)
        second = worked(api, config, film, skip_duplicate=False)
        assert second["status"] == "DONE"
        assert second["asset_id"] != first["asset_id"]
        assert api.get(f"/assets/{second['asset_id']}")["duplicate_of"] is None


def test_other_settings_and_other_namespaces_are_no_duplicates(tmp_path: Path, film: Path) -> None:
    config = LocalApiConfig(tmp_path, allowed_folders=(film.parent,), duplicates="skip")
    with served(tmp_path) as api:
        worked(api, config, film)
        assert worked(api, config, film, feature_extractors=[{"interval_sec": 5}])["status"] == "DONE"
        headers = {"Authorization": f"Bearer {api.key}", "X-Namespace": "other"}
        body = {"url": str(film), "collection": "example"}
        task_id = api.request("POST", "/ingest/videos/url", json=body, headers=headers).json()["task_id"]
        job = api.store.tasks.claim("worker")
        assert job is not None
        run(api.store, job, config)
        assert api.task(task_id)["status"] == "DONE"
