"""Features and their vectors (guide, step 4; contract b5)."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from mixpeek_local.http.asset_requests import ChangeFeature, ListFeatures
from mixpeek_local.http.feature_page import FeaturePage
from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.namespaces import NamespaceAsked
from mixpeek_local.http.paging import PageSize
from mixpeek_local.http.payloads import feature_body
from mixpeek_local.http.replies import JSON, found, invalid
from mixpeek_local.http.schemas import Deleted, Feature, FeatureList
from mixpeek_local.store.listing import Listing
from mixpeek_local.store.metadata import change_feature
from mixpeek_local.store.removal import delete_feature
from mixpeek_local.store.store import Store


def router(store: Store) -> APIRouter:
    """Routes about features."""
    routes = APIRouter(tags=["features"], route_class=JSONRoute)

    @routes.get("/features/{feature_id}", response_model=Feature)
    async def get_feature(
        feature_id: str, include_vectors: bool | None = None, return_vectors: bool | None = None
    ) -> Response:
        """Return a feature, on request with vectors (the guide says include_vectors, the reference return_vectors)."""
        feature = found(store.feature(feature_id), "feature")
        wanted = include_vectors or return_vectors
        return JSON(feature_body(feature, store.previews, store.vectors(feature_id) if wanted else None))

    @routes.post("/features", response_model=FeatureList)
    def list_features(
        request: ListFeatures,
        namespace: NamespaceAsked,
        http: Request,
        offset_feature_id: str | None = None,
        page_size: PageSize = 10,
    ) -> Response:
        """List the features of collections, without vectors.

        They come in the order in which they were stored, from after `offset_feature_id` if it is given. A sort
        disables paging: the reply has the first `page_size` features.
        """
        listing = Listing(store.database, namespace)
        asked = FeaturePage(request, page_size, _place(store, offset_feature_id), http.url.path)
        return JSON(asked.reply(listing, store.previews))

    @routes.put("/features/{feature_id}", response_model=Feature)
    def replace_metadata(feature_id: str, request: ChangeFeature) -> Response:
        """Replace a feature's metadata."""
        if request.metadata is not None:
            change_feature(store, feature_id, request.metadata)
        return JSON(feature_body(found(store.feature(feature_id), "feature"), store.previews))

    @routes.delete("/features/{feature_id}", response_model=Deleted)
    def delete(feature_id: str) -> Response:
        """Delete a feature with its vectors and its thumbnail."""
        found(delete_feature(store, feature_id) or None, "feature")
        return JSON({"message": f"Feature {feature_id} has been deleted"})

    return routes


def _place(store: Store, offset_feature_id: str | None) -> int:
    if offset_feature_id is None:
        return 0
    feature = store.feature(offset_feature_id)
    if feature is None:
        raise invalid(["query", "offset_feature_id"], "there is no feature with this id")
    return feature["place"]
