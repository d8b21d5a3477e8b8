"""The page at `/`, and what it needs beside the API and `media`: the latest tasks, and uploads."""

import re
import shlex
import shutil
import uuid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.replies import JSON
from mixpeek_local.store.store import Store

_FILES = Path(__file__).parents[1] / "page"
_TYPES = {"index.html": "text/html", "style.css": "text/css", "app.js": "text/javascript"}
_LATEST_TASKS = 30
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "media-src 'self' http: https:; "  # a video of the web is played from there
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_LONGEST_NAME = 60
_CHUNKS_BEFORE_WRITE = 1 << 20


def files() -> APIRouter:
    """The page itself, which has no secrets and needs no key."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def page() -> Response:
        return _file("index.html")

    @routes.get("/page/{name}")
    async def file(name: str) -> Response:
        return _file(name)

    return routes


def router(store: Store, config: LocalApiConfig) -> APIRouter:
    """What the page reads and sends with the key."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/activity")
    def activity() -> Response:
        """Return the latest tasks, newest first, and the collections."""
        rows = store.database.connection().execute(
            """
            SELECT task_id, asset_id, collection_id, url, status, progress, error FROM tasks
            WHERE mode <> 'delete' -- left by the deletion of a collection
            ORDER BY rowid DESC LIMIT ?
            """,
            (_LATEST_TASKS,),
        )
        tasks = [{**dict(row), "name": _name(row["url"]), "landing": _landing(row["url"], config)} for row in rows]
        collections = store.database.connection().execute("SELECT DISTINCT collection_id FROM assets")
        return JSON({"tasks": tasks, "collections": [name for (name,) in collections]})

    @routes.post("/uploads")
    async def upload(request: Request, name: str = "video") -> Response:
        """Store a dropped video, and return the URL to ingest it by."""
        path = config.uploads / str(uuid.uuid4()) / _file_name(name)
        path.parent.mkdir(parents=True)
        try:
            await _receive(request, path, config.max_bytes)
        except BaseException:
            shutil.rmtree(path.parent)
            raise
        return JSON({"url": path.absolute().as_uri()})

    return routes


async def _receive(request: Request, path: Path, max_bytes: int) -> None:
    """Write a body to a file in chunks, off the event loop."""
    size, waiting = 0, bytearray()
    with path.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > max_bytes:
                raise HTTPException(
                    413, f"the file is larger than {max_bytes:,} bytes, the most that this server takes"
                )
            waiting += chunk
            if len(waiting) >= _CHUNKS_BEFORE_WRITE:
                await run_in_threadpool(file.write, bytes(waiting))
                waiting.clear()
        file.write(waiting)


def _file_name(name: str) -> str:
    """The name of a dropped file, made safe."""
    kept = re.sub(r"[^\w .()-]", "_", Path(name).name)[-_LONGEST_NAME:]
    return kept if kept.strip(". ") else "video"


def _file(name: str) -> Response:
    if name not in _TYPES:
        raise HTTPException(404, "there is no such page")
    return FileResponse(_FILES / name, media_type=_TYPES[name], headers=_HEADERS)


def _landing(url: str, config: LocalApiConfig) -> str | None:
    """The command that lands a dropped video; None for others, which whoever ingested them lands."""
    dropped = config.uploads.absolute().as_uri()
    if not config.landing or not url.startswith(f"{dropped}/"):
        return None
    return f"{config.landing} {shlex.quote(unquote(urlsplit(url).path))}"


def _name(url: str) -> str:
    return unquote(Path(urlsplit(url).path).name) or url
