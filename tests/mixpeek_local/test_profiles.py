"""The eras of the contract, each alone and all together."""

from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.config import PROFILES, LocalApiConfig
from tests.mixpeek_local.served import Served, picture, served

URL = "https://example.com/video.mp4"
GUIDE_ASSET = (
    "asset_id collection_id status url metadata error modality task_id updated_at created_at score "
    "preview_url preview_file"
)


def replies(api: Served) -> tuple[set[str], set[str], set[str]]:
    """Fields of the replies to an ingestion, of a task and of an asset."""
    asset_id = api.extracted(picture(1, b"jpeg"))
    queued = api.request("POST", "/ingest/videos/url", json={"url": URL, "collection": "c"}).json()
    return set(queued), set(api.task(queued["task_id"])) - {"progress"}, set(api.get(f"/assets/{asset_id}"))


def test_the_guide_alone_has_what_it_prints(tmp_path: Path) -> None:
    with served(tmp_path, profiles=("guide",)) as api:
        queued, task, asset = replies(api)
        assert queued == {"message", "task_id"}
        assert task == {"asset_id", "task_id", "status"}
        assert asset == {*GUIDE_ASSET.split(), "unique_hash"}
        assert api.status("GET", "/v1/tasks") == 404


def test_december_alone_has_what_the_sdk_of_its_time_reads(tmp_path: Path) -> None:
    with served(tmp_path, profiles=("dec",)) as api:
        queued, task, asset = replies(api)
        assert queued == {"message", "task_id"}
        assert task == {"task_id", "status", "inputs", "outputs"}
        assert asset == {*GUIDE_ASSET.split(), "file_hash", "file_data", "duplicate_of"}
        assert api.status("GET", "/v1/tasks") == 404


def test_v1_alone_is_found_under_its_prefix_only(tmp_path: Path) -> None:
    with served(tmp_path, profiles=("v1",)) as api:
        queued, task, asset = replies(api)
        assert queued == {"task_id", "status", "inputs", "outputs"}
        assert task == {"task_id", "status", "inputs", "outputs"}
        assert asset == {*GUIDE_ASSET.split(), "file_hash", "file_data", "duplicate_of"}
        assert api.get("/tasks")["pagination"]["total"] == 1
        assert api.get("/tasks", params={"page_size": 1})["pagination"]["next_page"] is None
        unprefixed = Served(api.url, api.key, store=api.store)
        for path in ("/tasks", "/namespaces", "/assets/x", "/features/x", "/collections"):
            assert unprefixed.status("GET", path) == 404
        assert unprefixed.status("POST", "/ingest/videos/url", json={"url": URL, "collection": "c"}) == 404
        assert unprefixed.status("GET", "/healthcheck") == 200


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_all_together_have_what_any_of_them_has(tmp_path: Path, prefix: str) -> None:
    with served(tmp_path) as api:
        queued, task, asset = replies(Served(api.url, api.key, prefix, store=api.store))
        assert queued == {"message", "task_id", "status", "inputs", "outputs"}
        assert task == {"asset_id", "task_id", "status", "inputs", "outputs"}
        assert asset == {*GUIDE_ASSET.split(), "unique_hash", "file_hash", "file_data", "duplicate_of"}


@pytest.mark.parametrize(("profiles", "status"), [(PROFILES, 200), (("guide",), 200), (("dec",), 422), (("v1",), 422)])
def test_only_the_guide_takes_an_address_that_is_none(tmp_path: Path, profiles: Any, status: int) -> None:
    with served(tmp_path, profiles=profiles) as api:
        for url in (
            "video.mp4",
            "/videos/video.mp4",
            "file:///video.mp4",
            "ftp://example.com/1",
            "http://",
            "http://[",
        ):
            reply = api.request("POST", "/ingest/videos/url", json={"url": url, "collection": "c"})
            assert reply.status_code == status, url
            if status == 422:
                assert reply.json()["detail"][0]["loc"] == ["body", "url"]
        assert api.status("POST", "/ingest/videos/url", json={"url": "HTTPS://example.com", "collection": "c"}) == 200


def test_the_named_vectors_are_told_under_the_names_of_both_eras(tmp_path: Path) -> None:
    with served(tmp_path) as api:
        said = api.get("/namespaces/indexes")
        assert said == api.get("/v1/namespaces/models")
        assert said["vector_indexes"] == said["embedding_models"]
        for kind in said["vector_indexes"].values():
            assert set(kind) == {"supported_modalities", "vector_type", "size"}
            assert kind["vector_type"] == "dense"
            assert kind["size"] > 1
        (namespace,) = api.request("GET", "/namespaces").json()
        assert namespace["vector_indexes"] == namespace["embedding_models"] == sorted(said["vector_indexes"])
        assert api.get("/namespaces/default") == namespace
        assert api.status("GET", "/namespaces/unknown") == 404


def test_a_server_speaks_at_least_one_era(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one profile: guide, dec, v1"):
        LocalApiConfig(tmp_path, profiles=())
