"""A video through batches and documents gives what it gives in the guide's style: same moments, words and vectors."""

from pathlib import Path
from typing import Any

from tests.mixpeek_local.caller import Caller, until
from tests.mixpeek_local.documents.test_extractor import EVERYTHING
from tests.mixpeek_local.documents.writing import EXTRACTOR, SCHEMA


def test_documents_have_what_the_features_of_the_guides_style_have(api: Caller, clip: Path) -> None:
    headers = {"Authorization": f"Bearer {api.key}"}

    def ask(path: str, body: Any) -> dict[str, Any]:
        reply = api.request("POST", f"/v1{path}", json=body, headers=headers)
        assert reply.status_code == 200, reply.text
        return reply.json()

    headers["X-Namespace"] = ask("/namespaces", {"namespace_name": "same-senses"})["namespace_id"]
    bucket = ask("/buckets", {"bucket_name": "videos", "bucket_schema": SCHEMA})["bucket_id"]
    source = {"type": "bucket", "bucket_ids": [bucket]}
    extractor = {**EXTRACTOR, "version": "v2", "parameters": EVERYTHING}
    made = ask("/collections", {"collection_name": "videos", "source": source, "feature_extractor": extractor})
    blob = {"property": "video", "type": "video", "data": clip.as_uri()}
    stored = ask(f"/buckets/{bucket}/objects", {"blobs": [blob], "video_key": "clip"})
    batch = ask(f"/buckets/{bucket}/batches", {"object_ids": [stored["object_id"]]})
    ask(f"/buckets/{bucket}/batches/{batch['batch_id']}/submit", {})
    path = f"/v1/batches/{batch['batch_id']}"

    def ended() -> dict[str, Any] | None:
        now = api.get(path)
        return None if now["status"] in ("PENDING", "PROCESSING") else now

    done = until(ended)
    assert done["status"] == "COMPLETED", done
    listing = {"limit": 100, "return_vectors": True}
    documents = ask(f"/collections/{made['collection_id']}/documents/list", listing)["results"]

    by_modality = api.process(clip, collection="same-senses")["features"]
    features = [feature for several in by_modality.values() for feature in several]
    assert {document["video_key"] for document in documents} == {"clip"}
    assert done["documents_written"] == len(documents) == len(features)
    key = lambda one: (one["modality"], one["start_time"], one["end_time"])  # noqa: E731
    moments = {key(one | {"modality": one["_internal"]["modality"]}): one for one in documents}
    assert set(moments) == {key(feature) for feature in features}
    for feature in features:
        document = moments[key(feature)]
        for said in ("transcription", "description", "labels", "sounds"):
            assert document.get(said) == feature.get(said)
        for name, vector in api.vectors(feature).items():
            assert document[name] == vector
