"""The multimodal extractor: which vectors a collection has, and what documents are made of a video."""

import hashlib
from typing import Any

from tests.fakes.today.world import CREATED, Collection, Document, Stored, World, hashed_id

_OUTPUTS = (
    ("multimodal_embedding", "run_multimodal_embedding", True, 0),
    ("transcription_embedding", "run_transcription_embedding", False, 1),
)
_SERVICES = {
    ("multimodal_embedding", "v1"): "vertex_multimodal_embedding",
    ("multimodal_embedding", "v2"): "gemini-embedding-2",
}
_E5 = "multilingual_e5_large_instruct_v1"
_SECONDS = 10.0


def vector_indexes(extractor: dict[str, Any], dimensions: tuple[int, int]) -> list[dict[str, Any]]:
    """Return the indexes that a collection of this extractor has."""
    name, version = extractor["feature_extractor_name"], extractor["version"]
    indexes = list[dict[str, Any]]()
    for output, parameter, default, place in _OUTPUTS:
        if (extractor.get("parameters") or {}).get(parameter, default):
            service = _SERVICES.get((output, version), _E5)
            index = {
                "name": f"{name}_{version}_{output}",
                "description": output,
                "type": "dense",
                "dimensions": dimensions[place],
                "distance": "cosine",
                "inference_name": service,
            }
            uri = f"mixpeek://{name}@{version}/{service}"
            definition = {"name": output, "feature_uri": uri, "description": output}
            indexes.append({**definition, "type": "single", "index": index})
    return indexes


def extract(world: World, collection: Collection, stored: Stored, generation: int) -> list[Document]:
    """Make the documents of an object; those of another generation have other ids."""
    video = world.video(stored.url)
    fields = [{} for _ in range(video.documents)] if isinstance(video.documents, int) else video.documents
    made = list[Document]()
    for place, own in enumerate(fields):
        document_id = hashed_id("doc", stored.video_key, collection.collection_id, place, generation)
        listed = {**_usual_fields(collection, stored, place), **own}
        given = video.vectors[place] if isinstance(video.vectors, list) else video.vectors
        vectors = _vectors(collection, stored, place, given)
        if video.partial:
            vectors = {name: vector for name, vector in vectors.items() if not name.endswith(video.partial)}
        made.append(
            Document(
                document_id,
                collection.collection_id,
                stored.object_id,
                stored.video_key,
                stored.url,
                {"document_id": document_id, "collection_id": collection.collection_id, **listed},
                vectors,
                video.hydration_incomplete,
            )
        )
    return made


def _usual_fields(collection: Collection, stored: Stored, place: int) -> dict[str, Any]:
    passed = [one["source_path"] for one in collection.extractor.get("field_passthrough") or []]
    fields: dict[str, Any] = {name: stored.fields[name] for name in passed if name in stored.fields}
    start = place * _SECONDS
    fields |= {"start_time": start, "end_time": start + _SECONDS, "source_video_url": stored.url}
    if (collection.extractor.get("parameters") or {}).get("run_transcription"):
        fields["transcription"] = f"words {place} of {stored.video_key}"
    lineage = {
        "root_object_id": stored.object_id,
        "root_bucket_id": stored.bucket_id,
        "source_type": "bucket",
        "source_object_id": stored.object_id,
        "source_document_id": None,
        "source_collection_id": None,
        "path": f"{stored.bucket_id}/{collection.collection_id}",
        "chain": [],
    }
    fields["_internal"] = {
        "created_at": CREATED,
        "updated_at": CREATED,
        "modality": "video",
        "mime_type": "video/mp4",
        "metadata": {"ingestion_status": "COMPLETED"},
        "lineage": lineage,
        "processing": {"source_url": stored.url},
    }
    return fields


def _vectors(collection: Collection, stored: Stored, place: int, given: dict[str, Any] | None) -> dict[str, Any]:
    stored_under = {index["name"]: index["index"]["name"] for index in collection.indexes}
    if given is not None:
        return {stored_under.get(name, name): vector for name, vector in given.items()}
    vectors = dict[str, Any]()
    for index in collection.indexes:
        name, dimensions = index["index"]["name"], index["index"]["dimensions"]
        digest = hashlib.shake_256(f"{stored.video_key} {place} {index['name']}".encode()).digest(dimensions)
        vectors[name] = [(byte - 128) / 128 for byte in digest]  # every one exact, in any width of float
    return vectors
