"""The body of `POST /ingest/videos/url`, checked (contract b2)."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

DEFAULT_INTERVAL_SEC = 10.0

Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]


class VideoSettings(BaseModel):
    """One of the `feature_extractors`; what this server does not extract is passed over."""

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
    def interval_sec(self) -> float:
        """The segment length, in seconds."""
        extractors = self.feature_extractors or [VideoSettings()]
        return extractors[0].interval_sec or DEFAULT_INTERVAL_SEC


class InvalidBodyError(Exception):
    """The body is refused.

    Attributes:
        detail: One entry a mistake: `loc`, `msg`, `type` (contract b7, 422).
    """

    def __init__(self, detail: list[dict[str, Any]]) -> None:
        super().__init__(detail)
        self.detail = detail


def read_ingest_request(body: bytes) -> IngestRequest:
    """Check a body.

    Raises:
        InvalidBodyError: It is no JSON object, or a field is missing or wrong.
    """
    try:
        return IngestRequest.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        mistake = {"loc": ["body"], "msg": f"the body is not JSON: {error}", "type": "json_invalid"}
        raise InvalidBodyError([mistake]) from error
    except ValidationError as error:
        raise InvalidBodyError(
            [
                {"loc": ["body", *mistake["loc"]], "msg": mistake["msg"], "type": mistake["type"]}
                for mistake in error.errors()
            ]
        ) from error
