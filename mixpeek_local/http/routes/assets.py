"""Assets (guide, step 3; contract b4)."""

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_local.http.asset_requests import ChangeAsset, ListAssets, SearchAssets
from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.namespaces import NamespaceAsked
from mixpeek_local.http.paging import Page, PageAsked, arranged, selected
from mixpeek_local.http.payloads import asset_body, features_body
from mixpeek_local.http.profiles import Profiles
from mixpeek_local.http.replies import JSON, found
from mixpeek_local.http.schemas import Asset, AssetList, AssetWithFeatures, Deleted
from mixpeek_local.search.filters import Filters, predicate
from mixpeek_local.store.listing import Listing
from mixpeek_local.store.metadata import change_asset
from mixpeek_local.store.removal import delete_asset
from mixpeek_local.store.store import Store


def router(store: Store, profiles: Profiles) -> APIRouter:
    """Routes about assets."""
    routes = APIRouter(tags=["assets"], route_class=JSONRoute)

    @routes.get("/assets/{asset_id}", response_model=Asset)
    async def get_asset(asset_id: str, return_url: bool = True) -> Response:
        """Return an asset."""
        asset = found(store.asset(asset_id), "asset")
        return JSON(profiles.reply("asset", asset_body(asset, store.previews, with_url=return_url)))

    @routes.get("/assets/{asset_id}/features", response_model=AssetWithFeatures)
    def get_asset_with_features(asset_id: str, return_url: bool = True) -> Response:
        """List an asset's features; the body that the guide sends is ignored."""
        asset = found(store.asset(asset_id), "asset")
        features = features_body(store.features(asset["asset_id"]), store.previews)
        body = profiles.reply("asset", asset_body(asset, store.previews, with_url=return_url))
        return JSON({"asset": body, "features": features})

    @routes.post("/assets", response_model=AssetList)
    def list_assets(request: ListAssets, namespace: NamespaceAsked, page: PageAsked) -> Response:
        """List the assets of collections, oldest first unless sorted."""
        return _list(request, request.filters, Listing(store.database, namespace), page)

    @routes.post("/assets/search", response_model=AssetList)
    def search_assets(request: SearchAssets, namespace: NamespaceAsked, page: PageAsked) -> Response:
        """List the assets that have all words of the query in one of its fields."""
        return _list(request, request.all_filters, Listing(store.database, namespace), page)

    @routes.put("/assets/{asset_id}", response_model=Asset)
    def replace_metadata(asset_id: str, request: ChangeAsset) -> Response:
        """Replace an asset's metadata and, on request, that of its features."""
        return _change(asset_id, request, merge=False)

    @routes.patch("/assets/{asset_id}", response_model=Asset)
    def merge_metadata(asset_id: str, request: ChangeAsset) -> Response:
        """Change the named metadata and keep the rest; null removes a field."""
        return _change(asset_id, request, merge=True)

    @routes.delete("/assets/{asset_id}", response_model=Deleted)
    def delete(asset_id: str) -> Response:
        """Delete an asset with its features, vectors and thumbnails; its task is cancelled."""
        found(delete_asset(store, asset_id) or None, "asset")
        return JSON({"message": f"Asset {asset_id} has been deleted"})

    def _change(asset_id: str, request: ChangeAsset, *, merge: bool) -> Response:
        if request.metadata is not None:
            change_asset(store, asset_id, request.metadata, merge=merge, propagate=bool(request.propagate_features))
        asset = found(store.asset(asset_id), "asset")
        return JSON(profiles.reply("asset", asset_body(asset, store.previews)))

    def _list(request: ListAssets, filters: Filters | None, listing: Listing, page: Page) -> Response:
        with_url = request.return_url is not False
        if filters is None and request.sort is None and request.group_by is None:
            total = listing.count_assets(request.collections)
            rows = listing.assets(request.collections, page.size, page.offset)
            items = [asset_body(row, store.previews, with_url=with_url) for row in rows]
        else:
            fits = predicate(filters)
            rows = listing.assets(request.collections)
            every = [asset_body(row, store.previews, with_url=with_url) for row in rows]
            every = arranged((body for body in every if fits(body)), request.sort, request.group_by)
            total, items = len(every), page.of(every)
        results = [selected(profiles.reply("asset", item), request.select, "asset_id") for item in items]
        return JSON({"results": results, "pagination": page.pagination(total)})

    return routes
