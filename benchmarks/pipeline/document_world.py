"""The calls of today's API with ready-made bodies: what a project needs from its namespace to its last page.

Nothing is remembered but the batches: a video's object is `obj_` and its video_key, and its documents are those of
`DocumentPages`. Batches are numbered, `btch_0`, `btch_1`, …, and over at once unless they are not to settle.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.pipeline.document_pages import MULTIMODAL, OBJECT, TRANSCRIPTION, DocumentPages

_MULTIMODAL_FLOATS = 1408
_MOST_TOLD = 200_000
_ID = re.compile(r"^(bkt|btch|col|ns|obj)_\w+$|^videos$")

Body = dict[str, Any]


@dataclass
class DocumentWorld:
    """What the server says in today's style.

    Attributes:
        documents: How many documents a video has.
        dimensions: How long the embedding of a transcription is; the multimodal one has 1,408 floats.
        settled: Whether batches are over.
    """

    documents: int
    dimensions: int
    settled: bool
    asked: Counter[str] = field(default_factory=Counter)
    polled: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pages = DocumentPages(self.documents, (_MULTIMODAL_FLOATS, self.dimensions))
        self._batches: list[list[str]] = []

    def answer(self, method: str, path: str, body: bytes) -> bytes:
        """Return the body for a request."""
        parts = path.partition("?")[0].removeprefix("/v1").strip("/").split("/")
        self.asked[f"{method} /{'/'.join(part for part in parts if not _ID.match(part))}"] += 1
        if parts == ["told"]:
            return self._told()
        said: Body = orjson.loads(body) if body else {}
        if method == "POST" and parts[-2:] == ["documents", "list"]:
            keys = [name.removeprefix(OBJECT) for batch in self._batches for name in batch]
            return self._pages.listed(said, keys)
        return orjson.dumps(self._reply(method, parts, said))

    def _reply(self, method: str, parts: list[str], said: Body) -> Body:
        match method, parts:
            case _, ["me"]:
                return {"organization_id": "org_1", "key": {"name": "benchmark"}, "rate_limits": None}
            case _, ["namespaces", *_]:
                return {"namespace_id": "ns_1", "namespace_name": "videos", "namespace_ready": True}
            case "POST", ["buckets", "list"]:
                return {"results": [{**_BUCKET, "bucket_name": _name_in(said)}], "pagination": {"next_cursor": None}}
            case _, ["buckets"] | ["buckets", _]:
                return _BUCKET
            case _, ["collections"] | ["collections", _]:
                return self._collection()
            case "POST", ["buckets", _, "objects", "batch"]:
                return _registered(said)
            case "POST", ["buckets", _, "objects", "list"]:
                return _objects(said)
            case "POST", ["buckets", _, "batches"]:
                self._batches.append(said["object_ids"])
                return self._batch(len(self._batches) - 1, "DRAFT")
            case "POST", [*_, "batches", batch_id, "submit"]:
                task = {"task_id": f"task_{batch_id}", "task_type": "api_buckets_batches_process"}
                return {**task, "status": "PENDING"}
            case "GET", [*_, "batches", batch_id]:
                return self._polled(int(batch_id.removeprefix("btch_")))
        raise ValueError(f"{method} /{'/'.join(parts)} is not served")

    def _collection(self) -> Body:
        extractor = {"feature_extractor_name": "multimodal_extractor", "version": "v1"}
        lengths = {MULTIMODAL: _MULTIMODAL_FLOATS, TRANSCRIPTION: self.dimensions}
        indexes = [
            {
                "name": name.removeprefix("multimodal_extractor_v1_"),
                "feature_uri": f"mixpeek://multimodal_extractor@v1/{name}",
                "type": "single",
                "index": {"name": name, "dimensions": length},
            }
            for name, length in lengths.items()
        ]
        return {
            "collection_id": "col_1",
            "collection_name": "videos",
            "source": {"type": "bucket", "bucket_ids": ["bkt_1"]},
            "feature_extractor": {**extractor, "feature_extractor_id": "multimodal_extractor_v1"},
            "vector_indexes": indexes,
        }

    def _polled(self, number: int) -> Body:
        if len(self.polled) < _MOST_TOLD:
            self.polled.append(number)
        return self._batch(number, "COMPLETED" if self.settled else "PROCESSING")

    def _batch(self, number: int, status: str) -> Body:
        objects = self._batches[number]
        return {
            "batch_id": f"btch_{number}",
            "bucket_id": "bkt_1",
            "status": status,
            "task_id": None if status == "DRAFT" else f"task_btch_{number}",
            "object_ids": objects,
            "collection_ids": ["col_1"],
            "failed_objects": [],
            "failed_object_count": 0,
            "documents_written": len(objects) * self.documents if status == "COMPLETED" else None,
            "documents_resolvable": status == "COMPLETED",
            "max_node_death_resubmits": 3,
            "max_deploy_resubmits": 3,
        }

    def _told(self) -> bytes:
        told = orjson.dumps({"asked": self.asked, "polled": self.polled})
        self.asked, self.polled = Counter(), []
        return told


_BUCKET: Body = {"bucket_id": "bkt_1", "bucket_name": "videos", "object_count": 0, "total_size_bytes": 0}


def _name_in(said: Body) -> str:
    """Return the name that a list is asked for, so that there is one."""
    return said["filters"]["AND"][0]["value"]


def _registered(said: Body) -> Body:
    rows = [_object(OBJECT + one["video_key"], "PENDING") for one in said["objects"]]
    total = len(rows)
    return {
        "succeeded": rows,
        "failed": [],
        "total_requested": total,
        "succeeded_count": total,
        "failed_count": 0,
    }


def _objects(said: Body) -> Body:
    rows = [_object(object_id, "COMPLETED") for object_id in said["filters"]["AND"][0]["value"]]
    return {"results": rows, "pagination": {"next_cursor": None}}


def _object(object_id: str, status: str) -> Body:
    key = object_id.removeprefix(OBJECT)
    return {"object_id": object_id, "bucket_id": "bkt_1", "status": status, "error": None, "video_key": key}
