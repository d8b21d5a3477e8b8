"""The extractors offered: `multimodal_extractor`, in both of its versions the senses of this server."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from mixpeek_local.extract.offered import VectorKind, vectors_offered
from mixpeek_local.extract.settings import DEFAULT_INTERVAL_SEC, ExtractionSettings
from mixpeek_local.http.documents.envelope import RefusedError
from mixpeek_local.http.documents.strict import OpenBody, StrictBody, Text
from mixpeek_local.http.ingest import Metadata

NAME = "multimodal_extractor"
VERSIONS = ("v1", "v2")
OFFERED = tuple({"feature_extractor_name": NAME, "version": version} for version in VERSIONS)
LONGEST_SEGMENT = 119.0
_OF_WORDS = "text"
"""The named vector that is made of words; the others are made of pictures and sound."""


def _splits(method: str) -> str:
    if method == "silence":
        raise ValueError("this server splits by time or at scenes, not at silence")
    return method


def _is_none(shape: Any) -> Any:
    if shape:
        raise ValueError("this server has no language model: leave it out")
    return shape


class Parameters(StrictBody):
    """The parameters of the extractor; those that only tune models of Mixpeek have no effect here."""

    extractor_type: Literal["multimodal_extractor"] = NAME
    split_method: Annotated[Literal["time", "scene", "silence"] | None, AfterValidator(_splits)] = "time"
    time_split_interval: Annotated[float, Field(ge=5, le=LONGEST_SEGMENT)] = DEFAULT_INTERVAL_SEC
    max_segment_duration: Annotated[float | None, Field(ge=5, le=LONGEST_SEGMENT)] = 30.0
    run_transcription: bool = False
    run_ocr: bool = False
    run_video_description: bool = False
    run_multimodal_embedding: bool = True
    run_transcription_embedding: bool = False
    run_ocr_embedding: bool = False
    run_description_embedding: bool = False
    enable_thumbnails: bool = True
    transcription_language: str | None = None
    description_prompt: str | None = None
    silence_db_threshold: float | None = None
    scene_detection_threshold: float | None = None
    sensitivity: str | None = "low"
    use_cdn: bool = False
    generation_config: Metadata | None = None
    output_dimensionality: int | None = None
    task_type: str | None = None
    embedding_task: str | None = None
    response_shape: Annotated[Any, AfterValidator(_is_none)] = None

    def settings(self) -> ExtractionSettings:
        """The settings of the extraction."""
        by_scene = self.split_method == "scene"
        return ExtractionSettings(
            interval_sec=self._longest_scene() if by_scene else self.time_split_interval,
            segment_by="shots" if by_scene else "interval",
            read=self.run_ocr,
            transcribe=self.run_transcription,
            describe=self.run_video_description,
            vectors=self._vectors(),
        )

    def _longest_scene(self) -> float:
        sent = self.model_fields_set
        if "max_segment_duration" not in sent and "time_split_interval" in sent:
            return self.time_split_interval
        return LONGEST_SEGMENT if self.max_segment_duration is None else self.max_segment_duration

    def _vectors(self) -> tuple[str, ...] | None:
        of_words = self.run_transcription_embedding or self.run_ocr_embedding or self.run_description_embedding
        if self.run_multimodal_embedding and of_words:
            return None
        offered = vectors_offered()
        if self.run_multimodal_embedding:
            return tuple(sorted(set(offered) - {_OF_WORDS}))
        return (_OF_WORDS,) if of_words and _OF_WORDS in offered else ()


class Passthrough(StrictBody):
    """A field of an object that its documents have too."""

    source_path: Text
    target_path: Text | None = None
    default: Any = None
    required: bool = False


class FeatureExtractor(OpenBody):
    """What a collection extracts; open by the API's schema, but for its parameters."""

    model_config = ConfigDict(extra="allow", strict=True)

    feature_extractor_name: Text
    version: Text
    params: Metadata | None = None
    parameters: Parameters | None = None
    input_mappings: dict[str, Any] | None = None
    field_passthrough: Annotated[list[Passthrough], Field(max_length=1_000)] | None = None
    include_all_source_fields: bool = False


def id_of(name: str, version: str) -> str:
    """The id of an extractor."""
    return f"{name}_{version}"


def check_offered(name: str, version: str) -> None:
    """Refuse an extractor that this server does not have, with 404."""
    if name != NAME or version not in VERSIONS:
        offered = " and ".join(id_of(NAME, one) for one in VERSIONS)
        raise RefusedError(404, f"this server has no extractor {id_of(name, version)!r}: it has {offered}")


def parameters_of(extractor: dict[str, Any]) -> Parameters:
    """The parameters of a stored extractor."""
    return Parameters.model_validate(extractor.get("parameters") or {})


def vectors_made(extractor: dict[str, Any]) -> dict[str, VectorKind]:
    """The named vectors that a stored extractor makes."""
    wanted = parameters_of(extractor).settings().vectors
    return {name: kind for name, kind in vectors_offered().items() if wanted is None or name in wanted}


def describe_vector(kind: VectorKind) -> str:
    """What a named vector is made of, in a sentence."""
    return f"A vector of {kind.dimensions} numbers for documents of the modalities {', '.join(kind.modalities)}."
