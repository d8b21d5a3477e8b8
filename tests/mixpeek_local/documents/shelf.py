"""Objects with documents in a collection of today's style, put into a server's store as a worker would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixpeek_local.extract.records import Extraction, Feature
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.store.documents.assets import link
from mixpeek_local.store.documents.buckets import Bucket, create_bucket
from mixpeek_local.store.documents.collections import Collection, create_collection
from mixpeek_local.store.documents.namespaces import Namespace, create_namespace
from mixpeek_local.store.documents.objects import create_object
from mixpeek_local.store.store import Submission
from tests.mixpeek_local.served import KEY, Served, served

EXTRACTOR = {"feature_extractor_name": "multimodal_extractor", "version": "v1"}


@dataclass(frozen=True)
class Shelf:
    """A namespace with a bucket and a collection."""

    api: Served
    namespace: Namespace
    bucket: Bucket
    collection: Collection

    @property
    def path(self) -> str:
        return f"/v1/collections/{self.collection.collection_id}/documents"

    def another(self, name: str, *passthrough: str) -> "Shelf":
        """One more collection in the same namespace."""
        return Shelf(self.api, self.namespace, self.bucket, collect(self.api, self.bucket, name, *passthrough))

    def add(self, key: str, *features: Feature, **fields: Any) -> str:
        """An object with this key, whose documents are these features; gives its id."""
        store, fields = self.api.store, {"video_key": key, **fields}
        url = f"https://example.com/{key}.mp4"
        with store.database.transaction() as connection:
            object_id, _ = create_object(connection, self.bucket.bucket_id, [], fields)
        passed = {name: fields[name] for name in self.collection.passthrough if name in fields}
        settings = ExtractionSettings()
        store.ingest(
            Submission(url, self.collection.collection_id, passed, settings, namespace=self.namespace.namespace_id)
        )
        job = store.tasks.claim("test")
        assert job is not None
        with store.database.transaction() as connection:
            link(connection, job.asset_id, object_id, self.collection.collection_id)
        extraction = Extraction("video", features, {"duration": 12.0, "container": "mov,mp4,m4a"})
        store.finish(job, extraction, file_hash=f"hash of {key}", version="1")
        return object_id

    def request(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {KEY}", "X-Namespace": self.namespace.name}
        return self.api.request(method, path, json=body, headers=headers, **options)

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        reply = self.request(method, path, body, **options)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def page(self, **body: Any) -> dict[str, Any]:
        return self.ask("POST", f"{self.path}/list", body)

    def listed(self, **body: Any) -> list[dict[str, Any]]:
        return self.page(limit=1_000, **body)["results"]

    def walked(self, **body: Any) -> Iterator[list[dict[str, Any]]]:
        """The pages from the first to the last, each asked for when it is wanted."""
        cursor = None
        while True:
            page = self.page(**body, **({} if cursor is None else {"cursor": cursor}))
            yield page["results"]
            cursor = page["pagination"]["next_cursor"]
            if cursor is None:
                return


@contextmanager
def shelved(state_dir: Path, **settings: Any) -> Iterator[Shelf]:
    """A server with an empty collection `videos`, which takes `video_key` over from its objects."""
    with served(state_dir, **settings) as api:
        database = api.store.database
        space = create_namespace(database, "films", [EXTRACTOR], [])
        bucket = create_bucket(database, space.namespace_id, "videos", {"properties": {"video": {"type": "video"}}})
        yield Shelf(api, space, bucket, collect(api, bucket, "videos", "video_key", "year"))


def collect(api: Served, bucket: Bucket, name: str, *passthrough: str) -> Collection:
    """A collection that takes these fields over from the bucket's objects."""
    extractor = EXTRACTOR | {"field_passthrough": [{"source_path": field} for field in passthrough]}
    database, source = api.store.database, [bucket.bucket_id]
    return create_collection(database, bucket.namespace_id, name, source, extractor, list(passthrough))
