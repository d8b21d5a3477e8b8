"""The account's side of a collection: its namespace, bucket and collection, found by name or made once."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from mixpeek_assets.api.documents.calls import Calls
from mixpeek_assets.api.documents.extractors import Extractor
from mixpeek_assets.api.documents.paging import every
from mixpeek_assets.api.errors import (
    AccessDeniedError,
    NameTakenError,
    NotFoundError,
    PermanentError,
    SetupError,
    TransientError,
    WrongEndpointError,
)
from mixpeek_assets.api.values import text
from mixpeek_assets.strict_json import JsonObject, is_list, is_object

BUCKET_SCHEMA: JsonObject = {
    "properties": {"video": {"type": "video"}, "video_key": {"type": "string"}, "metadata": {"type": "object"}}
}
"""What an object of ours is: the video, our id of it, and what the manifest says of it."""

_READY_SECONDS = 120.0
"""How long a new namespace may take before it can be used."""


@dataclass(frozen=True)
class VectorIndex:
    """A named vector of a collection, under each of its names (today's contract, 4).

    Attributes:
        names: Of its storage, its output and its inference service.
        feature_uri: What a search names it by.
    """

    names: frozenset[str]
    feature_uri: str | None


@dataclass(frozen=True)
class Site:
    """Where the videos of a collection are.

    Attributes:
        collection_id: Of its documents.
        bucket_id: Of its objects.
        indexes: Its named vectors.
    """

    collection_id: str
    bucket_id: str
    indexes: tuple[VectorIndex, ...] = ()

    @property
    def vector_names(self) -> frozenset[str]:
        """Every name that a vector of a document may have."""
        return frozenset(name for index in self.indexes for name in index.names)


@dataclass
class Sites:
    """Finds and makes the sites of one namespace. Threads may share it.

    Attributes:
        calls: Sends the calls.
        namespace: Its name or id.
        may_make: Whether a namespace that is missing is made: not one that somebody has named.
        ttl_seconds: How long a namespace that is made lasts; None: for ever.
    """

    calls: Calls
    namespace: str
    may_make: bool
    ttl_seconds: int | None = None
    _known: dict[tuple[str, str], Site] = field(default_factory=dict[tuple[str, str], Site])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, collection: str, extractor: Extractor) -> Site | None:
        """Return a site; None if a part of it is missing."""
        return self._remembered(collection, extractor, make=False)

    def find_or_make(self, collection: str, extractor: Extractor) -> Site:
        """Return a site, and make what is missing of it.

        Raises:
            SetupError: something of this name has another shape, or cannot be made.
        """
        site = self._remembered(collection, extractor, make=True)
        assert site is not None  # noqa: S101 - it was made
        return site

    def remove(self, collection: str, extractor: Extractor) -> bool:
        """Delete a collection, its bucket and the namespace; say whether the namespace is gone.

        What the API does not delete stays, until the namespace expires.
        """
        site = self.find(collection, extractor)
        parts = {"/collections/{id}": site.collection_id, "/buckets/{id}": site.bucket_id} if site else {}
        for path, name in {**parts, "/namespaces/{id}": self.namespace}.items():
            with suppress(WrongEndpointError):
                self.calls.delete(path, name)
        self._known.clear()
        try:
            self.calls.get("/namespaces/{id}", self.namespace, category="metadata", namespaced=False)
        except NotFoundError:
            return True
        return False

    def missing(self, collection: str, extractor: Extractor) -> list[str]:
        """Say what `find_or_make` would make."""
        name = collection + extractor.suffix
        if self._namespace(extractor) is None:
            return [f"namespace {self.namespace}", f"bucket {collection}", f"collection {name} ({extractor})"]
        bucket_id = self._bucket(collection)
        found = [] if bucket_id else [f"bucket {collection}"]
        return found if self._collection(name, bucket_id) else [*found, f"collection {name} ({extractor})"]

    def _remembered(self, collection: str, extractor: Extractor, *, make: bool) -> Site | None:
        key = (collection, extractor.suffix)
        with self._lock:
            if key not in self._known:
                site = self._made(collection, extractor) if make else self._found(collection, extractor)
                if site is None:
                    return None
                self._known[key] = site
            return self._known[key]

    def _found(self, collection: str, extractor: Extractor) -> Site | None:
        body = self._collection(collection + extractor.suffix, None)
        return None if body is None else _site(body, self._bucket(collection) or "")

    def _made(self, collection: str, extractor: Extractor) -> Site:
        name = collection + extractor.suffix
        if self._namespace(extractor) is None:
            self._make_namespace(extractor)
        bucket_id = self._bucket(collection) or self._make(
            "/buckets", {"bucket_name": collection, "bucket_schema": BUCKET_SCHEMA}, lambda: self._bucket(collection)
        )
        body = self._collection(name, bucket_id)
        if body is None:
            sent: JsonObject = {
                "collection_name": name,
                "source": {"type": "bucket", "bucket_ids": [bucket_id]},
                "feature_extractor": extractor.as_sent(),
            }

            def made() -> str | None:
                found = self._collection(name, bucket_id)
                return None if found is None else text(found.get("collection_id"))

            self._make("/collections", sent, made)
            body = self._collection(name, bucket_id)
        if body is None:
            raise TransientError("GET /collections/{id}", "the new collection cannot be read yet", name)
        return _site(body, bucket_id)

    def _namespace(self, extractor: Extractor) -> JsonObject | None:
        """Read the namespace; None if it is missing and may be made."""
        try:
            body = self.calls.get("/namespaces/{id}", self.namespace, category="metadata", namespaced=False)
        except NotFoundError as error:
            if self.may_make:
                return None
            raise SetupError(
                error.endpoint,
                "the key's account has no such namespace: name one that it has in MIXPEEK_NAMESPACE, or unset it, and"
                " one is made",
                self.namespace,
                404,
            ) from None
        held = body.get("feature_extractors")
        names = [
            f"{one.get('feature_extractor_name')} {one.get('version')}"
            for one in (held if is_list(held) else [])
            if is_object(one)
        ]
        if names and str(extractor) not in names:
            raise SetupError(
                "GET /namespaces/{id}",
                f"it does not hold the extractor {extractor}, but {', '.join(names)}: name one of these in"
                " MIXPEEK_FEATURE_EXTRACTORS, or another namespace in MIXPEEK_NAMESPACE",
                self.namespace,
            )
        return body

    def _make_namespace(self, extractor: Extractor) -> None:
        body: JsonObject = {
            "namespace_name": self.namespace,
            "feature_extractors": [{"feature_extractor_name": extractor.name, "version": extractor.version}],
            # Our key is what documents are asked for by.
            "payload_indexes": [{"field_name": "video_key", "type": "keyword"}],
        }
        if self.ttl_seconds is not None:
            body["ttl_seconds"] = self.ttl_seconds
        try:
            self._create("/namespaces", body, namespaced=False)
        except SetupError as error:
            if error.status == 404:  # not for want of an id
                raise WrongEndpointError(error.endpoint, error.message, error.object_id, 404) from None
            raise
        until = time.monotonic() + _READY_SECONDS
        while (found := self._namespace(extractor)) is None or found.get("namespace_ready") is False:
            if time.monotonic() > until:
                raise TransientError("GET /namespaces/{id}", "the new namespace is not ready yet", self.namespace)
            time.sleep(0.5)

    def _bucket(self, name: str) -> str | None:
        for bucket in every(self.calls, "/buckets/list", _named("bucket_name", name), category="data"):
            if bucket.get("bucket_name") == name:
                _check_bucket(bucket, name)
                return text(bucket.get("bucket_id"))
        return None

    def _collection(self, name: str, bucket_id: str | None) -> JsonObject | None:
        try:
            body = self.calls.get("/collections/{id}", name, category="metadata")
        except NotFoundError:
            return None
        source = body.get("source")
        sources = source.get("bucket_ids") if is_object(source) else None
        if bucket_id and is_list(sources) and bucket_id not in sources:
            raise SetupError(
                "GET /collections/{id}",
                "a collection of this name exists, and its videos come from another bucket: choose another"
                " MIXPEEK_COLLECTION, or another MIXPEEK_NAMESPACE",
                name,
            )
        return body

    def _make(self, path: str, body: JsonObject, find: Callable[[], str | None]) -> str:
        """Make something, or find it, where another process was first."""
        self._create(path, body)
        found = find()
        if found is None:
            raise TransientError(f"POST {path}", "what was made cannot be read yet")
        return found

    def _create(self, path: str, body: JsonObject, *, namespaced: bool = True) -> None:
        try:
            self.calls.post(path, body, category="metadata", namespaced=namespaced)
        except NameTakenError:
            pass
        except AccessDeniedError:
            raise
        except PermanentError as error:
            raise SetupError(error.endpoint, error.message, error.object_id, error.status) from None


def _site(collection: JsonObject, bucket_id: str) -> Site:
    listed = collection.get("vector_indexes")
    indexes = [_index(one) for one in (listed if is_list(listed) else []) if is_object(one)]
    return Site(text(collection.get("collection_id")) or "", bucket_id, tuple(indexes))


def _index(listed: JsonObject) -> VectorIndex:
    stored = listed.get("index")
    inner = stored if is_object(stored) else {}
    names = [listed.get("name"), inner.get("name"), inner.get("inference_name")]
    return VectorIndex(frozenset(filter(None, map(text, names))), text(listed.get("feature_uri")))


def _named(field: str, name: str) -> JsonObject:
    return {"filters": {"AND": [{"field": field, "operator": "eq", "value": name}]}}


def _check_bucket(bucket: JsonObject, name: str) -> None:
    schema = bucket.get("bucket_schema")
    properties = schema.get("properties") if is_object(schema) else None
    if not is_object(properties):
        return
    missing = [key for key in ("video", "video_key") if key not in properties]
    if missing:
        raise SetupError(
            "POST /buckets/list",
            f"a bucket of this name exists, and its schema lacks {' and '.join(missing)}: choose another"
            " MIXPEEK_COLLECTION, or another MIXPEEK_NAMESPACE",
            name,
        )
