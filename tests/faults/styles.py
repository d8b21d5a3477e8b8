"""What an ingestion is in each style of the API: its stages, its videos, and what may be done twice."""

import copy
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.fakes.documents import ScriptedDocuments
from tests.fakes.documents import Video as VideoOfToday
from tests.fakes.mixpeek import ScriptedMixpeek, Video
from tests.fakes.today.world import World

Step = Literal["submit", "poll", "land"]


@dataclass(frozen=True)
class Stage:
    """Requests of one kind.

    Attributes:
        step: The step of the pipeline that sends them.
        match: How the rules of faults match them.
        requests: How many there are for two videos when all is well.
    """

    step: Step
    match: str
    requests: int


@dataclass(frozen=True)
class Style:
    """A style of the API.

    Attributes:
        name: What MIXPEEK_API_STYLE calls it.
        status: What a task says that is done.
        stages: By name.
        furnish: Gives the server a video with three features and four vectors.
        reset: Lets the server forget all.
        worked_on: How often the server has worked on each video.
    """

    name: str
    status: str
    stages: Mapping[str, Stage]
    furnish: Callable[[Any, int, str], None]
    reset: Callable[[Any], None]
    worked_on: Callable[[Any], Counter[str]]


def _furnish_assets(mixpeek: ScriptedMixpeek, number: int, url: str) -> None:
    features: dict[str, list[dict[str, Any]] | None] = {"image": None}
    for modality, place in (("video", 0.0), ("video", 10.0), ("text", 3.5)):
        feature_id = f"{modality}-{number}-{place:.0f}"
        listed = {"feature_id": feature_id, "modality": modality, "start_time": place, "end_time": place + 5}
        features.setdefault(modality, []).append({**listed, "created_at": "2024-11-07T14:31:56.053031Z"})  # type: ignore[union-attr]
        mixpeek.vectors[feature_id] = {"multimodal": [0.6, 0.8, float(number), place]}
    mixpeek.vectors[f"text-{number}-4"]["keyword"] = {"indices": [3, 5], "values": [0.25, float(number)]}
    mixpeek.videos[url] = Video(features=features)


def _furnish_documents(mixpeek: ScriptedDocuments, number: int, url: str) -> None:
    places = (0.0, 10.0, 3.5)
    documents = [{"start_time": place, "end_time": place + 5, "description": f"{number} {place}"} for place in places]
    vectors: list[dict[str, Any]] = [{"multimodal_embedding": [0.6, 0.8, float(number), place]} for place in places]
    vectors[2]["transcription_embedding"] = {"indices": [3, 5], "values": [0.25, float(number)]}
    mixpeek.videos[url] = VideoOfToday(documents=documents, vectors=vectors)


def _forget(mixpeek: ScriptedDocuments) -> None:
    videos = mixpeek.videos
    World.__init__(mixpeek)
    mixpeek.videos = videos
    mixpeek.requests.clear()


def world(mixpeek: Any) -> dict[str, Any]:
    """Return a copy of all that a server of today knows, to be put back; of another, nothing."""
    known = vars(World()) if isinstance(mixpeek, World) else {}
    return copy.deepcopy({name: getattr(mixpeek, name) for name in known})


def _submissions(mixpeek: ScriptedMixpeek) -> Counter[str]:
    return Counter(request.body["url"] for request in mixpeek.asked("POST /ingest"))


STYLES: Mapping[str, Style] = {
    "assets": Style(
        "assets",
        "DONE",
        {
            "submit": Stage("submit", "POST /ingest/*", 2),
            "poll": Stage("poll", "GET /tasks/*", 2),
            "asset": Stage("land", "GET /assets/*", 2),
            "feature": Stage("land", "GET /features/*", 6),
        },
        _furnish_assets,
        lambda mixpeek: mixpeek.requests.clear(),
        _submissions,
    ),
    "documents": Style(
        "documents",
        "COMPLETED",
        {
            "objects": Stage("submit", "POST /buckets/*/objects/batch", 1),
            "draft": Stage("submit", "POST /buckets/*/batches", 1),
            "start": Stage("submit", "POST /buckets/*/batches/*/submit", 1),
            "batch": Stage("poll", "GET /batches/*", 1),
            "page": Stage("land", "POST /collections/*/documents/list", 1),
        },
        _furnish_documents,
        _forget,
        lambda mixpeek: Counter(mixpeek.processed),
    ),
}

SITE = ("GET /namespaces/*", "POST /namespaces", "POST /buckets/list", "POST /buckets", "POST /collections")
"""What makes the account's side of a collection, in the style of today."""
