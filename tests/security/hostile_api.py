"""A Mixpeek whose every text is a hostile one, and what a project must have of it in the end."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.mixpeek import Answer, ScriptedMixpeek, Video
from tests.security.names import NAMES

VECTOR = [0.6, 0.8]


@dataclass(frozen=True)
class Named:
    """A hostile name, and what is called so: a video that lands and one that fails."""

    number: int
    name: str

    @property
    def url(self) -> str:
        return f"http://videos.test/{self.number}/{self.name}.mp4"

    @property
    def bad_url(self) -> str:
        return f"http://videos.test/bad/{self.number}/{self.name}.mp4"

    @property
    def collection(self) -> str:
        return f"c {self.name} c"

    @property
    def metadata(self) -> dict[str, Any]:
        return {self.name: self.name, "list": [self.name]}

    @property
    def asset_id(self) -> str:
        return f"asset {self.name} {self.number}"

    @property
    def feature_id(self) -> str:
        return f"{self.number:02} feature {self.name}"

    @property
    def missing_id(self) -> str:
        """A feature that is listed, and that the server does not know when it is asked for it."""
        return f"missing {self.name} {self.number}"


EVERY = [Named(number, name) for number, name in enumerate(NAMES.values())]


def rows() -> list[dict[str, Any]]:
    """The manifest."""
    return [
        {"url": url, "collection": one.collection, "metadata": one.metadata}
        for one in EVERY
        for url in (one.url, one.bad_url)
    ]


def write_manifest(path: Path) -> None:
    path.write_text(json.dumps(rows()), encoding="utf-8")


def teach(mixpeek: ScriptedMixpeek) -> None:
    """Tell the server what to make of the manifest's videos."""
    for one in EVERY:
        texts = {"text": one.name, "transcription": one.name, "description": one.name, one.name: one.name}
        feature = {"feature_id": one.feature_id, "modality": one.name, "start_time": 1.0, **texts}
        mixpeek.vectors[one.feature_id] = {one.name: VECTOR, "shared": VECTOR}
        mixpeek.videos[one.url] = Video(
            statuses=[one.name, "DONE"],
            task_id=f"task {one.name} {one.number}",
            features={one.name: [feature], "text": [{"feature_id": one.missing_id, "metadata": one.metadata}]},
            asset={
                "asset_id": one.asset_id,
                "status": one.name,
                "modality": one.name,
                "collection_id": one.collection,
                "url": one.url,
                "metadata": one.metadata,
                "error": one.name,
            },
        )
        mixpeek.videos[one.bad_url] = Video(["FAILED"], error={"message": one.name})
    # A 404 right after a task is done might be one that heals.
    gone = {"success": False, "status": 410, "error": {"message": "it is gone", "type": "Gone"}}
    mixpeek.script("^GET /features/missing", Answer(gone, 410), for_ever=True)
