"""A scripted Mixpeek: a real HTTP server on loopback, whose every answer a test can choose."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from tests.fakes.scripted import KEY, Answer, Request, Scripted, served


@dataclass
class Video:
    """What becomes of a submitted video: the statuses of its task, then its features.

    `asset` has fields of the asset beside the usual ones, or instead of them.
    """

    statuses: list[str] = field(default_factory=lambda: ["DONE"])
    features: dict[str, list[dict[str, Any]] | None] = field(default_factory=dict)
    error: Any = None
    task_id: str | None = None
    asset: dict[str, Any] = field(default_factory=dict)


class ScriptedMixpeek(Scripted):
    """Keeps what was submitted, and answers as the guide says, unless a test says otherwise."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.videos: dict[str, Video] = {}
        self.vectors: dict[str, Any] = {}
        self.tasks: dict[str, tuple[str, Video, str]] = {}
        self.assets: dict[str, Video] = {}

    def _usual(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            error = {"message": "Invalid API key", "type": "AuthenticationError"}
            return Answer({"success": False, "status": 401, "error": error}, 401)
        path = request.path.removeprefix("/v1")
        if request.method == "POST" and path == "/ingest/videos/url":
            return self._submit(request.body)
        kind, _, rest = path.strip("/").partition("/")
        found = {"tasks": self._task, "assets": self._asset, "features": self._feature}.get(kind)
        answer = found(unquote(rest.removesuffix("/features"))) if found else None
        missing = {"success": False, "status": 404, "error": {"message": f"{path} not found", "type": "NotFound"}}
        return answer or Answer(missing, 404)

    def _submit(self, body: dict[str, Any]) -> Answer:
        video = self.videos.get(body["url"]) or Video(features={"video": [self.feature("video", body["url"])]})
        task_id = video.task_id or str(uuid.uuid4())
        replaced = (body.get("asset_update") or {}).get("asset_id")
        asset_id = replaced or video.asset.get("asset_id") or str(uuid.uuid4())
        self.tasks[task_id] = (asset_id, replace(video, statuses=list(video.statuses)), body["collection"])
        self.assets[asset_id] = video
        return Answer({"message": "Video URL processing queued", "task_id": task_id})

    def feature(self, modality: str, seed: str, vectors: Any = None, **fields: Any) -> dict[str, Any]:
        """Make a listed feature, and keep its vectors for the detail."""
        feature_id = f"{modality}-{uuid.uuid4()}"
        self.vectors[feature_id] = vectors if vectors is not None else {"multimodal": [0.6, 0.8, float(len(seed))]}
        return {"feature_id": feature_id, "modality": modality, "created_at": "2024-11-07T14:31:56.053031Z", **fields}

    def _task(self, task_id: str) -> Answer | None:
        if task_id not in self.tasks:
            return None
        asset_id, video, _ = self.tasks[task_id]
        status = video.statuses.pop(0) if len(video.statuses) > 1 else video.statuses[0]
        body = {"task_id": task_id, "asset_id": asset_id, "status": status}
        return Answer({**body, "error": video.error} if video.error else body)

    def _asset(self, asset_id: str) -> Answer | None:
        if asset_id not in self.assets:
            return None
        asset = {"asset_id": asset_id, "status": "DONE", "url": None, "created_at": "2024-11-07T14:31:55.473000"}
        video = self.assets[asset_id]
        return Answer({"asset": {**asset, **video.asset}, "features": video.features})

    def _feature(self, feature_id: str) -> Answer | None:
        if feature_id not in self.vectors:
            return None
        return Answer({"feature_id": feature_id, "metadata": {}, "vectors": self.vectors[feature_id]})


@contextmanager
def scripted_mixpeek(port: int = 0) -> Iterator[ScriptedMixpeek]:
    """Run a scripted Mixpeek on 127.0.0.1, on a free port unless one is given."""
    with served(ScriptedMixpeek, port) as server:
        yield server
