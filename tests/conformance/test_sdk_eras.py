"""The vendor's SDKs against a server that speaks the era of one of them and no other."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conformance.conftest import ingest, serving
from tests.conformance.sdk import speaking
from tests.mixpeek_local.caller import Caller
from tests.mixpeek_local.video_host import VideoHost


@dataclass(frozen=True)
class Era:
    version: str
    other_version: str
    api: Caller


@pytest.fixture(scope="module", params=[("dec", "0.15.0", "0.18.5"), ("v1", "0.18.5", "0.15.0")], ids=" ".join)
def era(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Era]:
    profile, version, other_version = request.param
    with serving(tmp_path_factory.mktemp("local-api"), profile) as api:
        yield Era(version, other_version, api)


def test_an_sdk_needs_no_other_era_than_its_own(era: Era, host: VideoHost) -> None:
    with speaking(era.version, era.api.url, era.api.key) as sdk:
        asset = ingest(sdk, host, "era")
        assert sdk("assets.list", collections=["era"])["pagination"]["total"] == 1
        features = sdk(sdk.names.asset_with_features, asset_id=asset.asset_id)["features"]
        feature_id = features["video"][0]["feature_id"]
        assert sdk("features.get", feature_id=feature_id, return_vectors=True)["vectors"]
        assert sdk(sdk.names.list_indexes)[sdk.names.indexes]


def test_the_sdk_of_the_other_era_finds_nothing(era: Era) -> None:
    with speaking(era.other_version, era.api.url, era.api.key) as sdk:
        refused = sdk.answer(sdk.names.list_indexes)
    assert refused.raised == "ErrorResponse"
    assert refused.error["status"] == 404
