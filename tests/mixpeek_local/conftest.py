from collections.abc import Iterator
from pathlib import Path

import pytest

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.process import running
from mixpeek_local.state import api_key
from tests.mixpeek_local.caller import Caller
from tests.mixpeek_local.clips import Scene, place, tone, write_clip
from tests.mixpeek_local.video_host import VideoHost, hosting


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the server may read."""
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="session")
def clip(folder: Path) -> Path:
    """Twelve seconds, two places, two tones."""
    return write_clip(folder / "clip.mp4", [Scene(place(1), 6, tone(220)), Scene(place(2), 6, tone(700, 8))])


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> LocalApiConfig:
    return LocalApiConfig(
        tmp_path_factory.mktemp("local-api"),
        allowed_folders=(folder,),
        allowed_hosts=("127.0.0.1",),
        max_bytes=5_000_000,
    )


@pytest.fixture(scope="session")
def api(config: LocalApiConfig) -> Iterator[Caller]:
    """A caller of one server that all tests of this folder share."""
    with running(config) as url:
        yield Caller(url, api_key(config.state_dir))


@pytest.fixture
def host(clip: Path) -> Iterator[VideoHost]:
    with hosting(clip) as host:
        yield host


@pytest.fixture
def own(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> LocalApiConfig:
    """Settings of a server of one's own, which spends no time on loading models."""
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path / "none"))
    return LocalApiConfig(tmp_path / "state", allowed_folders=(folder,), allowed_hosts=("127.0.0.1",), workers=1)
