"""Thumbnails and videos by signed links: replies of the API have those of thumbnails, the page asks for a video's."""

import mimetypes
import re
import time
from pathlib import Path

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract.records import UnusableVideoError
from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.replies import JSON, found
from mixpeek_local.http.signed_links import links
from mixpeek_local.local_files import local_file, scheme_of
from mixpeek_local.store.store import Store

_LINK_SECONDS = 4 * 3600
"""How long a link to a video works: as long as the longest one plays."""

_THUMBNAIL = {"Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff"}
"""Any page may show a thumbnail whose link it has, and none can read its pixels."""

_VIDEO = {
    # A browser that opens the link must not take the file for a page of this server, whatever is in it.
    "Content-Security-Policy": "default-src 'none'; media-src 'self'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class LinkAsked(BaseModel):
    """Of which video a link is asked for."""

    asset_id: str


def router(store: Store, config: LocalApiConfig) -> APIRouter:
    """Routes that give pictures and videos; only the one that makes links needs the key."""
    routes = APIRouter(include_in_schema=False, route_class=JSONRoute)

    @routes.get("/previews/{signature}/{name}")
    def preview(signature: str, name: str) -> Response:
        """Return a thumbnail."""
        path = store.previews / name
        is_ours = links().is_signed(signature, "previews", name) and re.fullmatch(r"[0-9a-f]{32}\.jpg", name)
        if not is_ours or not path.is_file():
            raise HTTPException(404, "there is no thumbnail at this address")
        return FileResponse(path, media_type="image/jpeg", headers=_THUMBNAIL)

    @routes.post("/media-links")
    def link(asked: LinkAsked) -> Response:
        """Return where a browser can play a video from: its own address, or one of this server for some hours."""
        asset = found(store.asset(asked.asset_id), "asset")
        until = str(int(time.time()) + _LINK_SECONDS)
        file = _file(asset["url"], config)
        url = links().url("media", until, asked.asset_id) if file else asset["url"]
        source = str(file) if file else None  # the address of a video of the web may hold secrets
        return JSON({"url": url, "source": source, "file_data": orjson.loads(asset["file_data"])})

    @routes.get("/media/{signature}/{until}/{asset_id}")
    def video(signature: str, until: str, asset_id: str) -> Response:
        """Return a video, or a part of it."""
        if not links().is_signed(signature, "media", until, asset_id) or int(until) < time.time():
            raise HTTPException(404, "this link is not, or no longer, valid: ask for another")
        path = _file(found(store.asset(asset_id), "asset")["url"], config)
        if path is None:
            raise HTTPException(404, "this video is played from its own address")
        kind = mimetypes.guess_type(path.name)[0] or ""
        is_played = kind.startswith(("video/", "audio/"))
        return FileResponse(path, media_type=kind if is_played else "application/octet-stream", headers=_VIDEO)

    return routes


def _file(url: str, config: LocalApiConfig) -> Path | None:
    """The file of a video, if this server may read it, as for an ingestion; None for one of the web."""
    try:
        return None if scheme_of(url) in ("http", "https") else local_file(url, config)
    except UnusableVideoError as reason:
        raise HTTPException(404, str(reason)) from None
