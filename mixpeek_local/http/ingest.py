"""The body of `POST /ingest/videos/url` (contract b2)."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.http.video_settings import VideoSettings

MAX_URL_CHARACTERS = 8_192

Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]


def _can_be_given_back(metadata: dict[str, Any]) -> dict[str, Any]:
    try:
        orjson.dumps([[[[[[[[metadata]]]]]]]])  # replies wrap it at most this deep
    except TypeError:
        raise ValueError("it is nested too deeply") from None
    return metadata


def has_no_zero_byte(name: str) -> str:
    """Refuse a name with a zero byte."""
    if "\0" in name:
        raise ValueError("a name cannot hold a zero byte: SQLite's JSON would end it there")
    return name


def _is_one(extractors: list[VideoSettings]) -> list[VideoSettings]:
    if len(extractors) > 1:
        raise ValueError("this server extracts a video once: give one extractor, or ingest the video once for each")
    return extractors


Metadata = Annotated[dict[str, Any], AfterValidator(_can_be_given_back)]


class AssetUpdate(BaseModel):
    """Write into an asset that exists."""

    model_config = ConfigDict(strict=True)

    asset_id: Text
    mode: Literal["replace", "append"]


class Percolate(BaseModel):
    """Matching against stored queries, which can only be switched off."""

    model_config = ConfigDict(strict=True)

    enabled: bool | None = True


def _is_off(percolate: Percolate) -> Percolate:
    if percolate.enabled is not False:
        raise ValueError("this server has no stored queries to match: leave percolate out")
    return percolate


class IngestRequest(BaseModel):
    """A video to ingest. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True)

    url: Annotated[Text, Field(max_length=MAX_URL_CHARACTERS)]
    collection: Annotated[Text, AfterValidator(has_no_zero_byte)]
    metadata: Metadata | None = None
    feature_extractors: Annotated[list[VideoSettings], AfterValidator(_is_one)] | None = None
    skip_duplicate: bool | None = None
    asset_update: AssetUpdate | None = None
    percolate: Annotated[Percolate, AfterValidator(_is_off)] | None = None

    @property
    def settings(self) -> ExtractionSettings:
        """The settings of the extraction."""
        extractors = self.feature_extractors or [VideoSettings()]
        return extractors[0].extraction
