"""The search for features (contract b5)."""

import math
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.namespaces import NamespaceAsked
from mixpeek_local.http.paging import Item, address
from mixpeek_local.http.replies import JSON
from mixpeek_local.http.search_page import Found, Search
from mixpeek_local.http.search_request import MAX_OFFSET, SearchReply, SearchRequest


def router(search: Search) -> APIRouter:
    """Routes that search."""
    routes = APIRouter(tags=["features"], route_class=JSONRoute)

    # Not async: a model computes, and vectors are read from the disk.
    @routes.post("/features/search", response_model=SearchReply)
    def search_features(
        request: SearchRequest,
        namespace: NamespaceAsked,
        http: Request,
        offset_position: Annotated[int | None, Query(ge=0, le=MAX_OFFSET)] = None,
        page_size: Annotated[int, Query(ge=1, le=100)] = 10,
    ) -> Response:
        """Find the features nearest to words, or to another feature, in the space of a named vector.

        One query returns all features in the order of their cosine similarity. Several are fused by reciprocal rank
        (k = 60). A sort or a grouping arranges the best 10,000 results. All are given, however little they resemble
        words; `score_floors` says from which score on they do.
        """
        offset = offset_position or 0
        found = search.page(request, namespace, offset, page_size)
        pagination = _pagination(found, http.url.path, offset, page_size)
        return JSON({"results": found.items, "pagination": pagination, "score_floors": found.floors})

    return routes


def _pagination(found: Found, path: str, offset: int, size: int) -> Item:
    number, total = offset // size + 1, found.total
    follows = found.more and offset + size <= MAX_OFFSET
    before = max(offset - size, 0)
    return {
        "total": total,
        "page": number,
        "current_page": number,
        "page_size": size,
        "total_pages": None if total is None else math.ceil(total / size),
        "next_page": address(path, offset_position=offset + size, page_size=size) if follows else None,
        "previous_page": address(path, offset_position=before, page_size=size) if offset else None,
    }
