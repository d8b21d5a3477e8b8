"""Which extractor a collection has, and with which settings (today's contract, 4)."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from mixpeek_assets.api.errors import SetupError
from mixpeek_assets.strict_json import JsonObject, is_object

DEFAULT_NAME, DEFAULT_VERSION = "multimodal_extractor", "v2"

_DEFAULTS: JsonObject = {
    "split_method": "time",
    "time_split_interval": 10,
    "run_multimodal_embedding": True,
    # The API's own default is off for these three: the guide's style transcribes, reads and describes.
    "run_transcription": True,
    "run_transcription_embedding": True,
    "run_ocr": True,
    "run_video_description": True,
    "enable_thumbnails": True,
}
"""The parameters of the multimodal extractor."""

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
    if not settings:
        return Extractor(DEFAULT_NAME, DEFAULT_VERSION, _DEFAULTS)
    if len(settings) > 1:
        raise SetupError(
            "MIXPEEK_FEATURE_EXTRACTORS",
            f"it lists {len(settings)} extractors, and a collection has one: give each a collection of its own",
        )
    (given,) = settings
    named = given if _OF_AN_EXTRACTOR & set(given) else {"parameters": given}
    name = str(named.get("feature_extractor_name") or DEFAULT_NAME)
    version = str(named.get("version") or DEFAULT_VERSION)
    parameters = named.get("parameters")
    if not is_object(parameters):
        parameters = {}
    defaults = _DEFAULTS if name == DEFAULT_NAME else {}
    digest = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
    return Extractor(name, version, {**defaults, **parameters}, suffix=f"-{digest[:8]}")
