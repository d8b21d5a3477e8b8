"""`/v1/collections/features…`: what this server can extract. These routes need no key."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.http.documents import extractors
from mixpeek_local.http.documents.envelope import RefusedError
from mixpeek_local.http.documents.route import DocumentsRoute
from mixpeek_local.http.documents.strict import Reply
from mixpeek_local.http.replies import JSON
from mixpeek_local.store.documents.progress import CREDITS_PER_MINUTE, USD_PER_CREDIT

OUTPUTS: dict[str, dict[str, Any]] = {
    "start_time": {"type": "float", "description": "seconds"},
    "end_time": {"type": "float", "description": "seconds"},
    "transcription": {"type": "string"},
    "description": {"type": "string"},
    "ocr_text": {"type": "string"},
    "thumbnail_url": {"type": "string"},
    "labels": {"type": "array"},
    "sounds": {"type": "array"},
}
"""The fields that the extractor adds to a document, as in a schema."""


def router() -> APIRouter:
    """Routes about extractors."""
    routes = APIRouter(tags=["collections"], route_class=DocumentsRoute)

    @routes.get("/collections/features", response_model=Reply)
    async def list_features() -> Response:
        """List what can be searched for, by the type of file, with its price."""
        price = {"unit": "minute", "usd_per_unit": CREDITS_PER_MINUTE * USD_PER_CREDIT}
        video = {"modality": "video", "billing_unit": "minute", "base_feature": "video_search", "price": price}
        offered = {"features": [{"key": "video_search", "extractor": extractors.id_of(extractors.NAME, "v2")}]}
        return JSON({"modalities": [video | offered], "custom_features": [], "full_res_multiplier": 1.0})

    @routes.get("/collections/features/extractors", response_model=list[Reply])
    async def list_extractors() -> Response:
        """List the extractors."""
        return JSON([_body(version) for version in extractors.VERSIONS])

    @routes.get("/collections/features/extractors/{extractor_id}", response_model=Reply)
    async def get_extractor(extractor_id: str) -> Response:
        """Return an extractor by its id, such as `multimodal_extractor_v1`."""
        for version in extractors.VERSIONS:
            if extractor_id == extractors.id_of(extractors.NAME, version):
                return JSON(_body(version))
        raise RefusedError(404, f"there is no extractor {extractor_id!r}")

    return routes


def _body(version: str) -> dict[str, Any]:
    defaults = extractors.Parameters()
    rate = {"unit": "minute", "credits_per_unit": CREDITS_PER_MINUTE, "description": "a minute of video"}
    return {
        "feature_extractor_name": extractors.NAME,
        "version": version,
        "feature_extractor_id": extractors.id_of(extractors.NAME, version),
        "description": "Splits a video and finds what it shows, says and has written on it.",
        "icon": "video",
        "source": "builtin",
        "expected_input_types": {"video": "video"},
        "input_schema": {"properties": {"video": {"type": "video"}}},
        "output_schema": {"properties": OUTPUTS},
        "parameter_schema": extractors.Parameters.model_json_schema(),
        "supported_input_types": ["video"],
        "max_inputs": {"video": 1},
        "default_parameters": defaults.model_dump(),
        "costs": {"tier": 1, "tier_label": "SIMPLE", "rates": [rate]},
        "required_vector_indexes": [_index(version, name) for name in vectors_offered()],
        "required_payload_indexes": [],
        "position_fields": ["start_time", "end_time"],
    }


def _index(version: str, name: str) -> dict[str, Any]:
    kind = vectors_offered()[name]
    description = extractors.describe_vector(kind)
    return {
        "name": name,
        "feature_uri": f"mixpeek://{extractors.NAME}@{version}/{name}",
        "description": description,
        "type": "single",
        "index": {
            "name": name,
            "description": description,
            "dimensions": kind.dimensions,
            "type": "dense",
            "distance": "cosine",
            "inference_name": name,
        },
    }
