from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.config import PROFILES, LocalApiConfig, Profile
from mixpeek_local.process import running
from mixpeek_local.samples import FOLDER
from mixpeek_local.state import api_key
from tests.conformance.documents import Place, made_by_generated, made_by_hand
from tests.conformance.sdk import NAMES, TODAY, Sdk, speaking
from tests.mixpeek_local.caller import Caller, until
from tests.mixpeek_local.clips import Scene, place, tone, write_clip
from tests.mixpeek_local.video_host import VideoHost, hosting

TASK_SECONDS = 60


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds, two places, two tones."""
    scenes = [Scene(place(1), 6, tone(220)), Scene(place(2), 6, tone(700, 8))]
    return write_clip(tmp_path_factory.mktemp("videos") / "clip.mp4", scenes)


@contextmanager
def serving(state_dir: Path, *profiles: Profile, **settings: Any) -> Iterator[Caller]:
    """A server that speaks these eras and may fetch from this machine."""
    config = LocalApiConfig(state_dir, allowed_hosts=("127.0.0.1",), profiles=profiles, **settings)
    with running(config) as url:
        yield Caller(url, api_key(state_dir))


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A server that speaks all eras, as it does by default, and that all tests of this folder share."""
    with serving(tmp_path_factory.mktemp("local-api"), *PROFILES) as api:
        yield api


@pytest.fixture(scope="session")
def host(clip: Path) -> Iterator[VideoHost]:
    with hosting(clip) as host:
        yield host


@pytest.fixture(scope="session", params=sorted(NAMES))
def sdk(request: pytest.FixtureRequest, api: Caller) -> Iterator[Sdk]:
    """The vendor's SDK, at one version after the other."""
    with speaking(request.param, api.url, api.key) as sdk:
        yield sdk


@dataclass(frozen=True)
class Ingested:
    """A video that the SDK has ingested and whose task it has polled to its end."""

    collection: str
    statuses: list[str]
    asset_id: str


def ingest(sdk: Sdk, host: VideoHost, collection: str, **settings: Any) -> Ingested:
    """Ingest the clip as a user of the SDK does. The SDK finds the asset's id in the task's outputs."""
    queued = sdk(sdk.names.ingest, url=host.address("/clip"), collection=collection, **settings)
    statuses: list[str] = []

    def settled() -> dict[str, Any] | None:
        task = sdk("tasks.get", task_id=queued["task_id"])
        statuses.append(task["status"])
        return task if task["status"] in ("DONE", "FAILED") else None

    task = until(settled, TASK_SECONDS)
    assert task["status"] == "DONE", task
    return Ingested(collection, statuses, *task["outputs"])


@pytest.fixture(scope="session")
def settings(sdk: Sdk) -> dict[str, Any]:
    """Settings of one's own: two segments of six seconds."""
    extractor = {"interval_sec": 6, "embed": [{"type": "url", sdk.names.index: "multimodal"}]}
    return {"collection": f"sdk {sdk.version}", "feature_extractors": [extractor], "metadata": {"author": "user"}}


@pytest.fixture(scope="session")
def ingested(sdk: Sdk, host: VideoHost, settings: dict[str, Any]) -> Ingested:
    return ingest(sdk, host, skip_duplicate=False, **settings)


@pytest.fixture(scope="session")
def another(sdk: Sdk, host: VideoHost, ingested: Ingested, settings: dict[str, Any]) -> Ingested:
    """The same once more, which need not be processed."""
    assert ingested.asset_id
    return ingest(sdk, host, **settings)


@pytest.fixture(scope="session")
def today_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("local-api-of-today")


@pytest.fixture(scope="session")
def today_api(today_state: Path) -> Iterator[Caller]:
    """A server that speaks all styles, as it does by default, and may read the samples."""
    with serving(today_state, *PROFILES, allowed_folders=(FOLDER,)) as api:
        yield api


@pytest.fixture(scope="session")
def today(today_api: Caller) -> Iterator[Sdk]:
    """Both clients of the vendor's SDK of today."""
    with speaking(TODAY, today_api.url, today_api.key) as sdk:
        yield sdk


@pytest.fixture(scope="session")
def by_hand(today: Sdk) -> Place:
    """The samples, ingested by the client that the vendor wrote by hand."""
    return made_by_hand(today)


@pytest.fixture(scope="session")
def generated(today: Sdk, by_hand: Place) -> Place:
    """The samples once more, in the same namespace, by the generated client."""
    return made_by_generated(today, by_hand.namespace)
