"""Faults on demand in the style `documents`: its routes meet them, and its videos have outcomes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from mixpeek_local.extract.records import Extraction
from tests.mixpeek_local.documents.shelf import Shelf, shelved
from tests.mixpeek_local.fault_rules import order, played
from tests.mixpeek_local.served import picture, words


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with shelved(tmp_path / "state", faults="[]") as shelf:
        yield shelf


@dataclass(frozen=True)
class Run:
    """A batch of two objects, `good.mp4` and `broken.mp4`, whose work is done."""

    shelf: Shelf
    batch_id: str
    objects: dict[str, str]

    def read(self) -> dict[str, Any]:
        return self.shelf.ask("GET", f"/v1/batches/{self.batch_id}")

    def becomes(self, outcome: str, **parameters: Any) -> None:
        order(self.shelf.api, {"video": "*broken*", "outcome": outcome, **parameters})

    def documents(self, key: str, **body: Any) -> list[dict[str, Any]]:
        return self.shelf.listed(filters={"video_key": key}, **body)


def paths(shelf: Shelf) -> dict[str, str]:
    bucket = f"/v1/buckets/{shelf.bucket.bucket_id}"
    return {"objects": f"{bucket}/objects/batch", "batches": f"{bucket}/batches"}


@pytest.fixture
def run(shelf: Shelf) -> Run:
    made = {
        "objects": [
            {"blobs": [{"property": "video", "type": "video", "data": f"https://example.com/{key}.mp4"}]}
            | {"video_key": key}
            for key in ("good", "broken")
        ]
    }
    rows = shelf.ask("POST", paths(shelf)["objects"], made)["succeeded"]
    ids = [row["object_id"] for row in rows]
    batch_id = shelf.ask("POST", paths(shelf)["batches"], {"object_ids": ids})["batch_id"]
    shelf.ask("POST", f"{paths(shelf)['batches']}/{batch_id}/submit")
    store = shelf.api.store
    while job := store.tasks.claim("test"):
        features = (picture(1), words(5, 10, "hello"))
        store.finish(job, Extraction("video", features, {"duration": 12.0}), file_hash=job.url, version="1")
    return Run(shelf, batch_id, dict(zip(("good", "broken"), ids, strict=True)))


@pytest.mark.parametrize(
    ("match", "method", "path"),
    [
        ("POST /buckets/*/objects/batch", "POST", "/v1/buckets/b/objects/batch"),
        ("POST /buckets/*/batches", "POST", "/v1/buckets/b/batches"),
        ("POST /buckets/*/submit", "POST", "/v1/buckets/b/batches/c/submit"),
        ("GET /batches/*", "GET", "/v1/batches/c"),
        ("POST /collections/*/documents/list", "POST", "/v1/collections/c/documents/list"),
    ],
)
def test_each_call_of_a_run_can_meet_a_fault(shelf: Shelf, match: str, method: str, path: str) -> None:
    order(shelf.api, {"match": match, "fault": "429-seconds", "retry_after": 3})
    reply = shelf.request(method, path)
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "3")


def test_a_lost_acknowledgement_leaves_the_objects_and_their_keys(shelf: Shelf) -> None:
    order(shelf.api, {"match": "POST /buckets/*/objects/batch", "fault": "lost-acknowledgement", "times": 1})
    blob = {"property": "video", "type": "video", "data": "https://example.com/a.mp4"}
    body = {"objects": [{"blobs": [blob], "idempotency_key": "k1"}]}
    with pytest.raises(requests.ConnectionError):
        shelf.request("POST", paths(shelf)["objects"], body)
    (row,) = shelf.ask("POST", paths(shelf)["objects"], body)["succeeded"]
    assert row["replayed"]


def test_a_refused_write_says_when_to_come_back(shelf: Shelf) -> None:
    order(shelf.api, {"match": "POST *", "fault": "503-refused", "times": 1})
    reply = shelf.request("POST", f"{shelf.path}/list", {})
    assert reply.json()["error"]["type"] == "WriterReadOnlyError"
    assert reply.json()["error"]["details"] == {"retryable": True, "retry_after_seconds": 15}
    assert reply.headers["Retry-After"] == "15"


def test_a_plan_is_used_up_and_reads_go_on(shelf: Shelf) -> None:
    order(shelf.api, {"match": "POST /buckets/*", "fault": "403-quota"})
    assert shelf.request("POST", paths(shelf)["objects"], {}).json()["error"]["type"] == "QuotaExceededError"
    assert shelf.listed() == []


def test_without_rules_a_run_is_as_it_is(run: Run) -> None:
    batch = run.read()
    assert (batch["status"], batch["documents_resolvable"], batch["failed_objects"]) == ("COMPLETED", True, [])
    assert len(run.documents("good")) == len(run.documents("broken")) == 2


def test_an_object_of_a_batch_fails(run: Run) -> None:
    run.becomes("failed", error="the codec is not known")
    batch = run.read()
    assert batch["status"] == "COMPLETED_WITH_ERRORS"
    (failed,) = batch["failed_objects"]
    assert (failed["object_id"], failed["error"]) == (run.objects["broken"], "the codec is not known")
    assert run.documents("broken") == []
    assert len(run.documents("good")) == 2
    found = run.shelf.ask("GET", f"/v1/buckets/{run.shelf.bucket.bucket_id}/objects/{failed['object_id']}")
    assert (found["status"], found["error"]) == ("FAILED", "the codec is not known")
    assert set(played(run.shelf.api)) == {"failed"}


def test_a_batch_of_failed_objects_has_failed(run: Run) -> None:
    order(run.shelf.api, {"video": "*", "outcome": "failed"})
    assert run.read()["status"] == "FAILED"


def test_a_batch_never_ends_or_is_forgotten_or_canceled(run: Run) -> None:
    run.becomes("endless", statuses=["PENDING"])
    assert [run.read()["status"] for _ in range(3)] == ["PENDING", "PROCESSING", "PROCESSING"]
    assert run.read()["documents_resolvable"] is False
    run.becomes("forgotten")
    assert run.shelf.request("GET", f"/v1/batches/{run.batch_id}").status_code == 404
    run.becomes("cancelled")
    assert run.read()["status"] == "CANCELED"


def test_the_documents_of_a_batch_can_be_read_later(run: Run) -> None:
    run.becomes("late-documents", times=2)
    read = [run.read() for _ in range(3)]
    assert [batch["status"] for batch in read] == ["COMPLETED"] * 3
    assert [batch["documents_resolvable"] for batch in read] == [False, False, True]


def test_an_object_is_partial(run: Run) -> None:
    run.becomes("partial")
    (partial,) = run.read()["partial_objects"]
    assert (partial["object_id"], partial["missing_feature"]) == (run.objects["broken"], "multimodal")


def test_vectors_come_later(run: Run) -> None:
    run.becomes("late-vectors")
    first, second = (run.documents("broken", return_vectors=True) for _ in range(2))
    assert [one["vector_hydration_incomplete"] for one in first] == [True, True]
    assert not any("multimodal" in one for one in first)
    assert second[0]["multimodal"] == [0.6, 0.8]
    assert second[0]["vector_hydration_incomplete"] is False


def test_vectors_are_not_what_they_should_be(run: Run) -> None:
    run.becomes("empty-vectors", first=1)
    assert [one.get("multimodal", one.get("text")) for one in run.documents("broken", return_vectors=True)] == [
        [],
        [1.0, 0.0, 0.0],
    ]
    run.becomes("nan-vectors", first=1)
    assert math.isnan(run.documents("broken", return_vectors=True)[0]["multimodal"][0])
    run.becomes("missing-vectors")
    assert "multimodal" not in run.documents("broken", return_vectors=True)[0]
    run.becomes("no-features")
    assert run.documents("broken") == []
