"""The body of `POST /ingest/videos/url` (contract b2)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mixpeek_assets.local_api.extract.settings import DEFAULT_INTERVAL_SEC, ExtractionSettings

Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]


class VideoSettings(BaseModel):
    """One of the `feature_extractors`; what this server does not know is passed over."""

    model_config = ConfigDict(strict=True)

    interval_sec: float | None = Field(default=None, ge=5, lt=120)


class AssetUpdate(BaseModel):
    """Write into an asset that exists."""

    asset_id: Text
    mode: Literal["replace", "append"]


class IngestRequest(BaseModel):
    """A video to ingest. Unknown fields are passed over."""

    model_config = ConfigDict(strict=True)

    url: Annotated[Text, Field(max_length=8_192)]
    collection: Text
    metadata: dict[str, Any] | None = None
    feature_extractors: list[VideoSettings] | None = None
    skip_duplicate: bool | None = None
    asset_update: AssetUpdate | None = None

    @property
    def settings(self) -> ExtractionSettings:
        """What the extraction is told."""
        extractors = self.feature_extractors or [VideoSettings()]
        return ExtractionSettings(interval_sec=extractors[0].interval_sec or DEFAULT_INTERVAL_SEC)
