"""An object as a caller sends it, and what is wrong with it."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import Field

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.documents.buckets import FieldType
from mixpeek_local.http.documents.strict import OpenBody, StrictBody, Text
from mixpeek_local.http.ingest import MAX_URL_CHARACTERS, Metadata
from mixpeek_local.local_files import readable_folders
from mixpeek_local.store.documents.buckets import Bucket
from mixpeek_local.store.documents.ids import new_id

MAX_OBJECTS = 100
_RESERVED = frozenset(
    [
        *("object_id", "bucket_id", "collection_id", "document_id", "status", "error", "blobs"),
        *("created_at", "updated_at", "document_count", "source_details", "consistency", "_internal", "_vectors"),
    ]
)


class RefusedObjectError(Exception):
    """An object that cannot be stored.

    Args:
        kind: The `error_type` of its row.
        message: Why, in a sentence.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class CreateBlob(StrictBody):
    """A file of an object, by its address."""

    name: Annotated[Text, Field(alias="property")]
    type: FieldType
    data: Any = None
    upload_id: str | None = None
    metadata: Metadata | None = None
    checksum: str | None = None
    key_prefix: str | None = None
    canonicalize_source: bool | None = None
    force_remirror: bool | None = None

    @property
    def url(self) -> str:
        """The address; refused if the file is given in another way."""
        given = self.data.get("url") if isinstance(self.data, dict) else self.data
        if not isinstance(given, str) or not given.strip():
            raise RefusedObjectError("ValidationError", "this server takes a file by its address: give it as `data`")
        return given.strip()


class CreateObject(OpenBody):
    """An object to create; fields that are not declared are the caller's own."""

    blobs: Annotated[list[CreateBlob], Field(max_length=100)] | None = None
    key_prefix: str | None = None
    skip_duplicates: bool | None = None
    canonicalize_source: bool | None = None
    force_remirror: bool | None = None
    edges: Annotated[list[Metadata], Field(max_length=1_000)] | None = None
    idempotency_key: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    metadata: Metadata | None = None

    def fields(self) -> dict[str, Any]:
        """The caller's own fields."""
        own = dict(self.model_extra or {})
        for name in own:
            if name in _RESERVED:
                raise RefusedObjectError("ValidationError", f"the name {name!r} is reserved: call the field otherwise")
        return own if self.metadata is None else own | {"metadata": self.metadata}

    def stored_blobs(self, bucket: Bucket, config: LocalApiConfig) -> list[dict[str, Any]]:
        """The files as they are stored and replied."""
        return [_stored(blob, bucket, config) for blob in self.blobs or ()]


class CreateObjects(StrictBody):
    """Objects to create."""

    objects: Annotated[list[CreateObject], Field(min_length=1, max_length=MAX_OBJECTS)]


def _stored(blob: CreateBlob, bucket: Bucket, config: LocalApiConfig) -> dict[str, Any]:
    declared = bucket.properties.get(blob.name)
    if declared is None:
        raise RefusedObjectError("ValidationError", f"the bucket's schema has no property {blob.name!r}")
    if declared.get("type") != blob.type:
        raise RefusedObjectError(
            "ValidationError", f"the property {blob.name!r} has the type {declared.get('type')}, not {blob.type}"
        )
    _check(blob.url, config)
    return {
        "blob_id": new_id("blob"),
        "property": blob.name,
        "type": blob.type,
        "properties": (blob.metadata or {}) | {"url": blob.url},
        "details": {"filename": Path(urlsplit(blob.url).path).name or None},
    }


def _check(url: str, config: LocalApiConfig) -> None:
    """Refuse what can be no video's address; whether it leads to one is seen when it is fetched."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RefusedObjectError("URLValidationError", "the address is not a URL") from None
    if len(url) > MAX_URL_CHARACTERS:
        raise RefusedObjectError("URLValidationError", f"the address has more than {MAX_URL_CHARACTERS:,} characters")
    if parts.scheme == "file":
        _check_file(unquote(parts.path), config)
    elif parts.scheme not in ("http", "https") or not parts.hostname:
        raise RefusedObjectError("URLValidationError", "give an http(s) URL with a host, or file:///… of this machine")


def _check_file(path: str, config: LocalApiConfig) -> None:
    try:
        real = Path(path).resolve()
    except (OSError, ValueError):
        raise RefusedObjectError("URLValidationError", "the file's path cannot be read") from None
    if not any(real.is_relative_to(folder) for folder in readable_folders(config)):
        raise RefusedObjectError("URLValidationError", "the file is outside the folders that this server may read")
