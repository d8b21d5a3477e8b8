"""Tasks: what they tell, how they are listed, and that a cancelled one stays so (contract b3)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mixpeek_local.extract.records import Extraction
from mixpeek_local.store.tasks import ClaimLostError
from tests.mixpeek_local.served import Served, picture, served

URL = "https://example.com/video.mp4"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "state") as api:
        yield api


def test_a_task_tells_its_asset_in_the_words_of_every_era(api: Served) -> None:
    asset_id = api.extracted(picture(1))
    task = api.task(api.get(f"/assets/{asset_id}")["task_id"])
    assert task["status"] == "DONE"
    assert task["asset_id"] == asset_id
    assert task["inputs"] == [URL]
    assert task["outputs"] == [asset_id]
    assert task["progress"] == 1


def test_a_task_has_no_outputs_before_it_is_done(api: Served) -> None:
    task = api.task(api.ingest(URL))
    assert (task["status"], task["outputs"], task["progress"]) == ("QUEUED", [], 0)


def test_a_failed_task_tells_why(api: Served) -> None:
    task_id = api.ingest(URL)
    job = api.store.tasks.claim("worker")
    assert job is not None
    api.store.tasks.fail(job, "the video is empty")
    task = api.task(task_id)
    assert (task["status"], task["error"], task["outputs"]) == ("FAILED", "the video is empty", [])


def test_the_list_has_active_tasks_in_pages(api: Served) -> None:
    api.extracted(picture(1))
    queued = [api.ingest(URL) for _ in range(5)]
    job = api.store.tasks.claim("worker")
    assert job is not None
    pages = [api.get("/tasks", params={"page": page, "page_size": 2}) for page in (1, 2, 3)]
    assert [task["task_id"] for page in pages for task in page["results"]] == queued
    assert [task["status"] for task in pages[0]["results"]] == ["DOWNLOADING", "QUEUED"]
    assert pages[1]["pagination"] == {
        "total": 5,
        "page": 2,
        "current_page": 2,
        "page_size": 2,
        "total_pages": 3,
        "next_page": "/tasks?page=3&page_size=2",
        "previous_page": "/tasks?page=1&page_size=2",
    }
    assert pages[0]["pagination"]["previous_page"] is None
    assert pages[2]["pagination"]["next_page"] is None
    assert api.get(pages[0]["pagination"]["next_page"]) == pages[1]


def test_a_page_beyond_the_last_is_empty_and_leads_back(api: Served) -> None:
    api.ingest(URL)
    page = api.get("/tasks", params={"page": 9})
    assert page["results"] == []
    assert page["pagination"]["previous_page"] == "/tasks?page=1&page_size=10"
    assert page["pagination"]["next_page"] is None


def test_a_queued_task_is_cancelled_at_once_and_never_taken_up(api: Served) -> None:
    task_id = api.ingest(URL)
    reply = api.request("DELETE", f"/tasks/{task_id}").json()
    assert reply["message"] == f"Task {task_id} has been successfully canceled"
    assert reply["status"] == "CANCELLED"
    assert api.task(task_id)["status"] == "CANCELLED"
    assert api.get("/tasks")["results"] == []
    api.store.tasks.recover()
    assert api.store.tasks.claim("worker") is None


def test_a_task_under_way_is_taken_from_its_worker(api: Served) -> None:
    task_id = api.ingest(URL)
    job = api.store.tasks.claim("worker")
    assert job is not None
    assert api.status("DELETE", f"/tasks/{task_id}") == 200
    with pytest.raises(ClaimLostError):
        api.store.tasks.processing(job)
    with pytest.raises(ClaimLostError):
        api.store.finish(job, Extraction("video", (picture(1),), {}), file_hash="x", version="1")
    api.store.tasks.put_back()
    assert api.task(task_id)["status"] == "CANCELLED"
    assert api.get(f"/assets/{job.asset_id}/features")["features"]["image"] == []


def test_a_task_that_has_ended_cannot_be_cancelled(api: Served) -> None:
    asset_id = api.extracted(picture(1))
    task_id = api.get(f"/assets/{asset_id}")["task_id"]
    reply = api.request("DELETE", f"/tasks/{task_id}")
    assert reply.status_code == 200
    assert reply.json() == {"message": f"Task {task_id} had ended already", "task_id": task_id, "status": "DONE"}
    assert api.task(task_id)["status"] == "DONE"
    assert len(api.get(f"/assets/{asset_id}/features")["features"]["image"]) == 1


def test_an_unknown_task_cannot_be_cancelled(api: Served) -> None:
    assert api.status("DELETE", "/tasks/unknown") == 404
