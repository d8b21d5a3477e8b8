"""Features and their vectors (guide, step 4; contract b5)."""

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_assets.local_api.payloads import feature_body
from mixpeek_assets.local_api.replies import JSON, found
from mixpeek_assets.local_api.store import Store


def router(store: Store) -> APIRouter:
    """Routes about features."""
    routes = APIRouter(tags=["features"])

    @routes.get("/features/{feature_id}")
    async def get_feature(
        feature_id: str, include_vectors: bool | None = None, return_vectors: bool | None = None
    ) -> Response:
        """Give a feature, with its vectors when asked (the guide says include_, the reference return_vectors)."""
        feature = found(store.feature(feature_id), "feature")
        wanted = include_vectors or return_vectors
        return JSON(feature_body(feature, store.previews, store.vectors(feature_id) if wanted else None))

    return routes
