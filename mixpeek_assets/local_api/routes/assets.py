"""Assets (guide, step 3; contract b4)."""

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_assets.local_api.payloads import asset_body, features_body
from mixpeek_assets.local_api.replies import JSON, found
from mixpeek_assets.local_api.store import Store


def router(store: Store) -> APIRouter:
    """Routes about assets."""
    routes = APIRouter(tags=["assets"])

    @routes.get("/assets/{asset_id}/features")
    def get_asset_with_features(asset_id: str) -> Response:
        """List an asset's features; the body that the guide sends along is not read."""
        asset = found(store.asset(asset_id), "asset")
        features = store.features(asset["asset_id"])
        return JSON({"asset": asset_body(asset), "features": features_body(features, store.previews)})

    return routes
