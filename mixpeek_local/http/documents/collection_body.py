"""A collection as in replies."""

from typing import Any

from mixpeek_local.http.documents import extractors
from mixpeek_local.http.documents.extractor_list import OUTPUTS
from mixpeek_local.store.documents.collections import Collection


def collection_body(found: Collection) -> dict[str, Any]:
    """A collection with its named vectors, whose names a client must learn from here."""
    passed_on = {name: {"type": "string"} for name in found.passthrough}
    return {
        "collection_id": found.collection_id,
        "collection_name": found.name,
        "feature_extractor": found.extractor | {"feature_extractor_id": _extractor_id(found)},
        "source": {"type": "bucket", "bucket_ids": found.bucket_ids},
        "output_schema": {"properties": {**passed_on, **OUTPUTS}},
        "vector_indexes": [
            {
                "name": name,
                "feature_uri": found.feature_uri(name),
                "type": "single",
                "index": {
                    "name": name,
                    "description": extractors.describe_vector(kind),
                    "dimensions": kind.dimensions,
                    "type": "dense",
                    "distance": "cosine",
                    "inference_name": name,
                },
            }
            for name, kind in extractors.vectors_made(found.extractor).items()
        ],
        "enabled": True,
        "document_count": found.document_count,
        "indexing_status": "quiesced",
        "created_at": found.created_at,
        "updated_at": found.created_at,
    }


def feature_bodies(found: Collection) -> list[dict[str, Any]]:
    """The named vectors of a collection, as `/features` lists them."""
    made = extractors.vectors_made(found.extractor)
    first = "multimodal" if "multimodal" in made else next(iter(made), None)
    return [
        {
            "feature_address": found.feature_uri(name),
            "feature_uri": found.feature_uri(name),
            "feature_extractor_name": found.extractor_name,
            "version": found.extractor_version,
            "vector_index": {
                "name": name,
                "description": extractors.describe_vector(kind),
                "dimensions": kind.dimensions,
                "type": "dense",
            },
            "primary": name == first,
        }
        for name, kind in made.items()
    ]


def _extractor_id(found: Collection) -> str:
    return extractors.id_of(found.extractor_name, found.extractor_version)
