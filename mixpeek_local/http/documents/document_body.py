"""The body of a document: the caller's fields and what was extracted at its root, the rest under `_internal`."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from mixpeek_local.extract.records import Vector
from mixpeek_local.http.payloads import preview_fields
from mixpeek_local.store.documents.collections import Collection
from mixpeek_local.store.documents.documents import document_id

Body = dict[str, Any]

TEXTS = ("transcription", "description", "ocr_text")
OUTPUTS = frozenset(
    [
        *TEXTS,
        *("document_id", "start_time", "end_time", "thumbnail_url", "preview_file"),
        *("labels", "sounds", "interval_sec", "source", "confidence", "unsure", "language", "box"),
    ]
)
"""Fields that differ between the documents of an object, whatever the caller's own fields are called."""

SHARED = (
    "collection_id",
    "_internal.lineage.root_object_id",
    "_internal.lineage.root_bucket_id",
    "_internal.lineage.source_object_id",
    "_internal.processing",
    "_internal.content_hash",
)
"""Fields that all documents of an object's asset have in common, beside the caller's own."""


class Bodies:
    """Makes the bodies of documents.

    Args:
        collections: Those that the documents are in.
        previews: The folder of thumbnails.
    """

    def __init__(self, collections: Iterable[Collection], previews: Path) -> None:
        self._extractors = {one.collection_id: f"{one.extractor_name}_{one.extractor_version}" for one in collections}
        self._previews = previews

    def source(self, row: sqlite3.Row) -> Body:
        """What all documents of an asset have in common; `Documents.sources` gives the row."""
        return {
            **orjson.loads(row["passthrough"]),
            "collection_id": row["collection_id"],
            "_internal": {
                "namespace_id": row["namespace"],
                "collection_id": row["collection_id"],
                "mime_type": None,
                "content_hash": row["file_hash"],
                "metadata": {"ingestion_status": "COMPLETED"},
                "lineage": {
                    "root_object_id": row["object_id"],
                    "root_bucket_id": row["bucket_id"],
                    "source_type": "bucket",
                    "source_object_id": row["object_id"],
                    "path": f"{row['bucket_id']}/{row['collection_id']}",
                },
                "processing": {"source_url": row["url"]},
            },
        }

    def document(self, row: sqlite3.Row) -> Body:
        """A document without vectors."""
        details = orjson.loads(row["details"])
        if "text" in details:
            details["ocr_text"] = details.pop("text")
        body = self.source(row) | details
        body |= {"document_id": document_id(row), "start_time": row["start_time"], "end_time": row["end_time"]}
        body |= preview_fields(row, self._previews, "thumbnail_url")
        moment = row["created_at"].removesuffix("+00:00") + "Z"
        internal: Body = body["_internal"]
        internal |= {
            "document_id": body["document_id"],
            "created_at": moment,
            "updated_at": moment,
            "modality": row["modality"],
            "mime_type": _mime_type(row["container"]),
        }
        step = {"collection_id": row["collection_id"], "feature_extractor_id": self._extractors[row["collection_id"]]}
        internal["lineage"]["chain"] = [{**step, "document_id": body["document_id"], "timestamp": moment}]
        return body


def with_vectors(body: Body, vectors: Mapping[str, Vector], names: list[str] | bool) -> Body:
    """A document with its vectors.

    Args:
        body: Without vectors.
        vectors: All that it has.
        names: Which to write; True writes all, False only says which there are.
    """
    chosen = vectors if names is True else {name: vectors[name] for name in names or () if name in vectors}
    return {**body, **chosen, "_vectors": list(vectors), "vector_hydration_incomplete": False}


def _mime_type(container: str | None) -> str | None:
    """The type of a file, from FFmpeg's name for its container, such as `mov,mp4,m4a,3gp,3g2,mj2`."""
    names = (container or "").split(",")
    if "mp4" in names:
        return "video/mp4"
    return f"video/{names[-1]}" if names[-1] else None
