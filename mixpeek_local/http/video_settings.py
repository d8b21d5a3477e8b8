"""One of the `feature_extractors` of an ingest body (contract b2, VideoSettings).

Settings that this server cannot follow are refused with the reason, because ignoring them would mislead. Unknown fields
are ignored.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.extract.settings import DEFAULT_INTERVAL_SEC, ExtractionSettings
from mixpeek_local.http.vector_names import VectorName

DEFAULT_VECTOR = "multimodal"
_NO_LANGUAGE_MODEL = "this server has no language model: leave {field} out"


def _refuse(reason: str) -> AfterValidator:
    def refuse_any(value: Any) -> Any:
        if value:
            raise ValueError(reason)
        return value

    return AfterValidator(refuse_any)


Prompt = Annotated[str | None, _refuse(_NO_LANGUAGE_MODEL.format(field="prompt"))]
Shape = Annotated[dict[str, Any] | None, _refuse(_NO_LANGUAGE_MODEL.format(field="json_output"))]


class NamesAVector(BaseModel):
    """Anything that names a vector; the field's name changed with the eras."""

    model_config = ConfigDict(strict=True)

    vector_index: VectorName | None = None
    embedding_model: VectorName | None = None
    vector_name: VectorName | None = None
    model_id: VectorName | None = None

    @property
    def vector(self) -> str | None:
        """The name, from whichever field has it."""
        return self.vector_index or self.embedding_model or self.vector_name or self.model_id


class Step(NamesAVector):
    """A step that is switched on or off: `read`, `transcribe` or `describe`."""

    enabled: bool | None = True
    prompt: Prompt = None
    json_output: Shape = None


class Description(Step):
    """The step `describe`."""

    max_length: Annotated[int | None, _refuse("a description is one sentence: leave max_length out")] = None


class Embedding(NamesAVector):
    """A wanted vector; by default `multimodal`, or all vectors if this server cannot make that one."""

    type: Literal["url", "text", "file", "base64"] = "url"
    value: Any = None
    field_name: Annotated[str | None, Field(description="ignored: a vector has its own name")] = None

    @model_validator(mode="after")
    def _is_of_the_video(self) -> "Embedding":
        if self.type != "url":
            raise ValueError("the vectors of a video come from the video: the type must be url")
        if self.value is not None:
            raise ValueError("with the type url the value must be null: the video's URL is used")
        return self


class Detector(BaseModel):
    """A detector, which can only be switched off."""

    model_config = ConfigDict(strict=True)

    enabled: Annotated[bool | None, _refuse("this server detects no faces and no logos: leave it out")] = Field(
        default=True, validate_default=True
    )


class Detect(BaseModel):
    """Faces and logos."""

    model_config = ConfigDict(strict=True)

    faces: Detector | None = None
    logos: Detector | None = None


class VideoSettings(BaseModel):
    """What to extract from a video."""

    model_config = ConfigDict(strict=True)

    interval_sec: Annotated[float | None, Field(ge=5, lt=120, description="length of a segment in seconds")] = None
    segment_by: Annotated[
        Literal["interval", "shots"] | None,
        Field(description="an extension: with `shots` a segment ends at a cut, at the latest after the interval"),
    ] = None
    embed: list[Embedding] | None = None
    read: Step | None = None
    transcribe: Step | None = None
    describe: Description | None = None
    detect: Detect | None = None
    json_output: Shape = None
    entities: Annotated[dict[str, Any] | None, _refuse(_NO_LANGUAGE_MODEL.format(field="entities"))] = None

    @property
    def extraction(self) -> ExtractionSettings:
        """The settings of the extraction."""
        return ExtractionSettings(
            interval_sec=self.interval_sec or DEFAULT_INTERVAL_SEC,
            segment_by=self.segment_by or "interval",
            read=_is_on(self.read),
            transcribe=_is_on(self.transcribe),
            describe=_is_on(self.describe),
            vectors=self._vectors(),
        )

    def _vectors(self) -> tuple[str, ...] | None:
        """The names that appear anywhere; None, which means all, if `embed` names none."""
        if not self.embed:
            return None
        steps = [step for step in (self.read, self.transcribe, self.describe) if step]
        wanted = {one.vector for one in (*self.embed, *steps) if one.vector}
        if any(one.vector is None for one in self.embed):
            offered = vectors_offered()
            wanted |= {DEFAULT_VECTOR} if DEFAULT_VECTOR in offered else set(offered)
        return tuple(sorted(wanted))


def _is_on(step: Step | None) -> bool:
    return step is None or step.enabled is not False
