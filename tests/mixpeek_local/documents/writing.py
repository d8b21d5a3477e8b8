"""A caller that makes namespaces, buckets, objects and batches over HTTP, and works on their tasks itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from mixpeek_local.extract.records import Extraction
from tests.mixpeek_local.served import KEY, Served, picture, served

EXTRACTOR = {
    "feature_extractor_name": "multimodal_extractor",
    "version": "v1",
    "input_mappings": {"video": "video"},
    "field_passthrough": [{"source_path": "video_key"}],
}
SCHEMA = {"properties": {"video": {"type": "video"}, "video_key": {"type": "string"}}}


@dataclass
class Writer:
    api: Served
    namespace: str | None = None
    bucket: str = ""
    collection: str = ""
    made: int = field(default=0)

    def request(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {KEY}"} | ({"X-Namespace": self.namespace} if self.namespace else {})
        return self.api.request(method, f"/v1{path}", json=body, headers=headers, **options)

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, **options: Any) -> dict[str, Any]:
        reply = self.request(method, path, body, **options)
        assert reply.status_code == status, reply.text
        return reply.json()

    def refusal(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        """The status and type of an error in the envelope."""
        reply = self.request(method, path, body, **options)
        error = reply.json()
        assert (error["success"], error["status"]) == (False, reply.status_code)
        assert error["error"]["message"]
        return reply.status_code, error["error"]["type"]

    def object(self, key: str, **fields: Any) -> dict[str, Any]:
        """The body that creates an object."""
        blob = {"property": "video", "type": "video", "data": f"https://example.com/{key}.mp4"}
        return {"blobs": [blob], "idempotency_key": key, "video_key": key, **fields}

    def objects(self, *keys: str) -> list[str]:
        body = {"objects": [self.object(key) for key in keys]}
        made = self.ask("POST", f"/buckets/{self.bucket}/objects/batch", body)
        return [row["object_id"] for row in made["succeeded"]]

    def draft(self, object_ids: list[str], **fields: Any) -> str:
        """The path of a new batch."""
        made = self.ask("POST", f"/buckets/{self.bucket}/batches", {"object_ids": object_ids, **fields})
        assert made["status"] == "DRAFT"
        return f"/buckets/{self.bucket}/batches/{made['batch_id']}"

    def submitted(self, *object_ids: str, **fields: Any) -> str:
        path = self.draft(list(object_ids), **fields)
        self.ask("POST", f"{path}/submit")
        return path

    def work(self, *, fail: str | None = None) -> None:
        """End the oldest task, as a worker would: with a document, or with this error."""
        job = self.api.store.tasks.claim("test")
        assert job is not None
        self.made += 1
        if fail:
            self.api.store.tasks.fail(job, fail)
        else:
            extraction = Extraction("video", (picture(1, label=f"take {self.made}"),), {"duration": 90.0})
            self.api.store.finish(job, extraction, file_hash=f"hash of {job.url}", version="1")

    def documents(self, object_id: str) -> int:
        return self.ask("GET", f"/buckets/{self.bucket}/objects/{object_id}")["document_count"]


@contextmanager
def writing(state_dir: Path, **settings: Any) -> Iterator[Writer]:
    """A server with a namespace, a bucket and a collection, all made over HTTP."""
    with served(state_dir, **settings) as api:
        writer = Writer(api)
        named = [{"feature_extractor_name": "multimodal_extractor", "version": "v1"}]
        made = writer.ask("POST", "/namespaces", {"namespace_name": "films", "feature_extractors": named})
        writer.namespace = made["namespace_id"]
        writer.bucket = writer.ask("POST", "/buckets", {"bucket_name": "videos", "bucket_schema": SCHEMA})["bucket_id"]
        source = {"type": "bucket", "bucket_ids": [writer.bucket]}
        body = {"collection_name": "videos", "source": source, "feature_extractor": EXTRACTOR}
        writer.collection = writer.ask("POST", "/collections", body)["collection_id"]
        yield writer
