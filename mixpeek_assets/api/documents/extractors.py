"""Which extractor a collection has, and with which settings (today's contract, 4)."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mixpeek_assets.api.errors import SetupError
from mixpeek_assets.strict_json import JsonObject

DEFAULT_NAME, DEFAULT_VERSION = "multimodal_extractor", "v2"

_SETTING = "MIXPEEK_FEATURE_EXTRACTORS"


class MultimodalParameters(BaseModel):
    """The parameters of the multimodal extractor that we always send (today's contract, 4); others are sent as given.

    Where a video is cut, what is heard, read, seen and embedded. The API's own default is off for the transcription and
    its embedding, for reading text (OCR) and for descriptions; they are on here, as in the guide's style.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    split_method: Literal["time", "scene", "silence"] = "time"
    time_split_interval: float = Field(10, gt=0, description="Seconds.")
    run_multimodal_embedding: bool = True
    run_transcription: bool = True
    run_transcription_embedding: bool = True
    run_ocr: bool = True
    run_video_description: bool = True
    enable_thumbnails: bool = True


_OF_AN_EXTRACTOR = {"feature_extractor_name", "version", "parameters", "input_mappings"}


@dataclass(frozen=True)
class Extractor:
    """An extractor with its settings.

    Attributes:
        name: As the API names it.
        version: Likewise.
        parameters: Sent with the collection; those of the default extractor are complete.
        suffix: What a collection's name ends in that has settings of its own.
    """

    name: str
    version: str
    parameters: JsonObject = field(default_factory=dict[str, Any])
    suffix: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def as_sent(self) -> JsonObject:
        """Return the `feature_extractor` of a collection: the video goes in, our key and the metadata go through."""
        return {
            "feature_extractor_name": self.name,
            "version": self.version,
            "input_mappings": {"video": "video"},
            "parameters": {"extractor_type": self.name, **self.parameters},
            "field_passthrough": [{"source_path": "video_key"}, {"source_path": "metadata"}],
        }


def extractor_of(settings: list[JsonObject] | None) -> Extractor:
    """Return the extractor that MIXPEEK_FEATURE_EXTRACTORS names; without any, the default.

    Each setting is an extractor with `parameters`, or only parameters of the default one. Settings of one's own give
    the collection a name of its own, so that a change of them makes a new collection.

    Raises:
        SetupError: they cannot be those of one collection.
    """
    given: JsonObject = settings[0] if settings else {}
    if settings and len(settings) > 1:
        raise SetupError(
            _SETTING,
            f"it lists {len(settings)} extractors, and a collection has one: give each a collection of its own",
        )
    named = given if _OF_AN_EXTRACTOR & set(given) else {"parameters": given}
    name = str(named.get("feature_extractor_name") or DEFAULT_NAME)
    version = str(named.get("version") or DEFAULT_VERSION)
    parameters = named.get("parameters") or {}
    if name == DEFAULT_NAME:
        try:
            parameters = MultimodalParameters.model_validate(parameters).model_dump()
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, problem["loc"])) or "parameters"
            raise SetupError(_SETTING, f"{where}: {problem['msg']}") from None
    digest = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
    return Extractor(name, version, parameters, suffix=f"-{digest[:8]}" if given else "")
